import gzip
import json
from collections import Counter
from pathlib import Path

import pytest

from enrich import profiles
from enrich.detectors import DETECTORS
from enrich.profiles import (
    BLIND_SPOTS,
    PROFILES,
    PROVENANCE,
    Text,
    all_profiles,
    built,
    packed,
    profile,
    provenance,
    script_of_counts,
    sizes,
    texts_of,
    unpacked,
)

PEOPLE = "Svi ljudi rađaju se slobodni i jednaki u dostojanstvu i pravima."


def line(text: str, source: str = "udhr") -> str:
    return json.dumps({"source": source, "text": text})


def test_the_same_text_gives_the_same_bytes_and_they_can_be_read() -> None:
    texts = {"sr": [Text(source="udhr", text="Сви људи рађају се слободни. " * 4)],
             "bs": [Text(source="udhr", text=PEOPLE * 4)]}  # fmt: skip
    first, second = packed(built(texts)), packed(built(dict(reversed(texts.items()))))
    assert first == second
    names = [(one.name, one.script) for one in unpacked(first)]
    assert names == [("bs", "Latn"), ("sr", "Cyrl"), ("sr-Latn", "Latn")]


def test_texts_in_another_script_are_left_out_and_the_declaration_comes_first() -> None:
    lines = [line("ኩሎም ሰባት ሓራ እዮም " * 3, "tico19"), line("kulom sebat"), line("ሰባት")]
    assert [(one.source, one.text[:2]) for one in texts_of(lines)] == [
        ("udhr", "ሰባ"), ("tico19", "ኩሎ"),
    ]  # fmt: skip


def test_a_profile_is_counted_on_no_more_text_than_it_is_given() -> None:
    texts = [Text(source="udhr", text=PEOPLE)] * 10
    assert profile("bs", texts, longest=100).text == {"udhr": 2 * len(PEOPLE)}


def test_a_language_has_as_much_text_as_its_neighbour() -> None:
    short = [Text(source="udhr", text="Abantu bose bavuka banganya agateka. " * 3)]
    long = [Text(source="tico19", text="Abantu bose bavuka bareshya imbere. " * 3)] * 50
    by_name = {one.name: one for one in built({"rn": short, "rw": long})}
    assert sum(by_name["rw"].text.values()) < 2 * sum(by_name["rn"].text.values())


def test_addresses_are_not_counted() -> None:
    texts = [Text(source="udhr", text=f"{PEOPLE} https://qqq.example/qqq qqq@example.org")] * 5
    assert not any("q" in letters for letters in profile("bs", texts).counts)


def test_what_is_shipped_says_where_it_comes_from() -> None:
    shipped = list(unpacked(PROFILES.read_bytes()))
    assert PROVENANCE.read_text(encoding="utf-8") == provenance(shipped)
    assert len(shipped) >= 55
    assert all(one.text.keys() <= profiles.SOURCES.keys() for one in shipped)
    assert PROFILES.stat().st_size < 600_000
    listed = [(one.name, one.script, script_of_counts(one.counts)) for one in all_profiles()]
    assert len({name for name, _, _ in listed}) == len(listed)
    assert [(name, script) for name, script, counted in listed if script != counted] == []
    assert sizes() == Counter(script for _, script, _ in listed)


def test_blind_spots_are_of_detectors_and_languages_that_have_profiles() -> None:
    table = json.loads(BLIND_SPOTS.read_text(encoding="utf-8"))
    names = {one.name for one in unpacked(PROFILES.read_bytes())}
    assert table.keys() == DETECTORS.keys() - {"langdetect"}
    assert all(rows.keys() <= names for rows in table.values())
    assert table["pycld2"]["pcm"] == {"en": 1.0}


def test_the_script_writes_all_three_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PROFILES", "PROVENANCE", "BLIND_SPOTS"):
        monkeypatch.setattr(profiles, name, tmp_path / name)
    with gzip.open(tmp_path / "bs.jsonl.gz", "wt", encoding="utf-8") as lines:
        lines.writelines(f"{line(PEOPLE)}\n" for _ in range(5))
    profiles.main([str(tmp_path)])
    assert [one.name for one in unpacked((tmp_path / "PROFILES").read_bytes())] == ["bs"]
    assert "bs Latn: udhr" in (tmp_path / "PROVENANCE").read_text(encoding="utf-8")


def test_a_folder_without_text_says_so(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="has no LANGUAGE"):
        profiles.main([str(tmp_path)])
