import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.tdmrep import MAX_RULES, File, Reservation, Rule, combined, parse, reservation
from enrich.rights import SILENT, Signals

SITE = "https://quai.example.org"
POLICY = "https://quai.example.org/policies/1"
ALL = {"location": "/", "tdm-reservation": 1}


def rules(*pairs: tuple[str, int]) -> tuple[Rule, ...]:
    entries = [{"location": location, "tdm-reservation": value} for location, value in pairs]
    found = parse(json.dumps(entries))
    assert found.defect is None
    return found.rules


def test_a_file_is_an_array_of_rules() -> None:
    found = parse(json.dumps([ALL, {**ALL, "location": "/img/*.jpg", "tdm-policy": POLICY}]))
    assert found == File(
        rules=(
            Rule(location="/", reservation=1),
            Rule(location="/img/*.jpg", reservation=1, policy=POLICY),
        )
    )


@pytest.mark.parametrize(
    ("raw", "defect"),
    [
        (json.dumps({"tdm": [ALL]}), "the array is inside 'tdm'"),
        (json.dumps(ALL), "a single rule, not an array"),
        (json.dumps([{**ALL, "tdm-reservation": "1"}]), "rule 1 has tdm-reservation '1', not a"),
        (json.dumps([{**ALL, "tdm-reservation": True}]), "rule 1 has tdm-reservation 'True'"),
        (json.dumps([{"tdm-reservation": 1}]), "rule 1 has no location: taken for the whole site"),
        (json.dumps([{"location": "/", "TDM_Reservation": 1}]), "spells its properties"),
        (json.dumps([{**ALL, "location": f"{SITE}/"}]), "does not begin with /"),
        (json.dumps([{**ALL, "location": ""}]), "does not begin with /"),
        (json.dumps([ALL, "robots"]), "rule 2 is no object"),
        (json.dumps([ALL, {"location": "/a", "tdm-reservation": 2}]), "no tdm-reservation of 0 or"),
        (json.dumps([ALL, {"location": 7, "tdm-reservation": 1}]), "a location that is no text"),
    ],
)
def test_a_wrong_shape_is_read_and_said_to_be_wrong(raw: str, defect: str) -> None:
    found = parse(raw)
    assert found.rules == (Rule(location="/", reservation=1),)
    assert found.defect
    assert defect in found.defect


