"""langdetect's profiles of the languages it lacks, counted from open text: how they are made.

`python -m enrich.profiles FOLDER` (`make profiles TEXT=FOLDER`) writes what lies in enrich/data,
the same bytes from the same text. FOLDER has LANGUAGE.jsonl.gz for each, of lines with `source`
(`udhr`: the Universal Declaration of Human Rights; `tico19`: TICO-19, CC0) and `text`.
"""

import argparse
import gzip
import json
import re
import sys
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import langdetect
from langdetect.utils.lang_profile import LangProfile

from enrich.scripts import leading, script_of

DATA = Path(__file__).parent / "data"
PROFILES, PROVENANCE = DATA / "profiles.json.gz", DATA / "profiles.txt"
BLIND_SPOTS = DATA / "blind_spots.json"
SHIPPED = Path(langdetect.__file__).parent / "profiles"

SOURCES = {
    "udhr": "Universal Declaration of Human Rights, as collected by the UDHR in Unicode project",
    "tico19": "TICO-19, translations of COVID-19 text for humanitarian use (CC0)",
}
# A language whose profile is of fifty times more text wins every doubt against its neighbour, so
# these are counted on as much text as the neighbour has. (Cutting all languages down to the length
# of the UDHR, or those that langdetect ships, was tried and made nothing better.)
AS_LONG_AS = {"rw": "rn", "zu": "xh"}
# langdetect drops what occurs twice, which is half of what 10,000 letters have. With 1, of 5,000
# headlines 0.1 % more are right, and of sentences 0.4 %.
RARE = 1
# A row says what a detector answers for texts of a language, if it is so often not that language.
LEAST_SHARE = 0.02
MAX_TEXTS = 400  # of a language, to measure a detector on
MIN_TEXT = 20  # letters; shorter ones are titles of articles and numbers
ADDRESS = re.compile(r"https?://\S+|[\w.-]+@[\w.-]+")
# The letters of Serbian in their two alphabets; its text is at hand in one.
LATIN = dict(
    zip(
        "абвгдђежзијклљмнњопрстћуфхцчџш",
        re.findall(r"lj|nj|dž|.", "abvgdđežzijklljmnnjoprstćufhcčdžš"),
        strict=True,
    )
)
SERBIAN_LATIN = "sr-Latn"


# The scripts of langdetect's own profiles that are not Latin; to count letters at every start of
# a process takes as long as to read them.
SHIPPED_SCRIPTS = {
    "ar": "Arab", "bg": "Cyrl", "bn": "Beng", "el": "Grek", "fa": "Arab", "gu": "Gujr",
    "he": "Hebr", "hi": "Deva", "ja": "Hani", "kn": "Knda", "ko": "Hang", "mk": "Cyrl",
    "ml": "Mlym", "mr": "Deva", "ne": "Deva", "pa": "Guru", "ru": "Cyrl", "ta": "Taml",
    "te": "Telu", "th": "Thai", "uk": "Cyrl", "ur": "Arab", "zh-cn": "Hani", "zh-tw": "Hani",
}  # fmt: skip
NAMED = re.compile(rb'\{"name":"([^"]+)","script":"([^"]+)"')


class Counting(LangProfile):  # type: ignore[misc,unused-ignore]
    MINIMUM_FREQ = RARE


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """How often a language writes which one to three letters in a row.

    `totals` are those of one, two and three letters; `text` is how many characters of which source
    were counted.
    """

    name: str
    script: str
    counts: Mapping[str, int]
    totals: tuple[int, ...]
    text: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    source: str
    text: str


def texts_of(lines: Iterable[str]) -> list[Text]:
    """The texts of a language in the script that most of them have, the UDHR first.

    Some files hold a few in another: the same language as it is written elsewhere, or a font's own
    encoding of it.
    """
    found = [
        Text(source=row["source"], text=unicodedata.normalize("NFC", row["text"]))
        for row in map(json.loads, lines)
    ]
    sizes = Counter[str | None]()
    for one in found:
        sizes[leading(one.text)] += len(one.text)
    script = sizes.most_common(1)[0][0]
    own = [one for one in found if leading(one.text) == script]
    return sorted(own, key=lambda one: one.source != "udhr")


def profile(name: str, texts: Iterable[Text], longest: int | None = None) -> Profile:
    """Counted on the first `longest` characters, to the end of a text."""
    counted, sizes = Counting(name=name), Counter[str]()
    for one in texts:
        if longest is not None and sizes.total() >= longest:
            break
        counted.update(ADDRESS.sub(" ", one.text) + " ")
        sizes[one.source] += len(one.text)
    counted.omit_less_freq()
    counts = dict(sorted(counted.freq.items()))
    return Profile(
        name=name,
        script=script_of_counts(counts),
        counts=counts,
        totals=tuple(counted.n_words),
        text=dict(sorted(sizes.items())),
    )


def built(texts: Mapping[str, Sequence[Text]]) -> Iterator[Profile]:
    """The profiles of all languages there is text of, by name."""
    for language, own in sorted(texts.items()):
        neighbour = texts.get(AS_LONG_AS.get(language, ""))
        longest = sum(len(one.text) for one in neighbour) if neighbour else None
        yield profile(language, own, longest)
        if language == "sr":
            latin = [Text(source=one.source, text=latinised(one.text)) for one in own]
            yield profile(SERBIAN_LATIN, latin)


