"""Why a page was read as it was: lines kept and removed, and every candidate that did not win.

A report is a plain dict, the same for a person (`show`) and as JSON.
"""

import json
import sqlite3
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from itertools import accumulate
from math import exp
from pathlib import Path
from typing import Any, TextIO

from rich.console import Console
from rich.table import Table
from rich.text import Text
from sqlite_utils import Database

from crawler import archive, channels, database, identity, pages, schema, urls
from crawler.errors import ConfigError, TamisError
from crawler.readings import Unread
from enrich import bodies, kinds
from enrich.annotate import version
from enrich.article import UNTOLD, Extracted, Hints
from enrich.blocks import Block, key, layout, visible
from enrich.charset import decode
from enrich.chosen import Chosen
from enrich.claims import claims_of
from enrich.extract import bcp47, engine_tree, extract
from enrich.language import LanguageHints, identify, priors
from enrich.sieve import MAX_SEARCHED, MIN_FOUND
from enrich.text import printable

Report = dict[str, Any]

PLAIN_WIDTH = 120  # columns, where there is no terminal
# What is shown to a person of one choice, and of one fact in characters; real pages have less.
MAX_OTHERS, MAX_FACT = 20, 1_000
BY_KEY = "SELECT * FROM urls WHERE key = ?"
# The published database shows where a redirect ended. No index has that, since nothing else asks.
BY_ARTICLE = "SELECT urls.* FROM urls JOIN articles ON url_id = urls.id WHERE articles.url = ?"
RIGHTS_HEADERS = ("x-robots-tag", "tdm-reservation", "tdm-policy")
NEWEST = """
    SELECT id, url, fetched, status, content_type, headers, body FROM pages WHERE url_id = ?
    ORDER BY fetched DESC, id DESC LIMIT 1
"""
NAMED_BY = f"""
    SELECT channels.source, channels.kind, channels.url AS channel, discoveries.discovered
    FROM discoveries JOIN channels ON channels.id = discoveries.channel
    WHERE url_id = ? ORDER BY {channels.BEST_FIRST}
"""
ARTICLE = """
    SELECT articles.id, kept.url AS duplicate_of
    FROM articles LEFT JOIN articles AS kept ON kept.id = articles.duplicate_of
    WHERE articles.url_id = ?
"""
RELATIONS = """
    SELECT duplicates.relation, other.url, shared, reason FROM duplicates
    JOIN articles AS other ON other.id = cluster
    WHERE article_id = :article AND duplicates.relation <> 'original'
    UNION ALL
    SELECT 'original', '', NULL, reason FROM duplicates
    WHERE article_id = :article AND relation = 'original'
    ORDER BY 1, 2
"""


# -- what is reported


def of_page(
    body: bytes | str, url: str, *, content_type: str | None = None, hints: Hints = UNTOLD
) -> Report:
    """Read a page and say why so. Never raises for what a page may hold."""
    found = extract(body, url, content_type=content_type, hints=hints)
    said = LanguageHints(feed=bcp47(hints.language), alternate=found.alternate_language, url=url)
    return _report(found, body, url, content_type, said)


def of_article(db: Database, url: str) -> Report:
    """The same of what is archived at `url`, with what the ledger knows of it. Only reads.

    Raises TamisError if the ledger does not know the address.
    """
    if urls.web_url(url) is None:
        raise ConfigError(f"{url!r} is no web address: write it as in https://example.org/a")
    row = _row(db, url)
    if row is None:
        raise TamisError(f"{url} is not in the ledger: no channel has named it yet")
    report: Report = {
        "ledger": {
            name: row[name]
            for name in (
                "url", "source", "outcome", "reason", "discovered", "decided", "first_fetched",
                "last_fetched", "gone", "look", "enricher",
            )
        },
        "named_by": list(db.query(NAMED_BY, [row["id"]])),
        "page": None,
        "article": None,
    }  # fmt: skip
    if page := next(db.query(NEWEST, [row["id"]]), None):
        packed = page.pop("body")
        headers = json.loads(page.pop("headers"))
        report["page"] = {**page, "bytes": len(archive.unpack(packed)), "headers": headers}
        unread = Unread(
            url_id=row["id"], page_id=0, source=row["source"], url=page["url"],
            fetched=page["fetched"], content_type=page["content_type"], body=packed,
            hints=channels.hints(db, [row["id"]]).get(row["id"], {}), languages=_spoken(db, row),
        )  # fmt: skip
        report |= _archived(unread)
    if article := next(db.query(ARTICLE, [row["id"]]), None):
        report["article"] = {
            **article,
            "duplicates": _duplicates(db, article["id"]),
            "relations": list(db.query(RELATIONS, {"article": article["id"]})),
        }
        _forget(report, _remembered(db, article["id"]))
    return _clean(report)


