"""Private databases as several machines would have crawled them, made in the process that tests."""

import json
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from reading import read_all
from web import article

from crawler import clock, database, publish, published, store
from crawler.frontier import Frontier
from crawler.items import Address, Harvest, Link, Page, Source
from crawler.published import PRIVATE

# Of some length, so that texts of different articles share nothing.
PARAGRAPHS = (
    "La halte de nuit du port fictif ouvre quarante lits aux familles dès les premiers froids.",
    "Une péniche amarrée sert de bibliothèque aux enfants du canal, qui y lisent le mercredi.",
    "Le guichet des droits tient permanence au marché couvert, entre le fromager et le fleuriste.",
    "Trois jardiniers bénévoles taillent les pommiers du square avec les voisins du foyer.",
    "La cantine solidaire cherche un cuisinier qui sache nourrir cent personnes avec des invendus.",
    "Un minibus conduit les pensionnaires à la visite médicale le premier jeudi de chaque mois.",
    "Les locataires de la tour ont obtenu que l'ascenseur soit réparé avant la rentrée scolaire.",
    "Le club de boxe prête sa salle aux cours d'alphabétisation pendant la durée des travaux.",
)  # fmt: skip


def a_source(ident: str, *, host: str | None = None, **changes: Any) -> Source:
    home = f"http://{host or f'{ident}.test'}/"
    return Source(
        **{
            "id": ident, "name": ident.title(), "homepage": home, "country": "BE",
            "organisation": "ngo", "languages": ("fr",), "category": "social",
            "feeds": (Address(url=f"{home}feed", language="fr", grade="probed"),),
        } | changes
    )  # fmt: skip


def a_page(number: int, *more: str) -> bytes:
    first, second = PARAGRAPHS[number % 8], PARAGRAPHS[(number * 3 + 1) % 8]
    text = (first, f"L'avis porte le numéro {number}.", second, *more)
    return article(f"Avis {number} du quartier", *text)


@dataclass
class Machine:
    """One database, and what it is crawled for. Each `crawl` is one at a moment of its own."""

    path: Path
    sources: Sequence[Source]
    patch: pytest.MonkeyPatch
    registry: Sequence[Source] = field(default_factory=tuple)

    def at(self, moment: str) -> None:
        self.patch.setattr(clock, "moment", lambda: datetime.fromisoformat(moment))

    def crawl(
        self, moment: str, named: Mapping[str, Mapping[str, bytes | None]], *, read: bool = True
    ) -> None:
        """`named` says by source which addresses its feed names, and what is there: None, a 404."""
        self.at(moment)
        with closing(database.private(self.path)) as db:
            frontier = Frontier(db)
            known = self.registry or self.sources
            frontier.channels.sync(known, lambda source: [("feed", at) for at in source.feeds])
            urls = [source.feeds[0].url for source in self.sources if source.id in named]
            for channel in frontier.channels.due(urls, now="9999"):
                links = tuple(Link(url=url) for url in named[channel.source])
                frontier.channels.harvested(channel, Harvest(links=links))
            there = {url: body for pages in named.values() for url, body in pages.items()}
            db.execute(
                "UPDATE urls SET look = iif(url IN (SELECT value FROM json_each(?)), '', NULL)"
                " WHERE look IS NOT NULL",
                [json.dumps(list(there))],
            )
            while drawn := frontier.draw(list(named), now=clock.now(), limit=1000):
                for url in drawn:
                    body = there[url.url]
                    if body is None:
                        frontier.decided(url, "not_found", "HTTP 404")
                    else:
                        page = Page(url=url.url, fetched=clock.now(), status=200, body=body,
                                    content_type="text/html; charset=utf-8")  # fmt: skip
                        frontier.fetched(url, page)
            frontier.writes.flush()
            if read:
                read_all(db)
                store.settle(db)


def shown(path: Path, folder: Path) -> dict[str, list[tuple[Any, ...]]]:
    """All that is published of a database, by table."""
    news = folder / f"{path.stem}-news.db"
    publish.publish(path, news, level=PRIVATE)
    with closing(published.connect(news)) as conn:
        tables = [
            name
            for (name,) in conn.execute(
                "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE '%fts%'"
                " AND name NOT LIKE 'sqlite_%' AND name <> 'snapshot' ORDER BY 1"
            )
        ]
        return {
            table: sorted(conn.execute(f"SELECT * FROM {table}").fetchall(), key=repr)
            for table in tables
        }


LEDGER = """
    SELECT key, urls.url, urls.source, channels.url, urls.outcome, urls.reason, discovered,
           decided, gone,
           first_fetched, last_fetched, enricher, look,
           (SELECT json_group_array(fetched || length(body)) FROM
            (SELECT * FROM pages WHERE url_id = urls.id ORDER BY fetched)),
           (SELECT json_group_array(json_array(of.url, hints)) FROM
            (SELECT c.url, hints FROM discoveries JOIN channels AS c ON c.id = channel
             WHERE url_id = urls.id ORDER BY c.url) AS of)
    FROM urls JOIN channels ON channels.id = channel ORDER BY key
"""
ARTICLES = """
    SELECT u.key, articles.source, articles.title, article_texts.text, articles.fetched,
           articles.updated, pages.fetched, text_hash, articles.expired, themes,
           (SELECT urls.key FROM articles AS a JOIN urls ON urls.id = a.url_id
            WHERE a.id = articles.duplicate_of),
           (SELECT json_group_array(json_array(number, title, seen, diff)) FROM
            (SELECT * FROM versions WHERE article_id = articles.id ORDER BY number))
    FROM articles JOIN urls AS u ON u.id = articles.url_id JOIN pages ON pages.id = page_id
    JOIN article_texts ON article_id = articles.id ORDER BY u.key
"""


def collected(path: Path) -> dict[str, list[tuple[Any, ...]]]:
    """The ledger and the articles of a database, without their numbers."""
    with closing(database.private(path)) as db:
        return {sql: db.execute(sql).fetchall() for sql in (LEDGER, ARTICLES)}
