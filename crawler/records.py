"""Records of sources, written: one made of what a probe found, and grades renewed in their files.

Files keep their comments, order and spelling, and none is replaced before the registry has
accepted what takes its place.
"""

import json
import os
import re
import shutil
import tempfile
import tomllib
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import babel
import tomlkit

from crawler import registry, urls
from crawler.cms import Home
from crawler.errors import SourceError
from crawler.tdmrep import Reservation
from crawler.urls import web_url
from crawler.verdicts import Finding, Sample
from enrich.hosts import site

FIELD_OF = {
    "feed": "feeds", "wordpress": "wordpress", "sitemap": "sitemaps", "listing": "listings",
    "reliefweb": "reliefweb",
}  # fmt: skip
# Domains of countries that are sold to everybody, and so name none.
FOR_ALL = frozenset(
    "ac ai cc co fm gg io is la ly me ms nu sh so st su tk to tv vc ws".upper().split()
)
TOP_LEVEL = {"UK": "GB", "SU": "RU", "EU": registry.INTERNATIONAL}
MIN_LANGUAGE_ITEMS = 3  # of a channel, before its detected language counts
EVIDENCE = "tamis sources probe, {day}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a probe of a site found. `reason` says why there is no `home`.

    `robots` is a sentence; `findings` begin with the best channel; `passed_over` counts feeds that
    the page names, but that were not visited.
    """

    url: str
    home: Home | None = None
    reason: str | None = None
    findings: tuple[Finding, ...] = ()
    samples: tuple[Sample, ...] = ()
    robots: str = ""
    reservation: Reservation = field(default_factory=Reservation)
    licences: tuple[str, ...] = ()
    passed_over: int = 0
    requests: int = 0

    @property
    def ok(self) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.findings if finding.verdict == "ok")


def proposed(report: Report) -> tuple[Finding, ...]:
    """The channels for the record: feeds, API and sitemaps; listings for want of the first two."""
    ok = report.ok
    better = any(finding.kind in ("feed", "wordpress") for finding in ok)
    kept = [finding for finding in ok if not (better and finding.kind == "listing")]
    order = list(FIELD_OF)
    return tuple(sorted(kept, key=lambda finding: order.index(finding.kind)))


def table(
    report: Report, *, day: str, taken: Iterable[str] = (), ident: str | None = None
) -> tuple[str, dict[str, Any]]:
    """Id and fields of the record that the report proposes. `taken` are ids in use."""
    home = report.home or Home(url=report.url, base=report.url, name=_host(report.url))
    channels = proposed(report)
    country = country_of(home)
    fields: dict[str, Any] = {
        "name": home.name,
        "homepage": home.base,
        "country": country,
        "organisation": "ngo",
        "languages": languages(report),
        "category": "social",
    }
    if home.system.cms in registry.CMS:
        fields["cms"] = home.system.cms
    for finding in channels:
        address: dict[str, Any] = {"url": finding.url}
        if spoken := _spoken(finding):
            address["language"] = spoken
        address |= {"grade": "probed", "probed_on": date.fromisoformat(day)}
        fields.setdefault(FIELD_OF[finding.kind], []).append(address)
    if not channels:
        fields |= {"enabled": False, "reason": "no channel that works was found"}
    if report.reservation.value:
        fields["tdm"] = "reserved"
    fields["evidence"] = EVIDENCE.format(day=day)
    return ident or new_id(home.url, country, taken), fields


def languages(report: Report) -> list[str]:
    """Those of its channels, the most frequent first; without any, what the page declares."""
    found = [spoken for finding in proposed(report) if (spoken := _spoken(finding))]
    found += [sample.language for sample in report.samples if sample.language]
    if not found and report.home and report.home.language:
        found = [report.home.language]
    valid = [tag for tag in found if not [*registry.LANGUAGE(tag)]]
    return sorted(set(valid), key=lambda tag: (-valid.count(tag), tag)) or ["und"]


def _spoken(finding: Finding) -> str | None:
    """What its items are in; a declaration decides where it only says more (`zh-Hant`)."""
    detected, said = finding.language, finding.declared
    sure = detected if finding.items >= MIN_LANGUAGE_ITEMS else None
    if said and (sure is None or said.partition("-")[0] == sure):
        tag: str | None = said.partition("-")[0] if re.search(r"-[A-Z0-9]{2,3}$", said) else said
    else:
        tag = sure or detected
    return tag if tag and not [*registry.LANGUAGE(tag)] else None


def country_of(home: Home) -> str:
    """By the domain, else the region that the page declares with its language, else `int`.

    Not the United States by the latter: `en-US` is what systems declare until somebody changes it.
    """
    last = (urlsplit(home.url).hostname or "").rpartition(".")[2].upper()
    code = TOP_LEVEL.get(last, last)
    if code == registry.INTERNATIONAL or (last not in FOR_ALL and _is_country(code)):
        return code
    region = home.region
    if region and region != "US" and _is_country(region):
        return region
    return registry.INTERNATIONAL


def _is_country(code: str) -> bool:
    known = babel.Locale("en").territories
    return (
        bool(re.fullmatch("[A-Z]{2}", code))
        and code in known
        and (code not in registry.NOT_COUNTRIES)
    )


def new_id(url: str, country: str, taken: Iterable[str] = ()) -> str:
    """An id from the host, such as `alterechos` or `news-un`; with the country if it is taken."""
    name = site(_host(url))
    suffix = urls.domain(url).partition(".")[2]
    label = name.removesuffix(f".{suffix}") if suffix else name
    plain = unicodedata.normalize("NFKD", label).encode("ascii", "ignore").decode()
    base = re.sub("[^a-z0-9]+", "-", plain.lower()).strip("-") or "source"
    used = set(taken)
    choices = (base, f"{base}-{country.lower()}", *(f"{base}-{n}" for n in range(2, 1000)))
    return next(choice for choice in choices if choice not in used)


def _host(url: str) -> str:
    return urlsplit(url).hostname or url


# As TOML.

COMMENTS = {
    "name": "check",
    "country": "check: from the address or the page's language",
    "organisation": "check: not known to a program",
    "category": "check: not known to a program",
}


def text_of(ident: str, fields: Mapping[str, Any], licences: Iterable[str] = ()) -> str:
    """The record as the registry's files have it, with comments on what a person must check."""
    lines = [f"[{ident}]"]
    for name, value in fields.items():
        if name in registry.CHANNELS:
            rows = "".join(f"  {inline(address)},\n" for address in value)
            lines.append(f"{name} = [\n{rows}]")
        else:
            comment = f"  # {COMMENTS[name]}" if name in COMMENTS else ""
            lines.append(f"{name} = {_value(value)}{comment}")
    lines += [
        f"# licence: its pages link to {licence}: read its terms, then add"
        " licence = { id = ..., url = ..., terms_read_on = ... }"
        for licence in licences
    ]
    return "\n".join(lines) + "\n"


