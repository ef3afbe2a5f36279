"""Whether text and data mining is reserved, after the W3C community group's TDMRep.

A site says so in /.well-known/tdmrep.json, in the headers of a page and in its HTML. Each overrides
the one before, and what says nothing resets nothing.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

from crawler.urls import web_url
from enrich.rights import Signals, reserved

PATH = "/.well-known/tdmrep.json"
# The known ones hold one to twenty rules. Beyond this each article would wait for them.
MAX_RULES = 1000
MAX_LENGTH = 1_000_000  # characters; a thousand rules are a tenth of it
KEPT_DEFECTS = 3  # enough to see what is wrong
UNRESERVED = re.compile(r"[A-Za-z0-9._~-]")
# Reserved characters (RFC 3986) stay as they stand. Where `*` and `$` are special they stay as
# well; in an address they are letters, which a rule spells `%2A` and `%24`.
SAFE = "/:@!&'()+,;=?%[]~"
SPECIAL = "*$"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """`location` is a pattern as in robots.txt, in one spelling of its octets."""

    location: str
    reservation: int
    policy: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """What a tdmrep.json says, and what had to be salvaged or left out, if anything."""

    rules: tuple[Rule, ...] = ()
    defect: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reservation:
    """What holds for a page: 1 reserved, 0 not, None nothing said.

    `origin` is who decided it: `file`, `header` or `meta`. `policy` says how to get a permission,
    so it is None unless one is needed.
    """

    value: int | None = None
    policy: str | None = None
    origin: str | None = None


def parse(raw: str | bytes) -> File:
    """The rules of a tdmrep.json, in its order. Never raises: what is no such file has no rules."""
    text = raw.decode("utf-8-sig", "replace") if isinstance(raw, bytes) else raw
    if len(text) > MAX_LENGTH:
        return File(defect=f"longer than {MAX_LENGTH:,} characters")
    try:
        data = json.loads(text.removeprefix("\ufeff"))
    except (ValueError, RecursionError):
        return File(defect="not JSON")
    defects: list[str] = []
    entries = _entries(data, defects)
    if len(entries) > MAX_RULES:
        defects.append(f"{len(entries):,} rules, of which the first {MAX_RULES:,} are read")
    rules = [
        rule
        for number, entry in enumerate(entries[:MAX_RULES], 1)
        for rule in _rules(entry, number, defects)
    ]
    more = f"; and {len(defects) - KEPT_DEFECTS} more" if len(defects) > KEPT_DEFECTS else ""
    return File(rules=tuple(rules), defect="; ".join(defects[:KEPT_DEFECTS]) + more or None)


def reservation(rules: Iterable[Rule], url: str) -> tuple[int | None, str | None]:
    """What the rules of its host say of `url`: 0, 1 or None, and the address of the policy."""
    rule = deciding(rules, url)
    if rule is None:
        return None, None
    return rule.reservation, web_url(rule.policy, url) if rule.policy else None


def deciding(rules: Iterable[Rule], url: str) -> Rule | None:
    """The longest pattern that fits `url`, as in robots.txt.

    Of equal ones the first, which is how the report reads where a file contradicts itself.
    """
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    path = _octets(parts.path or "/", keep="") + (
        f"?{_octets(parts.query, keep='')}" if parts.query else ""
    )
    fitting = (rule for rule in rules if _fits(rule.location, path))
    return max(fitting, key=lambda rule: len(rule.location), default=None)  # the first of equals


def combined(
    file: tuple[int | None, str | None], headers: Mapping[str, str], meta: Signals
) -> Reservation:
    """What holds in the end. `file` is what `reservation` gave; header names are in lower case."""
    value, policy = file
    origin = "file" if value is not None else None
    header = reserved(headers.get("tdm-reservation", ""))
    for place, stated, terms in (
        ("header", header, web_url(headers.get("tdm-policy", ""))),
        ("meta", meta.tdm_reservation, meta.tdm_policy),
    ):
        if stated is not None:
            value, origin = stated, place
        policy = terms or policy
    return Reservation(value=value, policy=policy if value else None, origin=origin)


def _entries(data: Any, defects: list[str]) -> list[Any]:
    if isinstance(data, list):
        return data
    if not isinstance(data, dict):
        defects.append(f"not an array but {type(data).__name__}")
        return []
    if "tdm-reservation" in _spelled(data):
        defects.append("a single rule, not an array")
        return [data]
    wrapped = [(key, value) for key, value in data.items() if isinstance(value, list)]
    if len(wrapped) == 1:
        defects.append(f"the array is inside {wrapped[0][0][:40]!r}")
        return wrapped[0][1]
    defects.append("not an array of rules")
    return []


def _rules(entry: Any, number: int, defects: list[str]) -> list[Rule]:
    if not isinstance(entry, dict):
        defects.append(f"rule {number} is no object")
        return []
    told = _spelled(entry)
    if told.keys() != entry.keys():
        defects.append(f"rule {number} spells its properties in another way")
    stated = told.get("tdm-reservation")
    value = reserved(str(int(stated) if stated in (0, 1) else stated))  # true, 1.0 and "1" as well
    if value is None:
        defects.append(f"rule {number} has no tdm-reservation of 0 or 1")
        return []
    if type(stated) is not int:
        defects.append(f"rule {number} has tdm-reservation {str(stated)[:20]!r}, not a number")
    policy = told.get("tdm-policy")
    location = told.get("location")
    if location is None:
        defects.append(f"rule {number} has no location: taken for the whole site")
        location = "/"
    patterns = location if isinstance(location, list) else [location]
    if not all(isinstance(pattern, str) for pattern in patterns):
        defects.append(f"rule {number} has a location that is no text")
    return [
        Rule(
            location=_pattern(pattern, number, defects),
            reservation=value,
            policy=policy if isinstance(policy, str) and policy.strip() else None,
        )
        for pattern in patterns
        if isinstance(pattern, str)
    ]


def _spelled(entry: dict[str, Any]) -> dict[str, Any]:
    return {key.strip().lower().replace("_", "-"): value for key, value in entry.items()}


def _pattern(location: str, number: int, defects: list[str]) -> str:
    pattern = location.strip()
    if not pattern.startswith(("/", "*")):
        defects.append(f"rule {number} has a location that does not begin with /")
        whole = re.match(r"https?://[^/]*", pattern, re.IGNORECASE)
        pattern = "/" + (pattern[whole.end() :] if whole else pattern).lstrip("/")
    return _octets(pattern, keep=SPECIAL)


def _octets(text: str, *, keep: str) -> str:
    """Percent-encoding in one spelling: unreserved characters bare, all else in capitals."""

    def plain(escape: re.Match[str]) -> str:
        char = chr(int(escape[1], 16))
        return char if UNRESERVED.match(char) else escape[0].upper()

    bare = re.sub("%([0-9A-Fa-f]{2})", plain, text)
    return quote(bare.encode("utf-8", "replace"), safe=SAFE + keep)


def _fits(pattern: str, path: str) -> bool:
    """Whether `path` begins with `pattern`; `*` is any run, and a final `$` the end of the path.

    In one pass: a pattern of many stars, tried as a regular expression, would never end.
    """
    ended = pattern.endswith("$")
    first, *rest = pattern.removesuffix("$").replace("$", "%24").split("*")
    if not path.startswith(first):
        return False
    if ended and not rest:
        return path == first
    place = len(first)
    last = rest.pop() if ended else ""
    for piece in rest:
        found = path.find(piece, place)
        if found < 0:
            return False
        place = found + len(piece)
    return not ended or (path.endswith(last) and len(path) - len(last) >= place)
