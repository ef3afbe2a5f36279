"""A private row into published rows: what is shown of an article, table by table.

Pure, so that a pool of processes can do it: a Batch in, rows out.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlite_utils import Database

from crawler import index, registry, stories
from crawler.items import Source
from crawler.showing import (
    EXTRACT_CHARACTERS,
    Rights,
    Rules,
    capped,
    extract_of,
    rights,
    rules,
    signals_of,
)
from crawler.urls import web_url
from crawler.words import folded
from enrich.detectors import canonical
from enrich.keywords import MOST
from enrich.language import UNDETERMINED
from enrich.organisations import gazetteer
from enrich.places import main_country
from enrich.rights import Signals
from enrich.vocabulary import lexicon

Row = dict[str, Any]
Docs = Mapping[int, int | None] | Sequence[int]  # numbers in the index, by article
Columns = tuple[str, ...]
Rows = dict[str, tuple[Columns, list[list[Any]]]]  # by table: names of columns, and their values

SAME = (
    "id", "url", "url_key", "source", "title", "authors", "published", "published_source",
    "fetched", "language", "language_tag", "language_confidence", "language_method",
    "language_declared", "language_claims", "words", "categories", "updated", "versions",
    "gone", "expired", "content_hash", "enricher", "duplicate_of", "kind", "signed_by", "section",
    "origin_publisher", "relation", "candidates", "themes_method", "doc",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What is the same for every article of a snapshot.

    `whole` shows every text, else no more than `most` (crawler.showing.capped) is shown of any;
    `now` is when rights are weighed.
    """

    sources: Mapping[str, Source]
    reservations: Mapping[str, Rules]
    whole: bool
    most: str = "licensed"
    now: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Articles of the private database with all that is needed to show them."""

    articles: list[Row]
    removed: list[Row]
    versions: list[Row]
    context: Context


def published(batch: Batch) -> Rows:
    """What the published tables get for a batch."""
    removed, versions = _by_article(batch.removed), _by_article(batch.versions)
    found: dict[str, list[Row]] = defaultdict(list)
    for row in batch.articles:
        for table, rows in _of(row, batch, removed.get(row["id"], []), versions.get(row["id"], [])):
            found[table] += rows
    return {table: valued(rows) for table, rows in found.items() if rows}


def valued(rows: Iterable[Row]) -> tuple[Columns, list[list[Any]]]:
    """Rows as names and values: half as much to send from one process to another."""
    listed = list(rows)
    names = tuple(listed[0]) if listed else ()
    return names, [[row[name] for name in names] for row in listed]


def documents(found: list[tuple[int, str, str, index.Listed]]) -> list[tuple[int, index.Document]]:
    """Numbers with what the index gets: from number, title, text and listing."""
    return [(doc, index.document(title, text, listed)) for doc, title, text, listed in found]


def _by_article(rows: Iterable[Row]) -> dict[int, list[Row]]:
    found: dict[int, list[Row]] = defaultdict(list)
    for row in rows:
        found[row["article_id"]].append(row)
    return found


def _of(
    row: Row, batch: Batch, removed: list[Row], versions: list[Row]
) -> Iterator[tuple[str, list[Row]]]:
    ident, source = row["id"], batch.context.sources[row["source"]]
    signals = signals_of(row["declared"])
    shown = shown_of(row, batch.context, signals)
    places = _tags(ident, row["countries"])
    themes = _tags(ident, row["themes"])
    yield "articles", [_article(row, shown, signals, source)]
    if shown.level == "full":
        yield "article_texts", [{"article_id": ident, "text": row["text"]}]
    # Without what the lexicon has dropped since.
    yield "article_themes", [tag for tag in themes if tag["theme"] in lexicon()]
    yield "article_countries", places
    yield "article_regions", _tags(ident, row["regions"])
    yield "article_organisations", list(_bodies(ident, row["organisations"]))
    yield "attachments", list(_attachments(ident, row["attachments"], shown))
    yield "removed_lines", list(_removed(removed, shown))
    yield "article_languages", _shares(row)
    yield (
        "language_votes",
        [{"article_id": ident, **vote} for vote in json.loads(row["language_votes"])],
    )
    # What changed, with words only where the whole text may be shown.
    yield (
        "article_versions",
        [
            {**version, "diff": version["diff"] if shown.level == "full" else None}
            for version in versions
        ],
    )


def shown_of(row: Row, context: Context, signals: Signals) -> Rights:
    """What may be shown of an article of the private database (see ARTICLES)."""
    shown = rights(
        context.sources[row["source"]],
        row["url"],
        json.loads(row["headers"]),
        signals=signals,
        rules=rules(context.reservations, row["url"], row["host"]),
        now=context.now,
    )
    if row["expired"]:
        return replace(shown, level="metadata", why=("its text was let go for its age",))
    if context.whole:
        return replace(shown, level="full", characters=EXTRACT_CHARACTERS)
    if row["unseen"] and shown.level == "full":
        why = ("what its page says of its rights is not known yet",)
        shown = replace(shown, level="extract", why=why)
    return capped(shown, context.most)


def _article(row: Row, shown: Rights, signals: Signals, source: Source) -> Row:
    country, country_from = main_country(
        ((place["country"], place["score"]) for place in json.loads(row["countries"])),
        None if source.country == registry.INTERNATIONAL else source.country,
    )
    return {
        **{name: row[name] for name in SAME},
        "summary": _extract(row["text"], shown),
        "keywords": _json(_keywords(row, shown)),
        "image_caption": _extract(row["image_caption"] or "", shown) or None,
        "language_conflict": _conflict(row),
        "country": country,
        "country_from": country_from,
        # Checked again here: whatever is published may become a link.
        "image": web_url(row["image"] or ""),
        "origin_url": web_url(row["origin_url"] or ""),
        "rights": shown.level,
        "tdm": shown.tdm,
        "robots": ", ".join(shown.robots) or None,
        "licences": _json([at for one in signals.licences if (at := web_url(one))]),
    }


def _keywords(row: Row, shown: Rights) -> list[str]:
    """Of a text that may be shown in part, those that stand in its title or in that part.

    None of a text that shows nothing but its title.
    """
    found: list[str] = json.loads(row["keywords"])
    if shown.level == "extract":
        visible = f" {folded(row['title'])} {folded(_extract(row['text'], shown))} "
        found = [phrase for phrase in found if f" {folded(phrase)} " in visible]
    return found[:MOST] if shown.level != "metadata" else []


def _tags(article: int, tags: str) -> list[Row]:
    return [
        {"article_id": article, **tag, "evidence": _json(tag["evidence"])}
        for tag in json.loads(tags)
    ]


def _bodies(article: int, tags: str) -> Iterator[Row]:
    """The organisations of an article, without what the gazetteer has dropped since."""
    for tag in _tags(article, tags):
        if tag["organisation"] in gazetteer():
            del tag["name"]
            yield tag


def _attachments(article: int, attachments: str, shown: Rights) -> Iterator[Row]:
    for number, each in enumerate(json.loads(attachments)):
        if url := web_url(each["url"]):
            yield {
                "article_id": article, "number": number, "url": url,
                "label": _extract(each["label"], shown),
                "media_type": each.get("media_type"), "size": each.get("size"),
            }  # fmt: skip


def _removed(rows: list[Row], shown: Rights) -> Iterator[Row]:
    """What was taken out of a text: what the site repeats; the rest where all may be shown."""
    if shown.level != "full" and shown.characters != EXTRACT_CHARACTERS:
        return
    told = (row for row in rows if shown.level == "full" or row["rule"] == "memory")
    for number, row in enumerate(told):
        yield {**row, "number": number, "text": extract_of(row["text"], shown.characters)}


def _shares(row: Row) -> list[Row]:
    """The languages of its paragraphs, its own among them."""
    found = json.loads(row["language_shares"]) or [{"language": row["language"], "share": 1.0}]
    if row["language"] not in {each["language"] for each in found}:
        # Paragraphs that each look like one language, and together like its neighbour.
        found[0]["language"] = row["language"]
    return [{"article_id": row["id"], **each} for each in found]


def _conflict(row: Row) -> bool | None:
    """Whether the page declares another language than was found; None where either is not known."""
    code = canonical(row["language_declared"] or UNDETERMINED, row["title"])
    if code is None or row["language"] == UNDETERMINED:
        return None
    return bool(code != row["language"])


def _extract(text: str, shown: Rights) -> str:
    return "" if shown.level == "metadata" else extract_of(text, shown.characters)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def insert(db: Database, rows: Rows) -> None:
    for table, (names, values) in rows.items():
        if values:
            marks = ", ".join("?" * len(names))
            db.conn.executemany(
                f"INSERT INTO {table} ({', '.join(names)}) VALUES ({marks})", values
            )


# --- Asking the private database -----------------------------------------------------------------


def read(source: Database, ids: list[int], docs: Docs, context: Context) -> Batch:
    """The articles of these ids; `docs` are their numbers in the index."""
    listed = [json.dumps(ids)]
    articles = [{**row, "doc": docs[row["id"]]} for row in source.query(ARTICLES, listed)]
    named = {row["source"] for row in articles}
    return Batch(
        articles=articles,
        removed=list(source.query(REMOVED, listed)),
        versions=list(source.query(VERSIONS, listed)),
        context=replace(context, sources={name: context.sources[name] for name in named}),
    )


def related(source: Database, ids: list[int]) -> Rows:
    """What these articles are to others: one text, one story."""
    listed = "SELECT * FROM duplicates WHERE article_id IN (SELECT value FROM json_each(?))"
    return {
        "duplicates": valued(source.query(listed, [json.dumps(ids)])),
        "same_story": valued(stories.links(source, ids)),
    }


ARTICLES = """
    SELECT articles.*, urls.key AS url_key, urls.host, urls.enricher, urls.gone,
           article_texts.text, coalesce(notices.headers, pages.headers) AS headers,
           coalesce(notices.signals, articles.signals) AS declared,
           -- What its page says of its rights is not known.
           urls.given AND notices.url_id IS NULL AS unseen,
           (SELECT count(*) FROM versions WHERE article_id = articles.id) AS versions
    FROM articles JOIN urls ON urls.id = articles.url_id
      JOIN pages ON pages.id = articles.page_id
      LEFT JOIN notices ON notices.url_id = urls.id AND urls.given
      JOIN article_texts ON article_texts.article_id = articles.id
    WHERE articles.id IN (SELECT value FROM json_each(?)) ORDER BY articles.id
"""
REMOVED = """
    SELECT article_id, text, rule, articles FROM removed_lines
    WHERE article_id IN (SELECT value FROM json_each(?)) ORDER BY article_id, id
"""
VERSIONS = """
    SELECT article_id, number, title, seen, added, removed, diff FROM versions
    WHERE article_id IN (SELECT value FROM json_each(?)) ORDER BY article_id, number
"""
