"""What is said to a person of an address in the databases, a line at a time, each with its style.

Of a page that is only read, without a database, these say nothing but its address and its rights.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from crawler.explain.page_facts import ASIDE, Said, because, value_of
from enrich.annotate import version

Report = dict[str, Any]

MOST = 5  # of what may be long: fetches, channels, tags; a screen has room for all of them
DAYS = ("discovered", "decided", "first_fetched", "last_fetched", "gone")
RELATION = {"original": "original of these", "series": "in a series with", "quoted": "quotes"}
OTHER = {"series": "in a series with", "quoted": "quoted in"}


def address(report: Report) -> Said:
    yield report["ledger"]["url"] if "ledger" in report else report["url"], ""


def ledger(report: Report) -> Said:
    if day := report.get("forgotten"):
        yield f"forgotten on {day}: nothing of it is kept, and it is not collected again", ""
    if not (row := report.get("ledger")):
        return
    yield because(row["outcome"], row["reason"]), ""
    known = [f"{name.replace('_', ' ')} {row[name]}" for name in DAYS if row[name]]
    yield ", ".join(known), ASIDE
    if row["enricher"] not in (None, version()):
        yield f"stored as {row['enricher']} read it; below as {version()} does", ASIDE


def publication(report: Report) -> Said:
    if not (told := report.get("publication")):
        return
    if told["missing"]:
        yield told["missing"], ASIDE
        return
    article = told["article"]
    if article:
        as_what = "listed" if article["listed"] else f"hidden as a copy of {article['hidden_by']}"
        yield f"{article['page']}, {as_what}, shown as {article['rights']}", ""
        if article["feeds"]:
            yield f"in {_first(article['feeds'])}", ASIDE
    else:
        yield "no article of it is published", ""
    yield f"{told['database']}, snapshot {told['snapshot']}, built {told['built']}", ASIDE
    if told["waits"] is None:
        yield "made of another private database, or long ago", ASIDE
    elif told["waits"]:
        yield "something of it has changed since: `tamis publish` brings it", ASIDE
    if dated := told["snapshots"]:
        yield f"also in {_first([each['file'] for each in dated])}", ASIDE


def rights(report: Report) -> Said:
    told = report.get("rights")
    if told and (shown := told["shown"]):
        why = "; ".join(shown["why"]) or "nothing speaks against showing all of it"
        yield f"{shown['level']}: {why}", ""
        if shown["tdm"]:
            yield f"mining {shown['tdm']}", ASIDE
    for each in told["said"] if told else ():
        yield f"{each['by']}: {each['what']}", ASIDE
    if not told:  # of a page alone
        for name, value in report.get("declared", {}).items():
            if value not in (None, []):
                yield f"{name.replace('_', ' ')}: {value if value == 0 else value_of(value)}", ""


def named_by(report: Report) -> Said:
    channels = report.get("named_by", [])
    for each in channels[:MOST]:
        decides = ", which decides" if each["decides"] and len(channels) > 1 else ""
        told = f"{each['source']}, {each['kind']} {each['channel']}"
        yield f"{told}, {each['discovered']}{decides}", ""
        if each["hints"]:
            yield f"which says {', '.join(_hint(*hint) for hint in each['hints'].items())}", ASIDE
    yield from _more(channels)


SHORT = ("published", "updated", "language", "alternate", "content_characters")


def _hint(name: str, value: Any) -> str:
    return f"{name.replace('_', ' ')} {value}" if name in SHORT else name.replace("_", " ")


def robots(report: Report) -> Said:
    for host in report.get("robots", ()):
        yield from _robots(host)


def _robots(host: Report) -> Said:
    if host["checked"] is None:
        yield f"{host['host']}: its robots.txt was not asked for yet", ""
    else:
        said = "allowed" if host["allowed"] else "forbidden"
        deciding = next((line for line in host["lines"] if line["decides"]), None)
        why = f"line {deciding['number']}, {deciding['text']}" if deciding else "no line names it"
        if host["status"] >= 400:  # noqa: PLR2004 (errors)
            why = f"there is none (HTTP {host['status']})"
        yield f"{said}: {why}", ""
        yield f"{host['host']}, asked {host['checked']}", ASIDE
        for line in host["lines"]:
            if not line["decides"]:
                yield f"overruled: line {line['number']}, {line['text']}", ASIDE
        if host["crawl_delay"] is not None:
            yield f"Crawl-delay {host['crawl_delay']:g} s, line {host['delay_line']}", ASIDE
    if host["rests"]:
        yield f"{host['host']} asked to be left alone until {host['rests']}", ASIDE


def fetches(report: Report) -> Said:
    if "ledger" not in report:
        return
    looks = report["looks"]
    pages = report["fetches"][::-1]
    for page in pages[:MOST]:
        size = "its body let go since" if page["pruned"] else f"{page['bytes']:,} bytes"
        kind = page["content_type"] or "no content type"
        yield f"{page['fetched']}, {page['status']}, {kind}, {size}", ""
        if page["url"] != report["ledger"]["url"]:
            yield page["url"], ASIDE
    yield from _more(pages)
    if not pages:
        yield "no page is archived", ""
    if looks["unchanged"]:
        yield f"looks in a row that found nothing new: {looks['unchanged']}", ASIDE
    if report.get("noticed"):
        yield f"an API gave it; its page was seen for its rights {report['noticed']}", ASIDE
    if report["ledger"]["outcome"] == "pending":
        yield f"tries {looks['tries']}, due {looks['due'] or 'now'}", ASIDE
    else:
        yield f"next look {report['ledger']['look'] or 'only if a channel asks for one'}", ASIDE


def archived(report: Report) -> Said:
    if report.get("text_from") == "feed":
        yield "it shows no text, so what the feed has of it was read", ""
    if report.get("text_from") == "database":
        yield "its raw bytes were let go: what follows is what is stored", ""
    if day := (report.get("article") or {}).get("expired"):
        yield f"its text was let go on {day}", ""


def tags(name: str, code: str) -> Callable[[Report], Said]:
    def tell(report: Report) -> Said:
        article = report.get("article") or {}
        found = article.get(name, [])
        if name == "themes" and article and not found:
            yield f"none, by {article['themes_method']}", ASIDE
        for tag in found[:MOST]:
            because_of = ", ".join(map(_clue, tag["evidence"]))
            yield f"{tag[code]} {tag['score']:.2f}: {because_of}", ""
        yield from _more(found)

    return tell


def _clue(clue: Any) -> str:
    if not isinstance(clue, dict):
        return value_of(clue)
    often = f" {clue['count']} times" if clue.get("count", 1) > 1 else ""
    where = f" ({clue['where']})" if clue.get("where") else ""
    return f"{clue['term']}{often}{where}"


def keywords(report: Report) -> Said:
    if found := (report.get("article") or {}).get("keywords"):
        yield ", ".join(found), ""


def copies(report: Report) -> Said:
    article = report.get("article") or {}
    if article.get("duplicate_of"):
        yield f"duplicate of {article['duplicate_of']}", ""
    for each in article.get("relations", ())[:MOST]:
        what = RELATION.get(each["relation"], f"{each['relation']} of")
        yield f"{what} {each['url']}".rstrip() + _shared(each), f"by {each['reason']}"
    others = article.get("others", [])
    for each in others[:MOST]:
        what = OTHER.get(each["relation"], f"has this {each['relation']}:")
        yield f"{what} {each['url']}{_shared(each)}", ""
    yield from _more(others)


def _shared(each: Report) -> str:
    share = f", {each['shared']:.0%} shared" if each["shared"] is not None else ""
    return f"{share}, {each['reason']}" if each["reason"] else share


def stories(report: Report) -> Said:
    found = (report.get("article") or {}).get("stories", [])
    for each in found[:MOST]:
        yield f"{each['score']:.2f} {each['url']}", ""
        clues = (f"{clue['kind']} {clue['value']}" for clue in each["evidence"][:MOST])
        yield f"both have {', '.join(clues)}", ASIDE
    yield from _more(found)


def versions(report: Report) -> Said:
    found = (report.get("article") or {}).get("versions", [])[::-1]
    for each in found[:MOST]:
        words = f"{each['added']} words came, {each['removed']} went"
        yield f"changed when seen {each['seen']}: {words}", ""
        yield from ((f"- {text}", ASIDE) for text in each["went"][:MOST])
        yield from ((f"+ {text}", ASIDE) for text in each["came"][:MOST])
    yield from _more(found)


def _first(names: list[str]) -> str:
    more = f" and {len(names) - MOST} others" if len(names) > MOST else ""
    return ", ".join(names[:MOST]) + more


def _more(found: Iterable[Any]) -> Iterator[tuple[str, str]]:
    left = len(list(found)) - MOST
    if left > 0:
        yield f"and {left:,} others: see --json", ASIDE