def latinised(text: str) -> str:
    """Serbian in Latin letters.

    >>> latinised("Његош")
    'Njegoš'
    """

    def letter(char: str) -> str:
        low = char.lower()
        latin: str = LATIN.get(low, char)
        return latin.capitalize() if low != char and low in LATIN else latin

    return "".join(map(letter, text))


def script_of_counts(counts: Mapping[str, int]) -> str:
    """The script of most letters; Han and kana are `Hani`."""
    scripts = Counter[str]()
    for letters, count in counts.items():
        if len(letters) == 1:
            scripts[script_of(letters)] += count
    del scripts["Zyyy"]
    script = max(sorted(scripts), key=scripts.__getitem__)
    return "Hani" if script == "Kana" else script


def packed(profiles: Iterable[Profile]) -> bytes:
    """One a line."""
    rows = (
        {
            "name": one.name, "script": one.script, "text": one.text, "totals": one.totals,
            "counts": one.counts,
        }
        for one in profiles
    )  # fmt: skip
    lines = (json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n" for row in rows)
    return gzip.compress("".join(lines).encode(), compresslevel=9, mtime=0)


def unpacked(written: bytes) -> Iterator[Profile]:
    for line in gzip.decompress(written).splitlines():
        row = json.loads(line)
        yield Profile(**{**row, "totals": tuple(row["totals"])})


def all_profiles() -> Iterator[Profile]:
    """Those that langdetect ships and ours, always in the same order, one at a time.

    All of them together would take 30 MB that a process does not give back.
    """
    for path in _shipped():
        row = json.loads(path.read_text(encoding="utf-8"))
        yield Profile(
            name=row["name"],
            script=SHIPPED_SCRIPTS.get(row["name"], "Latn"),
            counts=row["freq"],
            totals=tuple(row["n_words"]),
            text={},
        )
    yield from unpacked(PROFILES.read_bytes())


def sizes() -> Counter[str]:
    """How many of `all_profiles` there are of each script."""
    found = Counter(SHIPPED_SCRIPTS.get(path.name, "Latn") for path in _shipped())
    ours = map(NAMED.match, gzip.decompress(PROFILES.read_bytes()).splitlines())
    found.update(row[2].decode() for row in ours if row)
    return found


def _shipped() -> list[Path]:
    return sorted(path for path in SHIPPED.iterdir() if not path.name.startswith("."))


def provenance(profiles: Iterable[Profile]) -> str:
    """What was counted, for people."""
    lines = [
        "What profiles.json.gz was counted from, in characters; made by `make profiles`.",
        *(f"{name}: {what}" for name, what in SOURCES.items()),
        "",
    ]
    for one in profiles:
        sizes = ", ".join(f"{source} {size}" for source, size in one.text.items())
        lines.append(f"{one.name} {one.script}: {sizes}")
    return "\n".join(lines) + "\n"


# What the other detectors answer for languages that they do not know


@cache
def blind_spots() -> Mapping[str, Mapping[str, Mapping[str, float]]]:
    """By detector and language of the text: the shares of what it answers."""
    found: Mapping[str, Mapping[str, Mapping[str, float]]] = json.loads(
        BLIND_SPOTS.read_text(encoding="utf-8")
    )
    return found


def measured(texts: Mapping[str, Sequence[Text]]) -> dict[str, dict[str, dict[str, float]]]:
    """How each detector but langdetect answers for the texts of each language.

    Only languages that a detector does not know, or takes for others that were measured as well: a
    row for one neighbour alone would give it all that is doubtful.
    """
    from enrich.detectors import DETECTORS  # noqa: PLC0415 (it reads the profiles)

    table: dict[str, dict[str, dict[str, float]]] = {}
    for name, detector in DETECTORS.items():
        if name == "langdetect":
            continue
        table[name] = {}
        for language, own in sorted(texts.items()):
            long = [one.text for one in own if len(one.text) > MIN_TEXT][:MAX_TEXTS]
            answers = Counter(ranked[0][0] for text in long if (ranked := detector.rank(text)))
            shares = {
                code: round(count / answers.total(), 2)
                for code, count in sorted(answers.items())
                if count >= LEAST_SHARE * answers.total()
            }
            known = language in detector.covers()
            if shares.keys() != {language} and (not known or shares.keys() <= texts.keys()):
                table[name][language] = shares
    return table


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m enrich.profiles", description=__doc__)
    parser.add_argument("folder", type=Path, help="with LANGUAGE.jsonl.gz for each language")
    folder = parser.parse_args(argv).folder
    texts = {}
    for path in sorted(folder.glob("*.jsonl.gz")):
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            texts[path.name.partition(".")[0]] = texts_of(lines)
    if not texts:
        sys.exit(f"{folder}: has no LANGUAGE.jsonl.gz")
    made = list(built(texts))
    PROFILES.write_bytes(packed(made))
    PROVENANCE.write_text(provenance(made), encoding="utf-8")
    written = json.dumps(measured(texts), ensure_ascii=False, indent=1)
    BLIND_SPOTS.write_text(written + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