def _row(db: Database, url: str) -> Report | None:
    """The ledger's row of an address, or of the one that led to the article there."""
    for query, value in ((BY_KEY, urls.key(url)), (BY_ARTICLE, urls.clean(url))):
        if row := next(db.query(query, [value]), None):
            return row
    return None


def _spoken(db: Database, row: Report) -> tuple[str, ...]:
    """The languages of the source's record."""
    (record,) = db.execute("SELECT record FROM sources WHERE id = ?", [row["source"]]).fetchone()
    return tuple(json.loads(record)["languages"])


@contextmanager
def opened(path: Path) -> Iterator[Database]:
    """The private database to read from, as it is at this moment, while others may write to it.

    ConfigError if there is none, or if it waits to be brought to today's schema.
    """
    if not path.is_file():
        raise ConfigError(
            f"{path} does not exist: `tamis crawl` makes it, or name another with --db"
        )
    with database.told(path):
        conn = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)
        try:
            db = Database(conn)
            conn.execute(f"PRAGMA busy_timeout = {database.BUSY_MILLISECONDS}")
            conn.execute("BEGIN")
            _refuse(db, path)
            yield db
        finally:
            conn.close()


def _refuse(db: Database, path: Path) -> None:
    try:
        applied, pending = schema.private.applied(db), schema.private.pending(db)
    except sqlite3.DatabaseError as error:
        raise ConfigError(f"{path} cannot be used as the private database: {error}") from error
    if not applied:
        raise ConfigError(f"{path} cannot be used as the private database: it is none")
    if pending:
        raise ConfigError(f"{path} is of an older version: run `tamis enrich` once")


def _archived(page: Unread) -> Report:
    found, body = pages.extracted(page)
    own = isinstance(body, bytes)
    said = pages.claims(page, found)
    report = _report(found, body, page.url, page.content_type if own else None, said)
    return {**report, "text_from": "page" if own else "feed"}


def _report(
    found: Extracted, body: bytes | str, url: str, content_type: str | None, said: LanguageHints
) -> Report:
    tree = _tree(body, content_type, said.feed)
    explained = found.explained
    report = {
        "url": url,
        "kind": found.kind,
        "reason": found.reason,
        "signs": _signs(found, tree, url),
        "title": _chosen(explained.title if explained else None, found.title),
        "published": _chosen(explained.published if explained else None, found.published),
        "authors": {
            **_chosen(explained.authors if explained else None, ()),
            "signed": found.authors,
            "signed_by": found.signed_by,
        },
        "language": _language_of(found, said),
        "image": found.image and asdict(found.image),
        "section": found.section,
        "categories": found.categories,
        "canonical": identity.canonical((*found.canonicals, *filter(None, [found.og_url])), url),
        "origin": found.origin and asdict(found.origin),
        "attachments": [asdict(attachment) for attachment in found.attachments],
        "rights": asdict(found.rights),
        "words": found.words,
        "cut": found.cut,
        "lines": _lines(found, visible(tree) if tree is not None else ()),
    }
    return _clean(report)


def _language_of(found: Extracted, said: LanguageHints) -> Report:
    """What language it is in, who said so, and how much likelier each claim makes its language."""
    language = identify(found.title, found.text, found.declared_language, hints=said)
    worth = priors(found.declared_language, said)
    return {
        "code": language.code,
        "tag": language.tag,
        "confidence": language.confidence,
        "method": language.method,
        "declared": found.declared_language,
        "claims": {"feed": said.feed, "alternate": said.alternate, "source": said.source},
        "likelier": {code: round(exp(each)) for code, each in worth.items()},
        "votes": [asdict(vote) for vote in language.votes],
        "shares": [asdict(share) for share in language.shares],
    }


def _tree(body: bytes | str, content_type: str | None, language: str | None) -> Any:
    """The page's tree as `enrich.extract` has it, or None."""
    if bodies.refuse(body, content_type):
        return None
    html = body if isinstance(body, str) else decode(body, content_type, language)[0]
    return engine_tree(bodies.readable(html)[0])