@pytest.mark.parametrize(
    ("raw", "defect"),
    [
        ("", "not JSON"),
        ("<!doctype html><title>Not found</title>", "not JSON"),
        (b"\xff\xfe\x00", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ("null", "not an array but NoneType"),
        ("{}", "not an array of rules"),
        ('{"a": [], "b": []}', "not an array of rules"),
        ('[{"location": "/", "tdm-reservation": NaN}]', "rule 1 has no tdm-reservation of 0 or 1"),
        ('[{"location": "/", "tdm-reservation": 1e999}]', "rule 1 has no tdm-reservation"),
        ('[{"location": "/", "tdm-reservation": 0.5}]', "rule 1 has no tdm-reservation"),
        (" " * 2_000_000, "longer than 1,000,000 characters"),
        ("[1, 2, 3, 4, 5]", "rule 3 is no object; and 2 more"),
    ],
)
def test_garbage_has_no_rules_and_a_defect(raw: str | bytes, defect: str) -> None:
    found = parse(raw)
    assert found.rules == ()
    assert found.defect
    assert defect in found.defect


def test_an_empty_array_is_no_defect() -> None:
    assert parse("[]") == File()
    assert parse(b"\xef\xbb\xbf[]") == File()


def test_only_so_many_rules_are_read() -> None:
    found = parse(json.dumps([ALL] * (MAX_RULES + 5)))
    assert len(found.rules) == MAX_RULES
    assert found.defect == "1,005 rules, of which the first 1,000 are read"


@pytest.mark.parametrize(
    ("pattern", "path", "fits"),
    [
        ("/", "", True),
        ("/", "/a/b?c", True),
        ("/a/", "/a/b", True),
        ("/a/", "/a", False),
        ("/a", "/ab", True),
        ("/A", "/a", False),
        ("/a$", "/a", True),
        ("/a$", "/a/", False),
        ("/*.jpg$", "/img/a.jpg", True),
        ("/*.jpg$", "/img/a.jpg?w=1", False),
        ("/*.jpg", "/img/a.jpg?w=1", True),
        ("*/img/*.jpg", "/x/img/a/b.jpg", True),
        ("/img/*a*b*.jpg$", "/img/b/a.jpg", False),
        ("/a*a$", "/a", False),
        ("/*?id=", "/x?id=7", True),
        ("/foo-%24", "/foo-$", True),
        ("/foo-%2A", "/foo-*", True),
        ("/caf%c3%a9", "/café", True),
        ("/café", "/caf%C3%A9", True),
        ("/%61bri", "/abri", True),
        ("/a%2Fb", "/a/b", False),
        ("/a$b", "/a$b", True),
    ],
)
def test_a_location_is_a_pattern_as_in_robots_txt(pattern: str, path: str, *, fits: bool) -> None:
    assert reservation(parse(json.dumps([{**ALL, "location": pattern}])).rules, SITE + path) == (
        (1, None) if fits else (None, None)
    )


def test_the_longest_pattern_decides_wherever_it_stands() -> None:
    listed = (("/", 1), ("/presse/", 0), ("/presse/photos/", 1))
    for order in (listed, listed[::-1]):
        found = rules(*order)
        assert reservation(found, f"{SITE}/12")[0] == 1
        assert reservation(found, f"{SITE}/presse/12")[0] == 0
        assert reservation(found, f"{SITE}/presse/photos/12")[0] == 1


def test_of_two_patterns_as_long_the_first_decides() -> None:
    assert reservation(rules(("/a*c", 0), ("/ab*", 1)), f"{SITE}/abc")[0] == 0
    assert reservation(rules(("/ab*", 1), ("/a*c", 0)), f"{SITE}/abc")[0] == 1


def test_the_address_of_a_policy_is_made_whole_or_left_out() -> None:
    def policy(stated: str) -> str | None:
        found = parse(json.dumps([{**ALL, "tdm-policy": stated}]))
        return reservation(found.rules, f"{SITE}/12")[1]

    assert policy("/policies/1") == POLICY
    assert policy("javascript:alert(1)") is None


def test_a_pattern_of_many_stars_is_matched_in_no_time() -> None:
    began = time.process_time()
    assert reservation(rules(("/" + "*a" * 500 + "$", 1)), f"{SITE}/{'a' * 2000}b") == (None, None)
    assert time.process_time() - began < 0.5


RESERVED, FREE, NOTHING = (1, POLICY), (0, None), (None, None)


@pytest.mark.parametrize(
    ("file", "headers", "meta", "expected"),
    [
        (NOTHING, {}, SILENT, Reservation()),
        (RESERVED, {}, SILENT, Reservation(value=1, policy=POLICY, origin="file")),
        (FREE, {}, SILENT, Reservation(value=0, origin="file")),
        (FREE, {"tdm-reservation": "1"}, SILENT, Reservation(value=1, origin="header")),
        (RESERVED, {"tdm-reservation": "0"}, SILENT, Reservation(value=0, origin="header")),
        (RESERVED, {"tdm-reservation": "maybe"}, SILENT,
         Reservation(value=1, policy=POLICY, origin="file")),
        (RESERVED, {"tdm-reservation": "1"}, SILENT,
         Reservation(value=1, policy=POLICY, origin="header")),
        (RESERVED, {"tdm-policy": f"{POLICY}2"}, SILENT,
         Reservation(value=1, policy=f"{POLICY}2", origin="file")),
        (FREE, {"tdm-reservation": "0"}, Signals(tdm_reservation=1, tdm_policy=POLICY),
         Reservation(value=1, policy=POLICY, origin="meta")),
        (NOTHING, {"tdm-reservation": "1"}, Signals(tdm_reservation=0),
         Reservation(value=0, origin="meta")),
        (NOTHING, {"tdm-reservation": "0\n1"}, SILENT, Reservation(value=1, origin="header")),
        (NOTHING, {"tdm-policy": POLICY}, SILENT, Reservation()),
    ],
    ids=["nothing", "file reserves", "file frees", "header reserves", "header frees",
         "header says nothing", "header keeps the policy", "header has another policy",
         "meta reserves", "meta frees", "two headers", "policy of nothing"],
)  # fmt: skip
def test_header_overrides_file_and_meta_overrides_header_and_silence_resets_nothing(
    file: tuple[int | None, str | None],
    headers: dict[str, str],
    meta: Signals,
    expected: Reservation,
) -> None:
    assert combined(file, headers, meta) == expected


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["location", "tdm-reservation", "tdm-policy", "tdm"]), inner, max_size=4
        )
    ),
)


@given(JSON, st.text())
def test_no_file_is_too_odd_to_be_read(data: object, path: str) -> None:
    found = parse(json.dumps(data))
    value, _ = reservation(found.rules, f"{SITE}/{path}")
    assert value in (0, 1, None)
    assert found.rules or found.defect or data == []
