"""Reading the published database: one article, entries of lists, names. Plain SQL, read only.

The site, the feeds and the exports all ask here and in crawler.search, so that they cannot
disagree. Times are UTC, ISO 8601 text.
"""

import json
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from crawler.errors import ConfigError

# What an article is sorted by: undated ones stand where they were found.
DATED = "coalesce(articles.published, articles.fetched)"

RIGHT_TO_LEFT = frozenset(
    ["ar", "arc", "ckb", "dv", "fa", "he", "ks", "ps", "sd", "ug", "ur", "yi"]
)
RIGHT_TO_LEFT_SCRIPTS = frozenset(["arab", "hebr", "thaa", "syrc", "nkoo", "adlm"])


def connect(db: Path, *, shared: bool = False) -> sqlite3.Connection:
    """A read-only connection to the database at `db`. Raises ConfigError if it is none of ours.

    A `shared` one may be used by several threads, one at a time.
    """
    if not db.is_file():
        raise ConfigError(f"no published database at {db}: run `tamis publish` first")
    conn = sqlite3.connect(
        f"{db.resolve().as_uri()}?mode=ro", uri=True, check_same_thread=not shared
    )
    try:
        conn.execute("SELECT name, value FROM snapshot")
    except sqlite3.DatabaseError as error:
        conn.close()
        raise ConfigError(f"{db} is not a database that `tamis publish` made: {error}") from error
    return conn


# --- What is answered ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Label:
    """A code (language, theme, country, source), its name for people, and how many articles."""

    code: str
    name: str
    n: int = 0