def inline(address: Mapping[str, Any]) -> str:
    return "{ " + ", ".join(f"{name} = {_value(value)}" for name, value in address.items()) + " }"


def _value(value: Any) -> str:
    if isinstance(value, list):
        return "[" + ", ".join(map(_value, value)) + "]"
    if isinstance(value, str):
        # JSON's strings are TOML's basic strings, but for one control character.
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007F")
    return value.isoformat() if isinstance(value, date) else str(value).lower()


# Into the files.


def place(folder: Path | None) -> Path:
    """The folder to write to: the one given, or that of a checkout; never an installed one's."""
    packaged = registry.folder()
    chosen = folder or packaged
    if not chosen.is_dir():
        raise SourceError(f"{chosen} is no folder: make it, or name another with --sources")
    if chosen.resolve() == packaged.resolve() and not (
        (packaged.parents[1] / "pyproject.toml").is_file() and os.access(packaged, os.W_OK)
    ):
        raise SourceError(
            f"{packaged} came with the program and is replaced when that is: keep your records in"
            " a folder of your own, and name it with --sources"
        )
    return chosen


def known(folder: Path) -> dict[str, dict[str, Any]]:
    """The records of a folder by id, which may be none yet; raises SourceError on a broken file."""
    found: dict[str, dict[str, Any]] = {}
    for path in sorted(folder.glob("*.toml")):
        if path.name != registry.DEAD_FEEDS:
            try:
                held = tomllib.loads(path.read_text(encoding="utf-8-sig"))
            except ValueError as error:
                raise SourceError(f"{path.name} cannot be read: {error}") from error
            found |= {name: record for name, record in held.items() if isinstance(record, dict)}
    return found


