"""What a take-down means: which addresses of the ledger, and which copies of them elsewhere."""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlite_utils import Database

from crawler import archive, tombstones, urls
from crawler.errors import ConfigError
from crawler.remains import Pieces
from enrich.hosts import site
from enrich.text import fold

Row = dict[str, Any]
Rows = dict[int, Row]

LEADS_TO = "leads to "  # how the reason of a duplicate begins (spiders.news)
# Relations by which a text is another one's: enrich.clusters.
COPIES = ("original", "same_page", "exact", "reprint", "excerpt")
# Of a whole host, these stand for the others, which went in the same way.
MOST_TEXTS = 1_000
WORDS = ("title", "text", "summary", "content")  # of hints
# All of the ledger that has an address still, with whatever else it is known by.
ADDRESSES = """
    SELECT urls.id, urls.url, urls.source, urls.reason, articles.url AS page, canonical, title,
           authors, articles.id AS article
    FROM urls LEFT JOIN articles ON url_id = urls.id WHERE outcome <> 'forgotten'
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is to be forgotten: `kind` is one of crawler.tombstones.KINDS.

    `reason` is a code and `ref` the operator's own number: both are kept, so no words are.
    """

    kind: str
    name: str
    reason: str
    ref: str | None = None

    def __post_init__(self) -> None:
        try:
            tombstones.identity(self.kind, self.name)
        except ValueError as error:
            raise ConfigError(str(error)) from error


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """An address of the ledger; `others` are those under which its page is known too."""

    id: int
    url: str
    source: str
    title: str | None
    article: int | None
    others: tuple[str, ...]


def targets(db: Database, wanted: Wanted) -> list[Target]:
    """The addresses that are meant, with those that lead to them or say that they are them."""
    named = tombstones.identity(wanted.kind, wanted.name)
    meant = {"url": _of_url, "host": _of_host, "author": _of_author}[wanted.kind](db, named)
    found = {row["id"]: row for row in db.query(ADDRESSES) if meant(row)}
    if wanted.kind == "url":
        found |= _led_to(db, found)
    while more := _leading(db, found):
        found |= more
    return [_target(row) for row in found.values()]


def _of_url(_: Database, named: str) -> Callable[[Row], bool]:
    # Most addresses are on other hosts, and seen to be at once.
    host = named.partition("/")[0].partition(":")[0]
    plain = host.isascii() and not host.startswith("xn--") and ".xn--" not in host

    def meant(row: Row) -> bool:
        near = [each for each in _known_by(row) if not plain or host in each.lower()]
        return any(_key(each) == named for each in near)

    return meant


def _of_host(_: Database, named: str) -> Callable[[Row], bool]:
    def meant(row: Row) -> bool:
        hosts = (site(_key(each).partition("/")[0].partition(":")[0]) for each in _known_by(row))
        return any(f".{host}".endswith(f".{named}") for host in hosts)

    return meant


def _of_author(db: Database, named: str) -> Callable[[Row], bool]:
    hinted = {
        url_id
        for url_id, names in db.execute(
            "SELECT url_id, json_extract(hints, '$.authors') FROM discoveries"
            " WHERE instr(hints, '\"authors\"')"
        )
        if _signed(names, named)
    }
    return lambda row: row["id"] in hinted or _signed(row["authors"], named)


def _signed(names: str | None, named: str) -> bool:
    return bool(names) and any(fold(name) == named for name in json.loads(names or "[]"))


def _led_to(db: Database, found: Rows) -> Rows:
    """What these lead to, or say that they are: to ask for one is to ask for the other."""
    keys = [_key(each) for row in found.values() for each in _claims(row)]
    sql = f"{ADDRESSES} AND urls.key IN (SELECT value FROM json_each(?))"
    return {row["id"]: row for row in db.query(sql, [json.dumps(keys)])}


def _leading(db: Database, found: Rows) -> Rows:
    """Whatever else leads to one of these, or says that it is one: it names its address."""
    keys = {_key(each) for row in found.values() for each in _own(row)}
    rows = db.query(f"{ADDRESSES} AND (canonical IS NOT NULL OR reason LIKE '{LEADS_TO}%')")
    return {
        row["id"]: row
        for row in rows
        if row["id"] not in found and any(_key(each) in keys for each in _claims(row))
    }


def _own(row: Row) -> list[str]:
    return [row["url"], *filter(None, [row["page"]])]


def _claims(row: Row) -> list[str]:
    led = row["reason"] or ""
    leads = [led.removeprefix(LEADS_TO)] if led.startswith(LEADS_TO) else []
    return [*filter(None, [row["canonical"]]), *leads]


def _known_by(row: Row) -> list[str]:
    return [*_own(row), *_claims(row)]


def _key(url: str) -> str:
    try:
        return urls.key(url)
    except ValueError:
        return ""


def _target(row: Row) -> Target:
    known = filter(None, [row["page"], row["canonical"]])
    others = dict.fromkeys(each for each in known if _key(each) != _key(row["url"]))
    return Target(
        id=row["id"], url=row["url"], source=row["source"], title=row["title"],
        article=row["article"], others=tuple(others),
    )  # fmt: skip


def copies(db: Database, found: Sequence[Target]) -> list[Target]:
    """Articles that have the text of these: other publishers' pages."""
    articles = json.dumps([target.article for target in found if target.article])
    marks = ", ".join(f"'{relation}'" for relation in COPIES)
    rows = db.query(
        f"{ADDRESSES} AND articles.id IN (SELECT article_id FROM duplicates"
        f" WHERE relation IN ({marks}) AND cluster IN (SELECT cluster FROM duplicates"
        f" WHERE relation IN ({marks}) AND article_id IN (SELECT value FROM json_each(?))))",
        [articles],
    )
    taken = {target.id for target in found}
    return [_target(row) for row in rows if row["id"] not in taken]


def pieces(db: Database, found: Iterable[Target]) -> Pieces:
    """What to know their addresses again by, and of up to MOST_TEXTS of them the texts."""
    told, found = Pieces(), list(found)
    for target in found:
        for url in (target.url, *target.others):
            told.address(url)
    for target in found[:: -(-len(found) // MOST_TEXTS) or 1]:
        told.text(target.title)
        for (body,) in db.execute("SELECT body FROM pages WHERE url_id = ?", [target.id]):
            told.packed(body)
        for (hints,) in db.execute("SELECT hints FROM discoveries WHERE url_id = ?", [target.id]):
            said = json.loads(hints)
            told.text(*(said.get(name) for name in WORDS))
        for sql, packed in TEXTS:
            for (value,) in db.execute(sql, [target.article]):
                if packed:
                    told.packed(value)
                told.text(archive.unpack(value).decode() if packed else value)
    return told


# Texts of an article, and whether they are packed.
TEXTS = (
    ("SELECT text FROM article_texts WHERE article_id = ?", False),
    ("SELECT text FROM replaced_texts WHERE article_id = ?", False),
    ("SELECT title FROM versions WHERE article_id = ?", False),
    ("SELECT diff FROM versions WHERE article_id = ?", False),
    ("SELECT text FROM versions WHERE article_id = ?", True),
    ("SELECT text FROM sieved WHERE article_id = ?", True),
)
