"""Which lines of a robots.txt decide about one address, as the crawl's own parser reads them.

The parser says what holds; it does not say why. So each line is put to it alone.
"""

import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from protego import Protego

# As generous as Protego, which takes common misspellings and a missing colon.
DIRECTIVE = re.compile(
    r"(?P<name>user[- ]?agent|allow|dis+al+[oa]w|diasllow|crawl[- ]delay)"
    r"\s*(?::|\s)\s*(?P<value>.*)",
    re.IGNORECASE,
)
EVERYBODY = "*"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line, numbered from 1. `decides`: it is the one that holds where several fit."""

    number: int
    text: str
    decides: bool = False


@dataclass(frozen=True, slots=True)
class _Directive:
    number: int
    text: str
    name: str  # agent, allow, disallow, delay
    value: str


def of_file(body: bytes, url: str, agent: str) -> dict[str, Any]:
    """Whether `agent` may fetch `url`, the lines that say so, and those that set its pace."""
    text = body.decode("utf-8-sig", "ignore")  # as Scrapy reads it
    rules = Protego.parse(text)
    allowed = rules.can_fetch(url, agent)
    group = list(_group(list(_directives(text)), url, agent))
    fitting = [rule for rule in group if rule.name != "delay" and _fits(rule, url)]
    agreeing = [rule for rule in fitting if (rule.name == "allow") == allowed]
    decides = max(agreeing, key=lambda rule: len(rule.value), default=None)
    named = next((rule for rule in reversed(group) if rule.name == "delay"), None)
    delay = rules.crawl_delay(agent)
    told = [Line(number=r.number, text=r.text, decides=r is decides) for r in fitting]
    return {
        "allowed": allowed,
        "lines": [asdict(line) for line in sorted(told, key=lambda line: not line.decides)],
        "crawl_delay": delay,
        "delay_line": named.number if named and delay is not None else None,
    }


def _directives(text: str) -> Iterator[_Directive]:
    for number, line in enumerate(text.splitlines(), 1):
        bare = line.partition("#")[0].strip()
        if (found := DIRECTIVE.fullmatch(bare)) and found["value"]:
            yield _Directive(number, bare, _spelled(found["name"]), found["value"].strip())


def _spelled(name: str) -> str:
    first = name[0].lower()
    return {"u": "agent", "a": "allow", "c": "delay"}.get(first, "disallow")


def _group(directives: list[_Directive], url: str, agent: str) -> Iterator[_Directive]:
    """The directives of all groups for the name that fits the agent best."""
    names = {each.value.lower() for each in directives if each.name == "agent"}
    ours = max((name for name in names if _means(name, url, agent)), key=_weight, default=None)
    held: set[str] = set()
    before = ""
    for each in directives:
        if each.name == "agent":
            held = {each.value.lower()} | (held if before == "agent" else set())
        elif ours in held:
            yield each
        before = each.name


def _weight(name: str) -> int:
    return 0 if name == EVERYBODY else len(name)


def _means(name: str, url: str, agent: str) -> bool:
    return not Protego.parse(f"User-agent: {name}\nDisallow: /").can_fetch(url, agent)


def _fits(rule: _Directive, url: str) -> bool:
    if rule.name == "allow":  # the shortest of bans, which any rule that fits overrules
        return Protego.parse(f"User-agent: *\nDisallow: /\nAllow: {rule.value}").can_fetch(url, "")
    return not Protego.parse(f"User-agent: *\nDisallow: {rule.value}").can_fetch(url, "")