def owner(url: str, records: Mapping[str, Mapping[str, Any]]) -> str | None:
    """The record that has this address already, as its home page or as a channel."""
    wanted = urls.key(url)
    for ident, record in records.items():
        addresses = [record.get("homepage", "")]
        addresses += [
            at.get("url", "") for name in registry.CHANNELS for at in record.get(name, ())
        ]
        if any(isinstance(at, str) and _same(at, wanted) for at in addresses):
            return ident
    return None


def _same(url: str, wanted: str) -> bool:
    try:
        return urls.key(url) == wanted
    except ValueError:
        return False


def add(folder: Path, record: str, *, file: str) -> Path:
    """Put a record into a file of the folder, in the order of ids if the file is in that order.

    Raises SourceError, and changes nothing, if the registry would refuse it.
    """
    if not re.fullmatch(r"[\w-]+\.toml", file) or file == registry.DEAD_FEEDS:
        raise SourceError(f"{file!r} is no file for records: give a name such as be.toml")
    path = folder / file
    before = read(path) if path.exists() else ""
    replace(folder, {file: _inserted(before, record)})
    return path


def proposal(report: Report, *, day: str) -> str:
    """The record that the report proposes, as TOML."""
    return text_of(*table(report, day=day), report.licences)


def refuse(url: str, folder: Path) -> None:
    """Raise SourceError if a record of the folder has the address, or it is known to be dead."""
    found = web_url(url if "://" in url else f"https://{url}") or ""
    if found and (ident := owner(found, known(folder))):
        raise SourceError(f"{url} is that of [{ident}] already: edit that record")
    graves = folder / registry.DEAD_FEEDS
    if found and graves.exists():
        for grave in tomllib.loads(graves.read_text(encoding="utf-8-sig")).get("dead", ()):
            if _same(grave.get("url", ""), urls.key(found)):
                raise SourceError(
                    f"{url} is dead ({grave.get('reason')}, {grave.get('seen_on')}): if it lives,"
                    f" edit {registry.DEAD_FEEDS}"
                )


def add_report(
    folder: Path, report: Report, *, day: str, file: str | None = None, ident: str | None = None
) -> tuple[Path, str]:
    """Write the record that a report proposes; returns the file, and the record as written."""
    records = known(folder)
    name, fields = table(report, day=day, taken=records, ident=ident)
    if (other := owner(fields["homepage"], records)) or name in records:
        raise SourceError(
            f"[{other or name}] has this home page or id already: edit that record, or choose"
            " another id with --id"
        )
    record = text_of(name, fields, report.licences)
    return add(folder, record, file=file or f"{fields['country'].lower()}.toml"), record


def _inserted(before: str, record: str) -> str:
    ident, fields = next(iter(tomllib.loads(record).items()))
    old = parsed(before)
    if ident in old:
        raise SourceError(f"[{ident}] is there already: choose another id with --id")
    newline = "\r\n" if "\r\n" in before else "\n"
    record = record.replace("\n", newline)
    after = next((name for name in old if name > ident), None)
    if list(old) == sorted(old) and after:
        # With the comments that stand right above the next record.
        start = rf"(?m)(?:^#[^\n]*\n)*^\[{re.escape(after)}\][ \t]*(?:#[^\n]*)?\r?$"
        if found := re.search(start, before):
            text = before[: found.start()] + record + newline + before[found.start() :]
            if holds(text, {**old, ident: fields}):
                return text
    gap = "" if not before else newline if before.endswith("\n") else 2 * newline
    return before + gap + record


def holds(text: str, wanted: Mapping[str, Any]) -> bool:
    try:
        return tomllib.loads(text.removeprefix("\ufeff")) == wanted
    except ValueError:
        return False


Grades = Mapping[tuple[str, str], tuple[str, str]]  # (field, address): grade, day


@dataclass(frozen=True, slots=True, kw_only=True)
class Regraded:
    """A grade that changed in a file."""

    source: str
    url: str
    before: str
    after: str