def _signs(found: Extracted, tree: Any, url: str) -> dict[str, list[Report]]:
    """The signs for a kind that hold, under what they speak for."""
    if tree is None or found.explained is None:
        return {}
    published = found.published if found.published_source != "page" else None
    given = kinds.signs(
        tree, layout(tree), claims_of(tree), url=url, text=found.text, title=found.title,
        published=published, authors=found.explained.authors.value,
    )  # fmt: skip
    return {name: [asdict(sign) for sign in signs] for name, signs in given.items() if signs}


def _chosen(chosen: Chosen[Any] | None, value: Any) -> Report:
    """How a value won; where no page was read, the value that the feed gives."""
    return asdict(chosen or Chosen(value=value, source="feed" if value else None, why="no page"))


# -- the lines in the order of the page


def _lines(found: Extracted, blocks: Sequence[Block]) -> list[Report]:
    """The lines kept, in the order of the text, and between them those removed, where they stood.

    A line that is nowhere on the page follows the one before it.
    """
    explained = found.explained
    places = _Places(blocks)
    rules = {change.text: change.rule for change in explained.added} if explained else {}
    gone: list[tuple[int, Report]] = []
    last = 0
    for change in explained.removed if explained else ():
        at = places.find(change.text)
        last = last if at is None else at
        gone.append((last, {"text": change.text, "what": "removed", "rule": change.rule}))
    waiting = sorted(gone, key=lambda line: line[0], reverse=True)
    told: list[Report] = []
    here = 0
    for line in found.text.split("\n") if found.text else ():
        at = places.find(line, here)
        here = here if at is None else max(here, at)
        while waiting and at is not None and waiting[-1][0] < at:
            told.append(waiting.pop()[1])
        rule = rules.get(line)
        told.append({"text": line, "what": "added" if rule else "kept", "rule": rule})
    return [*told, *(line for _, line in reversed(waiting))]


class _Places:
    """Where lines stand on a page, as the number of letters and digits before them.

    Spaces do not count: the engine loses and adds some.
    """

    def __init__(self, blocks: Sequence[Block]) -> None:
        compacts = [block.key.replace(" ", "") for block in blocks]
        self.whole = "".join(compacts)
        self.starts: defaultdict[str, list[int]] = defaultdict(list)
        for start, compact in zip(
            accumulate(map(len, compacts), initial=0), compacts, strict=False
        ):
            self.starts[compact].append(start)
        self.searched = 0

    def find(self, line: str, after: int = 0) -> int | None:
        """The first place from `after` on, or else the last before it."""
        compact = key(line).replace(" ", "")
        if starts := self.starts.get(compact):
            return starts[min(bisect_left(starts, after), len(starts) - 1)]
        if len(compact) < MIN_FOUND or self.searched > MAX_SEARCHED:
            return None
        self.searched += len(self.whole)
        at = self.whole.find(compact, after)
        at = at if at >= 0 else self.whole.rfind(compact)
        return at if at >= 0 else None


# -- what the database knows besides


def _duplicates(db: Database, article: int) -> list[str]:
    rows = db.execute("SELECT url FROM articles WHERE duplicate_of = ? ORDER BY url", [article])
    return [url for (url,) in rows.fetchall()]


def _remembered(db: Database, article: int) -> list[Report]:
    """The lines that the memory of the site took out of the stored article."""
    return list(
        db.query(
            "SELECT line, text, rule, articles FROM removed_lines"
            " WHERE article_id = ? AND line IS NOT NULL ORDER BY line",
            [article],
        )
    )


def _forget(report: Report, gone: Iterable[Report]) -> None:
    """Mark these among the lines of the report; one that the page no longer has comes last."""
    lines = report.setdefault("lines", [])
    kept = [line for line in lines if line["what"] != "removed"]
    for removed in gone:
        number = removed["line"]
        told = {"what": "removed", "rule": removed["rule"], "articles": removed["articles"]}
        if number < len(kept) and kept[number]["text"].startswith(printable(removed["text"])):
            kept[number].update(told)
        else:
            lines.append({"text": removed["text"], **told})


def _clean(report: Report) -> Report:
    """The same without the characters that would harm a terminal."""
    return {name: _printable(value) for name, value in report.items()}


