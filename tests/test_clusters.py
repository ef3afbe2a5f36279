"""Which texts are one story, and which of them is the first."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enrich.clusters import KINDS, Link, Member, Row, rows


def link(one: str, other: str, kind: str = "reprint", shared: float = 0.9) -> Link:
    return Link(one=one, other=other, kind=kind, shared=shared)


def clusters(found: list[Row]) -> dict[str, str]:
    """The article that stands for each, where it is another."""
    return {
        row.id: row.cluster for row in found if row.relation not in {"original", "series", "quoted"}
    }


def told(found: list[Row], ident: str) -> set[tuple[str, str]]:
    return {(row.relation, row.cluster) for row in found if row.id == ident}


def member(ident: str, published: str | None = None, **more: object) -> Member:
    return Member(id=ident, published=published, **more)  # type: ignore[arg-type] # the field's own


def test_copies_of_copies_are_one_story() -> None:
    found = rows(map(member, "abc"), [link("a", "b"), link("c", "b")])
    assert clusters(found) == {"b": "a", "c": "a"}


def test_the_text_that_others_name_as_their_origin_is_first_though_it_is_dated_later() -> None:
    members = [
        member("a", "2026-03-01", origins=frozenset(["quai.test"])),
        member("b", "2026-03-02", names=frozenset(["quai.test", "le quai"])),
        member("c", "2026-02-28", origins=frozenset(["le quai"])),
    ]
    found = rows(members, [link("a", "b"), link("c", "b")])
    assert clusters(found) == {"a": "b", "c": "b"}
    assert {row.reason for row in found} == {"origin"}


def test_an_origin_that_is_not_among_them_decides_nothing() -> None:
    members = [member("a", origins=frozenset(["x.test"])), member("b", names=frozenset(["y.test"]))]
    assert {row.reason for row in rows(members, [link("a", "b")])} == {"found"}


def test_two_that_name_each_other_are_told_apart_by_their_dates() -> None:
    members = [
        member("a", "2026-03-02", names=frozenset(["a"]), origins=frozenset(["b"])),
        member("b", "2026-03-01", names=frozenset(["b"]), origins=frozenset(["a"])),
    ]
    assert clusters(rows(members, [link("a", "b")])) == {"a": "b"}


def test_a_site_that_names_itself_is_no_copy_of_itself() -> None:
    here = frozenset(["quai.test"])
    members = [
        member("a", "2026-03-01", names=here, origins=here),
        member("b", "2026-03-02", names=here),
    ]
    (first,) = {row.cluster for row in rows(members, [link("a", "b")])}
    assert first == "a"


def test_what_an_agency_signed_comes_before_what_is_dated_earlier() -> None:
    members = [member("a", "2026-03-01"), member("b", "2026-03-02", agency=True)]
    found = rows(members, [link("a", "b")])
    assert clusters(found) == {"a": "b"}
    assert {row.reason for row in found} == {"agency"}


@pytest.mark.parametrize(
    ("dates", "first", "reason"),
    [
        (("2026-03-02", "2026-03-01"), "b", "date"),
        ((None, "2026-03-01"), "b", "date"),
        (("2026-03-01", "2026-03-01"), "a", "found"),
        ((None, None), "a", "found"),
    ],
)
def test_the_earliest_comes_first_and_then_the_smallest_id(
    dates: tuple[str | None, str | None], first: str, reason: str
) -> None:
    found = rows(map(member, "ab", dates), [link("a", "b")])
    assert {(row.cluster, row.reason) for row in found} == {(first, reason)}


def test_the_page_whose_address_others_declare_comes_first() -> None:
    members = [member("amp", "2026-03-01"), member("page", "2026-03-02"), member("copy")]
    found = rows(members, [link("amp", "page", "same_page"), link("amp", "copy", "exact", 1.0)])
    assert clusters(found) == {"amp": "page", "copy": "page"}
    assert {row.reason for row in found} == {"address"}
    assert told(found, "amp") == {("same_page", "page")}
    assert told(found, "copy") == {("exact", "page")}


def test_a_shorter_version_stands_behind_the_longer_one_even_if_it_is_dated_earlier_that_day() -> (
    None
):
    members = [member("short", "2026-03-01T06:00:00Z"), member("long", "2026-03-01T09:00:00Z")]
    found = rows(members, [link("short", "long", "excerpt")])
    assert clusters(found) == {"short": "long"}
    assert told(found, "short") == {("excerpt", "long")}


def test_excerpts_do_not_make_one_story_of_two() -> None:
    members = map(member, "abce")
    links = [
        link("e", "a", "excerpt", 1.0), link("e", "b", "excerpt", 0.8),
        link("e", "c", "excerpt", 0.7), link("c", "b"),
    ]  # fmt: skip
    found = rows(members, links)
    assert clusters(found) == {"e": "a", "c": "b"}
    assert told(found, "e") == {("excerpt", "a"), ("quoted", "b")}


def test_a_digest_stands_beside_what_it_brings_together() -> None:
    members = map(member, ["a", "b", "digest"])
    links = [link("a", "digest", "excerpt", 1.0), link("b", "digest", "excerpt", 1.0)]
    found = rows(members, links)
    assert clusters(found) == {}
    assert told(found, "a") == told(found, "b") == {("quoted", "digest")}


def test_two_shorter_versions_that_share_text_make_no_digest() -> None:
    links = [link("s", "l", "excerpt"), link("m", "l", "excerpt"), link("s", "m", "reprint")]
    assert clusters(rows(map(member, "sml"), links)) == {"s": "l", "m": "l"}


def test_a_statement_of_an_earlier_day_is_no_shorter_version_of_what_quotes_it() -> None:
    members = [member("statement", "2026-03-01"), member("article", "2026-03-04")]
    found = rows(members, [link("statement", "article", "excerpt")])
    assert clusters(found) == {}
    assert told(found, "statement") == {("quoted", "article")}


def test_unless_it_says_that_it_comes_from_there() -> None:
    members = [
        member("teaser", "2026-03-01", origins=frozenset(["quai.test"])),
        member("article", "2026-03-04", names=frozenset(["quai.test"])),
    ]
    assert clusters(rows(members, [link("teaser", "article", "excerpt")])) == {"teaser": "article"}


def test_reprints_of_a_shorter_version_are_shorter_versions() -> None:
    links = [link("s", "l", "excerpt"), link("r", "s")]
    found = rows(map(member, "srl"), links)
    assert told(found, "r") == told(found, "s") == {("excerpt", "l")}


def test_issues_of_a_series_are_never_one_story_whatever_stands_between_them() -> None:
    links = [
        link("a", "b", "series"),
        link("x", "a", "excerpt", 1.0),
        link("x", "b", "reprint", 0.7),
    ]
    found = rows(map(member, "abx"), links)
    assert not {"a", "b"} <= set(clusters(found)) | set(clusters(found).values())
    assert told(found, "a") >= {("series", "a")}
    assert told(found, "b") >= {("series", "a")}


def test_the_first_of_a_series_is_the_earliest() -> None:
    members = [member("a", "2026-03-08"), member("b", "2026-03-01"), member("c", "2026-03-15")]
    found = rows(members, [link("a", "b", "series"), link("a", "c", "series")])
    assert {(row.id, row.cluster) for row in found} == {("a", "b"), ("b", "b"), ("c", "b")}


NAMES = st.sampled_from("abcdefg")
LINKS = st.lists(
    st.builds(
        Link, one=NAMES, other=NAMES, kind=st.sampled_from(KINDS),
        shared=st.sampled_from([0.7, 0.9, 1.0]),
    ).filter(lambda each: each.one != each.other),
    max_size=12,
    unique_by=lambda each: frozenset((each.one, each.other)),
)  # fmt: skip
DATES = st.lists(st.sampled_from([None, "2026-03-01", "2026-03-02"]), min_size=7, max_size=7)


@given(LINKS, DATES, st.randoms(use_true_random=False))
def test_the_order_of_what_is_known_changes_nothing(
    links: list[Link], dates: list[str | None], rng: random.Random
) -> None:
    members = [member(*pair) for pair in zip("abcdefg", dates, strict=True)]
    found = rows(members, links)
    assert rows(rng.sample(members, 7), rng.sample(links, len(links))) == found


@given(LINKS, DATES)
def test_each_stands_for_itself_or_behind_one_that_does(
    links: list[Link], dates: list[str | None]
) -> None:
    found = rows([member(*pair) for pair in zip("abcdefg", dates, strict=True)], links)
    assert len({(row.id, row.relation, row.cluster) for row in found}) == len(found)
    behind = clusters(found)
    assert len(behind) == len([row for row in found if (row.id, row.cluster) in behind.items()
                               and row.relation not in {"series", "quoted"}])  # fmt: skip
    assert not behind.keys() & set(behind.values())
    assert set(behind.values()) == {row.id for row in found if row.relation == "original"}
    parts = {frozenset((each.one, each.other)) for each in links if each.kind == "series"}
    own_word = {frozenset((each.one, each.other)) for each in links if each.kind == "same_page"}
    if not own_word:
        for one, other in map(sorted, parts):
            assert behind.get(one, one) != behind.get(other, other)