@dataclass(frozen=True, slots=True)
class Evidence:
    """Why an article was tagged so."""

    code: str
    name: str
    score: float
    evidence: tuple[str, ...]


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An article in a list or a feed. `dated` is `published`, or `fetched` if it has no date.

    `language_tag` is the language with its script, as in `lang`.
    """

    id: int
    url: str
    title: str
    summary: str
    authors: tuple[str, ...]
    source: Label
    homepage: str
    published: str | None
    dated: str
    language: str
    language_tag: str
    themes: tuple[Label, ...] = ()


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
    size: int | None


@dataclass(frozen=True, slots=True)
class RemovedLine:
    """A line that was taken out of a text; `articles` of the site have it, if that is why."""

    text: str
    rule: str
    articles: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """What two articles have in common: `kind` as in the table `same_story`, `value` for people."""

    kind: str
    value: str
    weight: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Related(Entry):
    """Another article that is something to this one.

    `relation` is that of the table `duplicates`, `shared` the share of the words of the shorter of
    the two that stand in the other, `reason` why the one that stands for both does so.
    """

    relation: str
    shared: float | None
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SameStory(Entry):
    """Another article that tells the story of this one in words of its own.

    `score` and `evidence` (best first) are those of the table `same_story`.
    """

    score: float
    evidence: tuple[Shared, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """All that is published of one article. `text` is None where rights allow an extract only.

    `country` is the first of `countries`, or that of the source: `country_from` says `text` or
    `source` (enrich.places.main_country).
    """

    id: int
    url: str
    title: str
    summary: str
    text: str | None
    authors: tuple[str, ...]
    source: Source
    published: str | None
    published_source: str | None
    fetched: str
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
    origin_url: str | None
    signed_by: str | None
    origin_publisher: str | None
    relation: str | None
    rights: str
    enricher: str
    attachments: tuple[Attachment, ...] = ()
    removed: tuple[RemovedLine, ...] = ()
    themes: tuple[Evidence, ...] = ()
    themes_method: str = "lexicon"
    countries: tuple[Evidence, ...] = ()
    country: Label | None = None
    country_from: str | None = None
    regions: tuple[Evidence, ...] = ()
    organisations: tuple[Evidence, ...] = ()
    original: Related | None = None
    reprints: tuple[Related, ...] = ()
    series: tuple[Related, ...] = ()
    quoted_in: tuple[Related, ...] = ()
    quotes: tuple[Related, ...] = ()
    same_story: tuple[SameStory, ...] = ()


# --- Asking --------------------------------------------------------------------------------------


def entries(
    conn: sqlite3.Connection, ids: Sequence[int], language: str = "en"
) -> tuple[Entry, ...]:
    """Articles by number, in the order given, themes named in `language`."""
    listed = {"ids": json.dumps(ids)}
    named: dict[int, list[Label]] = {}
    for article_id, slug, name in rows(
        conn,
        f"""
        SELECT tag.article_id, themes.slug, {_theme_label(language)}
        FROM json_each(:ids) AS hit
        CROSS JOIN article_themes AS tag ON tag.article_id = hit.value
        JOIN themes ON themes.slug = tag.theme ORDER BY tag.score DESC, themes.slug
        """,
        listed,
    ):
        named.setdefault(article_id, []).append(Label(slug, name))
    found = rows(
        conn,
        f"""
        SELECT articles.id, articles.url, articles.title, articles.summary, articles.authors,
               sources.id, sources.name, sources.homepage, articles.published, {DATED},
               articles.language, articles.language_tag
        FROM json_each(:ids) AS hit CROSS JOIN articles ON articles.id = hit.value
        JOIN sources ON sources.id = articles.source ORDER BY hit.key
        """,
        listed,
    )
    return tuple(_entry(row, tuple(named.get(row[0], ()))) for row in found)


def _entry(row: tuple[Any, ...], labels: tuple[Label, ...]) -> Entry:
    id_, url, title, summary, authors, source, name, homepage, published, dated, *spoken = row
    language, tag = spoken
    return Entry(
        id=id_,
        url=url,
        title=title,
        summary=summary,
        authors=_strings(authors),
        source=Label(source, name),
        homepage=homepage,
        published=published,
        dated=dated,
        language=language,
        language_tag=tag,
        themes=labels,
    )


def article(conn: sqlite3.Connection, number: int, language: str = "en") -> Article | None:
    """All that is published of one article, or None if there is none of that number.

    Languages, themes, countries and organisations are named in `language`.
    """
    if number >= 2**63:  # SQLite cannot hold it
        return None
    row = _one(conn, "SELECT * FROM articles WHERE id = ?", (number,))
    if row is None:
        return None
    text = _one(conn, "SELECT text FROM article_texts WHERE article_id = ?", (number,))
    original = row["duplicate_of"]
    names, places = languages(conn, language), countries(conn, language)
    return Article(
        text=text["text"] if text and row["rights"] == "full" else None,
        authors=_strings(row["authors"]),
        categories=_strings(row["categories"]),
        keywords=_strings(row["keywords"]),
        source=_source(conn, row["source"]),
        language=Label(row["language"], names.get(row["language"], row["language"])),
        language_votes=tuple(
            Vote(detector, Label(code, names.get(code, code)), probability)
            for detector, code, probability in rows(
                conn,
                "SELECT detector, language, probability FROM language_votes WHERE article_id = ?"
                " ORDER BY detector, probability DESC, language",
                (number,),
            )
        ),
        language_shares=tuple(
            Share(Label(code, names.get(code, code)), share)
            for code, share in rows(
                conn,
                "SELECT language, share FROM article_languages WHERE article_id = ?"
                " ORDER BY share DESC, language",
                (number,),
            )
        ),
        language_claims=json.loads(row["language_claims"]),
        themes=_evidence(conn, "article_themes", "theme", number, themes(conn, language)),
        countries=_evidence(conn, "article_countries", "country", number, places),
        country=Label(code, places.get(code, code)) if (code := row["country"]) else None,
        regions=_evidence(conn, "article_regions", "region", number, regions(conn, language)),
        organisations=_evidence(
            conn, "article_organisations", "organisation", number, organisations(conn, language)
        ),
        original=next(iter(_related(conn, ORIGINAL, number, original, language)), None),
        reprints=_related(conn, REPRINTS, number, original or number, language),
        series=_related(conn, SERIES, number, None, language),
        quoted_in=_related(conn, QUOTED_IN, number, None, language),
        quotes=_related(conn, QUOTES, number, None, language),
        same_story=_same_story(conn, number, language),
        attachments=tuple(
            Attachment(*found)
            for found in rows(
                conn,
                "SELECT url, label, size FROM attachments WHERE article_id = ? ORDER BY number",
                (number,),
            )
        ),
        removed=tuple(
            RemovedLine(*found)
            for found in rows(
                conn,
                "SELECT text, rule, articles FROM removed_lines WHERE article_id = ?"
                " ORDER BY number",
                (number,),
            )
        ),
        **{
            name: row[name]
            for name in (
                *("id", "url", "title", "summary", "published", "published_source", "fetched"),
                *("language_tag", "language_confidence", "language_method"),
                *("language_declared", "words", "country_from"),
                *("origin_url", "origin_publisher", "relation", "rights", "enricher", "signed_by"),
                "themes_method",
            )
        },
    )


MOST_OF_A_SERIES = 10
# What is asked of the table `duplicates`, of an :article that stands in the :story of another: each
# row is an article, what it is (or for the original, what :article is to it), and why.
ORIGINAL = """
    SELECT cluster, relation, shared, reason FROM duplicates
    WHERE article_id = :article AND cluster = :story AND relation NOT IN ('series', 'quoted')