def _printable(value: Any) -> Any:
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, dict):
        return {name: _printable(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_printable(each) for each in value]
    return value


# -- for a person


def show(report: Report, out: TextIO) -> None:
    """Print the report: what the ledger says, what the page is, each choice, then every line."""
    console = Console(
        file=out, width=None if out.isatty() else PLAIN_WIDTH, highlight=False, markup=False,
        emoji=False,
    )  # fmt: skip
    facts, lines = _columns(), _columns()
    for name, told in _facts(report):
        for number, line in enumerate(told):
            facts.add_row(Text(name if number == 0 else "", "bold"), line)
    for line in report.get("lines", ()):
        style = STYLES[line["what"]]
        lines.add_row(Text(_mark(line), style), Text(_flat(line["text"]), style))
    with console.capture() as captured:
        console.print(facts)
        if lines.row_count:
            console.print()
            console.print(lines)
    # Tables fill their lines with blanks.
    out.writelines(f"{line.rstrip()}\n" for line in captured.get().splitlines())


def _columns() -> Table:
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    return table


STYLES = {"kept": "", "removed": "red", "added": "green"}
MARKS = {"kept": " ", "removed": "-", "added": "+"}


def _mark(line: Report) -> str:
    others = f" ({line['articles']} articles)" if line.get("articles") else ""
    return f"{MARKS[line['what']]} {line['rule'] or 'kept'}{others}"


def _facts(report: Report) -> Iterator[tuple[str, list[Text]]]:
    """Names with what is to be said of them, line by line; those with nothing are left out."""
    for name, tell in FACTS.items():
        if told := [Text(_flat(line)[:MAX_FACT], style) for line, style in tell(report)]:
            yield name, told


# -- what is said under each name, a line at a time, with its style

Said = Iterator[tuple[str, str]]
ASIDE = "dim"


def _ledger(report: Report) -> Said:
    if not (ledger := report.get("ledger")):
        return
    yield _because(ledger["outcome"], ledger["reason"]), ""
    days = ("discovered", "decided", "first_fetched", "last_fetched", "gone", "look")
    known = [f"{name.replace('_', ' ')} {ledger[name]}" for name in days if ledger[name]]
    yield ", ".join(known), ASIDE
    if ledger["enricher"] not in (None, version()):
        yield f"stored as {ledger['enricher']} read it; below as {version()} does", ASIDE


def _named_by(report: Report) -> Said:
    for channel in report.get("named_by", ()):
        told = f"{channel['source']}, {channel['kind']} {channel['channel']}"
        yield f"{told}, {channel['discovered']}", ""


def _archived_page(report: Report) -> Said:
    if page := report.get("page"):
        kind = page["content_type"] or "no content type"
        yield f"fetched {page['fetched']}, {page['status']}, {kind}, {page['bytes']:,} bytes", ""
        if page["url"] != report["ledger"]["url"]:
            yield page["url"], ASIDE
        if report["text_from"] == "feed":
            yield "it shows no text, so what the feed has of it was read", ASIDE
    elif "ledger" in report:
        yield "none is archived", ""


def _copies(report: Report) -> Said:
    article = report.get("article") or {}
    if article.get("duplicate_of"):
        yield f"duplicate of {article['duplicate_of']}", ""
    for url in article.get("duplicates", ()):
        yield f"duplicated by {url}", ""
    for each in article.get("relations", ()):
        what = {"original": "original of these", "series": "in a series with"}.get(
            each["relation"], f"{each['relation']} of"
        )
        share = f", {each['shared']:.0%} shared" if each["shared"] is not None else ""
        yield f"{what} {each['url']}".rstrip() + share, f"by {each['reason']}"


# What the signs of `enrich.kinds.signs` speak for.
FOR = {
    "for an article": ("article", "running text", "follows"),
    "for a listing": ("cards", "listing"),
    "for a standing page": ("static",),
}


def _kind(report: Report) -> Said:
    if "kind" not in report:
        return
    cut = ", its end cut off" if report["cut"] else ""
    yield f"{report['kind']} ({report['reason']})", ""
    yield f"{report['words']:,} words{cut}", ASIDE
    for what, names in FOR.items():
        signs = [sign for name in names for sign in report["signs"].get(name, ())]
        if signs:
            told = ", ".join(f"{sign['what']} ({sign['points']:g})" for sign in signs)
            yield f"{what}: {told}", ASIDE


def _choice(name: str) -> Callable[[Report], Said]:
    def tell(report: Report) -> Said:
        if name not in report:
            return
        chosen = report[name]
        source = f" [{chosen['source']}]" if chosen["source"] else ""
        yield f"{_value(chosen['value'])}{source}", ""
        yield chosen["why"], ASIDE
        if chosen.get("signed_by") == "organisation":
            yield f"signed by an organisation: {_value(chosen['signed'])}", ""
        same = [other for other in chosen["candidates"] if other["value"] == chosen["value"]]
        if sources := sorted({other["source"] for other in same} - {chosen["source"]}):
            yield f"so has {_value(sources)}", ASIDE
        others = [other for other in chosen["candidates"] if other not in same]
        for other in others[:MAX_OTHERS]:
            told = f"{_value(other['value'])} [{other['source']}]"
            why_not = other["why_not"]
            yield (f"not {_because(told, why_not)}" if why_not else f"also {told}"), ASIDE
        if len(others) > MAX_OTHERS:
            yield f"and {len(others) - MAX_OTHERS:,} others: see --json", ASIDE

    return tell


def _language(report: Report) -> Said:
    if not (language := report.get("language")):
        return
    declared = f", the page declares {language['declared']}" if language["declared"] else ""
    yield f"{language['tag']} ({language['method']}, {language['confidence']:.2f}){declared}", ""
    if language["shares"]:
        shares = (f"{each['language']} {each['share']:.0%}" for each in language["shares"])
        yield f"paragraphs: {', '.join(shares)}", ASIDE
    for name in dict.fromkeys(vote["detector"] for vote in language["votes"]):
        votes = (
            f"{vote['language']} {vote['probability']:.2f}"
            for vote in language["votes"] if vote["detector"] == name
        )  # fmt: skip
        yield f"{name}: {', '.join(votes)}", ASIDE
    claims = [f"{who} {_value(what)}" for who, what in language["claims"].items() if what]
    if claims:
        yield f"also claimed: {'; '.join(claims)}", ASIDE
    if language["likelier"]:
        times = (f"{code} {n} times" for code, n in language["likelier"].items())
        yield f"claims make likelier: {', '.join(times)}", ASIDE


def _origin(report: Report) -> Said:
    if origin := report.get("origin"):
        where = " ".join(filter(None, [origin["publisher"], origin["url"]]))
        yield f"{origin['relation']}: {where}", ""
        yield f"known by: {origin['phrase']}", ASIDE
        yield from ((f"in the words: {words}", ASIDE) for words in origin["words"])


def _attachments(report: Report) -> Said:
    for document in report.get("attachments", ()):
        size = f"{document['size']:,} bytes" if document["size"] else None
        about = ", ".join(filter(None, [document["label"], document["media_type"], size]))
        yield document["url"], ""
        yield about, ASIDE


def _image(report: Report) -> Said:
    if image := report.get("image"):
        yield f"{image['url']} [{image['source']}]", ""
        for name in ("caption", "credit", "alt"):
            if image[name]:
                yield f"{name}: {image[name]}", ASIDE


def _joined(name: str, mark: str) -> Callable[[Report], Said]:
    def tell(report: Report) -> Said:
        if report.get(name):
            yield mark.join(report[name]), ""

    return tell


def _canonical(report: Report) -> Said:
    if report.get("canonical") and report["canonical"] != report["url"]:
        yield report["canonical"], ""


def _rights(report: Report) -> Said:
    for name, value in report.get("rights", {}).items():
        if value not in (None, []):
            yield f"{name.replace('_', ' ')}: {value if value == 0 else _value(value)}", ""
    headers = (report.get("page") or {}).get("headers", {})
    for name in RIGHTS_HEADERS:
        if name in headers:
            yield f"header {name}: {headers[name]}", ""


def _counted(report: Report) -> Said:
    if lines := report.get("lines"):
        counts = Counter(line["what"] for line in lines)
        told = [
            f"{counts['kept']} kept",
            f"{counts['added']} put in",
            f"{counts['removed']} removed",
        ]
        yield ", ".join(told), ""


def _address(report: Report) -> Said:
    yield report["ledger"]["url"] if "ledger" in report else report["url"], ""


# In the order in which they are shown.
FACTS: dict[str, Callable[[Report], Said]] = {
    "url": _address,
    "ledger": _ledger,
    "named by": _named_by,
    "page": _archived_page,
    "copies": _copies,
    "kind": _kind,
    "title": _choice("title"),
    "published": _choice("published"),
    "authors": _choice("authors"),
    "language": _language,
    "section": _joined("section", " > "),
    "categories": _joined("categories", ", "),
    "origin": _origin,
    "canonical": _canonical,
    "image": _image,
    "documents": _attachments,
    "rights": _rights,
    "lines": _counted,
}


def _because(what: str, why: str | None) -> str:
    return f"{what}: {why}" if why else what


def _value(value: Any) -> str:
    """Names one after another; nothing is `none`."""
    return (", ".join(value) if isinstance(value, list) else str(value or "")) or "none"


def _flat(text: str) -> str:
    return " ".join(text.split())
