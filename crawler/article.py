"""All that is published of one article, as its page and its JSON tell it. Plain SQL, read only."""

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, fields
from typing import Any

from crawler.published import (
    Label,
    countries,
    languages,
    organisations,
    regions,
    rows,
    strings,
    themes,
)
from crawler.relations import (
    ORIGINAL,
    QUOTED_IN,
    QUOTES,
    REPRINTS,
    SERIES,
    Related,
    SameStory,
    first_told,
    related,
    reprints_in_all,
    same_story,
)

# --- What is answered ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Clue:
    """A term that was found, how often, and where: title, lead, text, or as a learnt word."""

    term: str
    count: int | None = None
    where: str | None = None


@dataclass(frozen=True, slots=True)
class Evidence:
    """Why an article was tagged so."""

    code: str
    name: str
    score: float
    evidence: tuple[Clue, ...]


@dataclass(frozen=True, slots=True)
class Vote:
    """What one detector said of an article's language."""

    detector: str
    language: Label
    probability: float


@dataclass(frozen=True, slots=True)
class Share:
    """A language of an article's paragraphs, and its share of their letters."""

    language: Label
    share: float


@dataclass(frozen=True, slots=True)
class Candidate:
    """What a title, a date or the authors could have been, where it stood, why it lost."""

    value: str
    source: str
    why_not: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Whom an article comes from, and what they let others do."""

    id: str
    name: str
    homepage: str
    country: Label
    organisation: str
    category: str
    licence: str | None
    licence_url: str | None
    terms_read_on: str | None
    tdm: str
    publish: str
    articles: int
    succeeded: str | None
    found: str | None
    failures: int


@dataclass(frozen=True, slots=True)
class Attachment:
    """A document that an article offers; `size` is in bytes, as stated."""

    url: str
    label: str
    media_type: str | None
    size: int | None


@dataclass(frozen=True, slots=True)
class RemovedLine:
    """A line that was taken out of a text; `articles` of the site have it, if that is why."""

    text: str
    rule: str
    articles: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """What an article was until the visit at `seen` found it changed, by words added and removed.

    `diff` (enrich.changes.Change) is there where the whole text may be shown.
    """

    number: int
    title: str
    seen: str
    added: int
    removed: int
    diff: str | None


@dataclass(frozen=True, slots=True)
class Discovery:
    """The row of the ledger: when the address was named first, when decided on, and how."""

    discovered: str
    decided: str | None
    outcome: str
    reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """All that is published of one article. `text` is None where rights allow an extract only.

    `country` is the first of `countries`, or that of the source: `country_from` says `text` or
    `source` (enrich.places.main_country). `candidates` are what lost, by `title`, `published` and
    `authors`. Of `reprints` there may be more than are named: `reprints_in_all`. `versions` are the
    earlier ones, newest first; `first` is the number of the article that told the story first, if
    all who tell it are dated.
    """

    id: int
    url: str
    title: str
    summary: str
    text: str | None
    kind: str
    authors: tuple[str, ...]
    signed_by: str | None
    source: Source
    published: str | None
    published_source: str | None
    candidates: dict[str, tuple[Candidate, ...]]
    fetched: str
    updated: str | None
    gone: str | None
    expired: str | None
    language: Label
    language_tag: str
    language_confidence: float | None
    language_method: str
    language_votes: tuple[Vote, ...]
    language_shares: tuple[Share, ...]
    language_declared: str | None
    language_claims: dict[str, Any]
    words: int
    keywords: tuple[str, ...]
    categories: tuple[str, ...]
    section: tuple[str, ...]
    image: str | None
    image_caption: str | None
    origin_url: str | None
    origin_publisher: str | None
    relation: str | None
    rights: str
    tdm: str | None
    robots: tuple[str, ...]
    licences: tuple[str, ...]
    content_hash: str
    enricher: str
    discovery: Discovery | None = None
    attachments: tuple[Attachment, ...] = ()
    removed: tuple[RemovedLine, ...] = ()
    versions: tuple[Version, ...] = ()
    themes: tuple[Evidence, ...] = ()
    themes_method: str = "lexicon"
    countries: tuple[Evidence, ...] = ()
    country: Label | None = None
    country_from: str | None = None
    regions: tuple[Evidence, ...] = ()
    organisations: tuple[Evidence, ...] = ()
    original: Related | None = None
    reprints: tuple[Related, ...] = ()
    reprints_in_all: int = 0
    series: tuple[Related, ...] = ()
    quoted_in: tuple[Related, ...] = ()
    quotes: tuple[Related, ...] = ()
    same_story: tuple[SameStory, ...] = ()
    first: int | None = None


# --- Asking --------------------------------------------------------------------------------------

Names = Callable[[sqlite3.Connection, str], dict[str, str]]


def article(conn: sqlite3.Connection, number: int, language: str = "en") -> Article | None:
    """All that is published of one article, or None if there is none of that number.

    Languages, themes, countries, regions and organisations are named in `language`.
    """
    if number >= 2**63:  # SQLite cannot hold it
        return None
    row = _one(conn, "SELECT * FROM articles WHERE id = ?", number)
    if row is None:
        return None
    text = _one(conn, "SELECT text FROM article_texts WHERE article_id = ?", number)
    names, places = languages(conn, language), countries(conn, language)
    stories = same_story(conn, number, language)
    original = row["duplicate_of"]
    reprints = related(conn, REPRINTS, number, original or number, language)
    return Article(
        text=text["text"] if text and row["rights"] == "full" else None,
        authors=strings(row["authors"]),
        categories=strings(row["categories"]),
        keywords=strings(row["keywords"]),
        section=strings(row["section"]),
        licences=strings(row["licences"]),
        robots=tuple(each for each in (row["robots"] or "").split(", ") if each),
        candidates=_candidates(row["candidates"]),
        source=_source(conn, row["source"], places),
        language=_label(names, row["language"]),
        language_votes=tuple(
            Vote(detector, _label(names, code), probability)
            for detector, code, probability in rows(conn, VOTES, (number,))
        ),
        language_shares=tuple(
            Share(_label(names, code), share) for code, share in rows(conn, SHARES, (number,))
        ),
        language_claims=json.loads(row["language_claims"]),
        themes=_evidence(conn, "theme", number, language, themes),
        countries=_evidence(conn, "country", number, language, countries),
        country=_label(places, row["country"]) if row["country"] else None,
        regions=_evidence(conn, "region", number, language, regions),
        organisations=_evidence(conn, "organisation", number, language, organisations),
        original=next(iter(related(conn, ORIGINAL, number, original, language)), None),
        reprints=reprints,
        reprints_in_all=reprints_in_all(conn, number, original or number, reprints),
        series=related(conn, SERIES, number, None, language),
        quoted_in=related(conn, QUOTED_IN, number, None, language),
        quotes=related(conn, QUOTES, number, None, language),
        same_story=stories,
        first=first_told(number, row["published"], stories),
        discovery=next((Discovery(*found) for found in rows(conn, LEDGER, (number,))), None),
        attachments=tuple(Attachment(*found) for found in rows(conn, ATTACHMENTS, (number,))),
        removed=tuple(RemovedLine(*found) for found in rows(conn, REMOVED, (number,))),
        versions=tuple(
            Version(number=each, title=title, seen=seen, added=added, removed=removed, diff=diff)
            for each, title, seen, added, removed, diff in rows(conn, VERSIONS, (number,))
        )
        if row["versions"]
        else (),
        **{name: row[name] for name in AS_STORED},
    )


AS_STORED = (
    "id", "url", "title", "summary", "kind", "signed_by", "published", "published_source",
    "fetched", "updated", "gone", "expired", "language_tag", "language_confidence",
    "language_method", "language_declared", "words", "image", "image_caption", "country_from",
    "origin_url", "origin_publisher", "relation", "rights", "tdm", "content_hash", "enricher",
    "themes_method",
)  # fmt: skip
VOTES = (
    "SELECT detector, language, probability FROM language_votes WHERE article_id = ?"
    " ORDER BY detector, probability DESC, language"
)
SHARES = (
    "SELECT language, share FROM article_languages WHERE article_id = ?"
    " ORDER BY share DESC, language"
)
LEDGER = "SELECT discovered, decided, outcome, reason FROM ledger WHERE article_id = ?"
ATTACHMENTS = (
    "SELECT url, label, media_type, size FROM attachments WHERE article_id = ? ORDER BY number"
)
REMOVED = "SELECT text, rule, articles FROM removed_lines WHERE article_id = ? ORDER BY number"
VERSIONS = (
    "SELECT number, title, seen, added, removed, diff FROM article_versions WHERE article_id = ?"
    " ORDER BY number DESC"
)


def _source(conn: sqlite3.Connection, source: str, places: dict[str, str]) -> Source:
    row = _one(conn, "SELECT * FROM sources WHERE id = ?", source) or {}
    known = {field.name: row[field.name] for field in fields(Source)}
    return Source(**{**known, "country": _label(places, row["country"])})


def _label(names: dict[str, str], code: str) -> Label:
    return Label(code, names.get(code, code))


def _evidence(
    conn: sqlite3.Connection, kind: str, number: int, language: str, names: Names
) -> tuple[Evidence, ...]:
    """The tags of a kind, the surest first; `names` is asked only where there is one."""
    table = {"country": "article_countries"}.get(kind, f"article_{kind}s")
    found = rows(
        conn,
        f"SELECT {kind}, score, evidence FROM {table} WHERE article_id = ?"
        f" ORDER BY score DESC, {kind}",
        (number,),
    )
    known = names(conn, language) if found else {}
    return tuple(
        Evidence(code, known.get(code, code), score, _clues(evidence))
        for code, score, evidence in found
    )


def _clues(text: str) -> tuple[Clue, ...]:
    """A column `evidence`, also of another shape than ours."""
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if isinstance(found, list) and all(isinstance(each, dict) and "term" in each for each in found):
        return tuple(Clue(str(x["term"]), x.get("count"), x.get("where")) for x in found)
    return tuple(map(Clue, strings(text)))


def _candidates(text: str) -> dict[str, tuple[Candidate, ...]]:
    return {
        name: tuple(
            Candidate(", ".join(strings(json.dumps(x["value"]))), x["source"], x["why_not"])
            for x in found
        )
        for name, found in json.loads(text).items()
    }


def _one(conn: sqlite3.Connection, sql: str, value: int | str) -> dict[str, Any] | None:
    with closing(conn.execute(sql, (value,))) as cursor:
        names = [column[0] for column in cursor.description]
        row = cursor.fetchone()
    return None if row is None else dict(zip(names, row, strict=True))