"""
REPRINTS = f"""
    SELECT articles.id, duplicates.relation, shared, reason FROM articles
    JOIN duplicates ON duplicates.article_id = articles.id AND cluster = duplicate_of
    WHERE duplicate_of = :story AND articles.id <> :article
      AND duplicates.relation NOT IN ('series', 'quoted')
    ORDER BY {DATED}, articles.id
"""
# Of a long series, those that appeared around it.
SERIES = f"""
    SELECT * FROM (
      SELECT articles.id, other.relation, other.shared, other.reason, {DATED} AS dated
      FROM duplicates AS own JOIN duplicates AS other USING (cluster, relation)
      JOIN articles ON articles.id = other.article_id
      WHERE own.article_id = :article AND own.relation = 'series'
        AND other.article_id <> :article
      ORDER BY abs(julianday({DATED}) - julianday((
        SELECT {DATED} FROM articles WHERE id = :article
      ))), articles.id LIMIT {MOST_OF_A_SERIES}
    ) ORDER BY dated, id
"""
QUOTED_IN = """
    SELECT cluster, relation, shared, reason FROM duplicates
    WHERE article_id = :article AND relation = 'quoted' ORDER BY cluster
"""
QUOTES = """
    SELECT article_id, relation, shared, reason FROM duplicates
    WHERE cluster = :article AND relation = 'quoted' ORDER BY article_id
"""


def _related(
    conn: sqlite3.Connection, sql: str, article: int, story: int | None, language: str
) -> tuple[Related, ...]:
    found = {
        id_: {"relation": relation, "shared": shared, "reason": reason}
        for id_, relation, shared, reason, *_ in rows(
            conn, sql, {"article": article, "story": story}
        )
    }
    return tuple(
        Related(**{field.name: getattr(entry, field.name) for field in fields(Entry)},
                **found[entry.id])
        for entry in entries(conn, [*found], language)
    )  # fmt: skip


MOST_OF_A_STORY = 10


def _same_story(conn: sqlite3.Connection, article: int, language: str) -> tuple[SameStory, ...]:
    """Those that tell the same, the surest first; countries, organisations, themes by name."""
    found = {
        other: (score, json.loads(evidence))
        for other, score, evidence in rows(
            conn,
            "SELECT other_id, score, evidence FROM same_story WHERE article_id = ?"
            f" ORDER BY score DESC, other_id LIMIT {MOST_OF_A_STORY}",
            (article,),
        )
    }
    if not found:
        return ()
    names = {
        "country": countries(conn, language),
        "organisation": organisations(conn, language),
        "theme": themes(conn, language),
    }
    return tuple(
        SameStory(
            **{field.name: getattr(entry, field.name) for field in fields(Entry)},
            score=found[entry.id][0],
            evidence=tuple(
                Shared(
                    kind=each["kind"],
                    value=names.get(each["kind"], {}).get(each["value"], each["value"]),
                    weight=each["weight"],
                )
                for each in found[entry.id][1]
            ),
        )
        for entry in entries(conn, [*found], language)
    )


def _source(conn: sqlite3.Connection, source: str) -> Source:
    row = _one(conn, "SELECT * FROM sources WHERE id = ?", (source,)) or {}
    code = row.pop("country")
    del row["languages"]
    return Source(country=Label(code, countries(conn).get(code, code)), **row)


def _evidence(
    conn: sqlite3.Connection, table: str, column: str, number: int, names: Mapping[str, str]
) -> tuple[Evidence, ...]:
    found = rows(
        conn,
        f"SELECT {column}, score, evidence FROM {table} WHERE article_id = ? ORDER BY score DESC",
        (number,),
    )
    return tuple(
        Evidence(code, names.get(code, code), score, _strings(evidence))
        for code, score, evidence in found
    )


# --- Names and counts ----------------------------------------------------------------------------


def languages(conn: sqlite3.Connection, language: str = "en") -> dict[str, str]:
    """Every language's name by code, in `language` if there is one (fr, nl, en)."""
    return _names(conn, "code", _name(language), "languages")