def regrade(folder: Path, grades: Mapping[str, Grades], *, write: bool) -> list[Regraded]:
    """Set `grade` and `probed_on` of the addresses named by source; returns grades that differ.

    All else in the files stays as it is, byte for byte.
    """
    changed: list[Regraded] = []
    texts: dict[Path, str] = {}
    for path in sorted(folder.glob("*.toml")):
        if path.name == registry.DEAD_FEEDS:
            continue
        text = before = read(path)
        wanted = parsed(text)
        for source, name, number, grade, day in list(_regradings(wanted, grades)):
            address = wanted[source][name][number]
            if (old := address["grade"]) != grade:
                changed.append(Regraded(source=source, url=address["url"], before=old, after=grade))
            address |= {"grade": grade, "probed_on": date.fromisoformat(day)}
            text = _edited(text, address, wanted) or _rewritten(text, source, name, number, address)
        if text != before:
            texts[path] = text
    if write and texts:
        replace(folder, {path.name: text for path, text in texts.items()})
    return changed


def _regradings(
    records: Mapping[str, Any], grades: Mapping[str, Grades]
) -> Iterator[tuple[str, str, int, str, str]]:
    """Source, field and number of each address to change, with its grade and its day."""
    for source, record in records.items():
        for name in registry.CHANNELS:
            for number, address in enumerate(record.get(name, ())):
                grade, day = grades.get(source, {}).get((name, address["url"]), ("", ""))
                # An older probe than the one that gave the grade says nothing new.
                if grade and str(address.get("probed_on", "")) <= day:
                    yield source, name, number, grade, day


GRADE = re.compile(r"""(\bgrade\s*=\s*)(?:"[^"]*"|'[^']*')""")
PROBED_ON = re.compile(r"(\bprobed_on\s*=\s*)[0-9-]+")


def _edited(text: str, address: Mapping[str, Any], wanted: Mapping[str, Any]) -> str | None:
    """The text with this one inline table changed; None if it is written in another way."""
    grade, day = address["grade"], address["probed_on"].isoformat()
    for found in re.finditer(rf"""(["']){re.escape(address["url"])}\1""", text):
        start, end = text.rfind("{", 0, found.start()), text.find("}", found.end())
        inner = text[start:end]
        new = GRADE.sub(rf'\1"{grade}"', inner, count=1)
        if PROBED_ON.search(new):
            new = PROBED_ON.sub(rf"\g<1>{day}", new, count=1)
        else:
            bare = new.rstrip()
            new = f"{bare}, probed_on = {day}{new[len(bare) :]}"
        edited = text[: max(0, start)] + new + text[end:]
        if holds(edited, wanted):  # it was no comment, nor somebody else's
            return edited
    return None


def _rewritten(text: str, source: str, name: str, number: int, address: Mapping[str, Any]) -> str:
    """The same through tomlkit, which may spell inline tables a little differently (0.15)."""
    mark = "\ufeff" if text.startswith("\ufeff") else ""
    document = tomlkit.parse(text.removeprefix(mark))
    table: Any = document[source]
    for field_name in ("grade", "probed_on"):
        table[name][number][field_name] = address[field_name]
    return mark + tomlkit.dumps(document)


def parsed(text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text.removeprefix("\ufeff"))
    except ValueError as error:
        raise SourceError(f"the file cannot be read, so nothing is written: {error}") from error


def read(path: Path) -> str:
    """With its line ends as they are."""
    with path.open(encoding="utf-8", newline="") as file:
        return file.read()


def replace(folder: Path, texts: Mapping[str, str]) -> None:
    """Put texts in the place of files, if the registry finds no mistake in them that is new."""
    before = {str(mistake) for mistake in registry.check(folder)} if _any(folder) else set()
    with tempfile.TemporaryDirectory() as trial:
        for other in folder.glob("*.toml"):
            shutil.copy(other, trial)
        for name, text in texts.items():
            _write(Path(trial) / name, text)
        new = [m for m in registry.check(Path(trial)) if str(m) not in before]
    if new:
        raise SourceError(f"{new[0]} (nothing was written)")
    for name, text in texts.items():
        path, beside = folder / name, folder / f".{name}.{os.getpid()}"
        try:
            _write(beside, text)
            if path.exists():
                shutil.copymode(path, beside)
            beside.replace(path)
        finally:
            beside.unlink(missing_ok=True)


def _any(folder: Path) -> bool:
    return any(path.name != registry.DEAD_FEEDS for path in folder.glob("*.toml"))


def _write(path: Path, text: str) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