def countries(conn: sqlite3.Connection, language: str = "en") -> dict[str, str]:
    """Every country's name by code, in `language` if there is one (fr, nl, en)."""
    return _names(conn, "code", _name(language), "countries")


def regions(conn: sqlite3.Connection, language: str = "en") -> dict[str, str]:
    """Every region's name by code, in `language` if there is one (fr, nl, de, en)."""
    column = f"name_{language}" if language in {"fr", "nl", "de"} else "name_en"
    return _names(conn, "code", column, "regions")


def themes(conn: sqlite3.Connection, language: str = "en") -> dict[str, str]:
    """Every theme's label by slug, in `language` if there is one, else in English."""
    return _names(conn, "slug", _theme_label(language), "themes")


def organisations(conn: sqlite3.Connection, language: str = "en") -> dict[str, str]:
    """Every organisation's name by id, in `language` if there is one (fr, nl, en)."""
    column = language if language in {"fr", "nl", "en"} else "en"
    return _names(conn, "id", f"name_{column}", "organisations")


def sources(conn: sqlite3.Connection) -> dict[str, str]:
    return _names(conn, "id", "name", "sources")


def snapshot(conn: sqlite3.Connection) -> dict[str, str]:
    """What `publish` says of this database: when it was built, where it is served, ..."""
    return dict(rows(conn, "SELECT name, value FROM snapshot"))


def _name(language: str) -> str:
    column = f"name_{language}" if language in {"fr", "nl", "en"} else "name_en"
    return f"coalesce({column}, name_en, code)"


def _theme_label(language: str) -> str:
    known = language in {"fr", "nl", "en", "de", "es", "pt", "ar"}
    return f"themes.label_{language}" if known else "themes.label_en"


# --- Small things --------------------------------------------------------------------------------


def direction(language: str) -> str:
    """`rtl` or `ltr`, for the dir attribute of a text in that language; `auto` if unknown."""
    primary, *rest = language.lower().split("-")
    if primary in {"und", ""}:
        return "auto"
    scripts = [part for part in rest if len(part) == 4]  # noqa: PLR2004  BCP 47: a script has four
    rtl = RIGHT_TO_LEFT_SCRIPTS.intersection(scripts) if scripts else primary in RIGHT_TO_LEFT
    return "rtl" if rtl else "ltr"


def moment(text: str | None) -> datetime | None:
    """A stored time or day as an aware datetime; None if it is neither."""
    try:
        found = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _strings(text: str) -> tuple[str, ...]:
    """A JSON column as lines for people, whatever its shape; text that is not JSON as it is."""
    try:
        value = json.loads(text)
    except ValueError:
        return (text,) if text else ()
    if isinstance(value, dict):
        return tuple(f"{name}: {_plain(part)}" for name, part in value.items())
    return tuple(map(_plain, value if isinstance(value, list) else [value]))


def _plain(value: object) -> str:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        return " ".join(map(_plain, value))
    return f"{value:.2f}" if isinstance(value, float) else str(value)


def rows(
    conn: sqlite3.Connection, sql: str, values: Mapping[str, Any] | Sequence[Any] = ()
) -> list[tuple[Any, ...]]:
    """All rows as plain tuples, whatever the connection's row factory."""
    with closing(conn.execute(sql, values)) as cursor:
        return [tuple(row) for row in cursor]


def _one(conn: sqlite3.Connection, sql: str, values: Sequence[Any]) -> dict[str, Any] | None:
    with closing(conn.execute(sql, values)) as cursor:
        names = [column[0] for column in cursor.description]
        row = cursor.fetchone()
    return None if row is None else dict(zip(names, row, strict=True))


def _names(conn: sqlite3.Connection, code: str, name: str, table: str) -> dict[str, str]:
    return dict(rows(conn, f"SELECT {code}, {name} FROM {table}"))
