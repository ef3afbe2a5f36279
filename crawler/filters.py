"""The four filters: JSON lines in, JSON lines out, in the order they came. Stable and public."""

import base64
import json
import re
import sqlite3
import tempfile
from array import array
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import asdict
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple, Self

from crawler import clock, identity, sketches, urls, workers
from crawler.errors import TamisError
from crawler.progress import Progress
from enrich import memory
from enrich.annotate import annotate
from enrich.article import Extracted
from enrich.clusters import Link, Member, Row, rows
from enrich.duplicates import Relation, Sketch, Text, issues, relation, sketch, text_of, tokens
from enrich.extract import bcp47, extract
from enrich.keywords import MOST
from enrich.language import LanguageHints, identify
from enrich.memory import Memory, Seen
from enrich.places import is_country, main_country
from enrich.text import text_hash

Record = dict[str, Any]
SURROGATE = re.compile("[\ud800-\udfff]")
# Bytes of answers that wait in memory; more go to a temporary file. 100,000 pages are some 1 GB.
MAX_IN_MEMORY = 64 * 1024 * 1024


class LineError(ValueError):
    """What is wrong with one line, said in its answer."""


def extract_line(record: Record) -> Record:
    """`id`, `url` and `path` or `html` -> the article on that page."""
    return _article(*_extracted(record))


def remembered_line(record: Record) -> Record:
    """As `extract_line`, and `seen`: of an article, what a memory of its site needs."""
    url, found = _extracted(record)
    seen = memory.pack(found.seen) if found.seen and found.is_article else b""
    return {**_article(url, found), "seen": base64.b64encode(seen).decode()}


def _extracted(record: Record) -> tuple[str, Extracted]:
    url = _text(record, "url")
    if "html" in record:
        body: str | bytes = _text(record, "html")
    else:
        try:
            body = Path(_text(record, "path")).read_bytes()
        except OSError as error:
            raise LineError(f"path {record['path']!r}: {error.strerror}") from error
    return url, extract(body, url, content_type=record.get("content_type"))


def _article(url: str, found: Extracted) -> Record:
    around = LanguageHints(alternate=found.alternate_language, url=url)
    language = identify(found.title, found.text, found.declared_language, hints=around)
    origin, explained = found.origin, found.explained
    return {
        "url": url,
        "kind": found.kind,
        "reason": found.reason,
        "title": found.title,
        "text": found.text,
        "published": found.published,
        "published_source": found.published_source,
        "authors": found.authors,
        "signed_by": found.signed_by,
        "language": language.code,
        "declared_language": found.declared_language,
        "alternate_language": found.alternate_language,
        "image": found.image and found.image.url,
        "image_caption": found.image and found.image.caption,
        "section": found.section,
        "categories": found.categories,
        "canonical": identity.canonical((*found.canonicals, *filter(None, [found.og_url])), url),
        "origin_url": origin and origin.url,
        "origin_publisher": origin and origin.publisher,
        "relation": origin and origin.relation,
        "attachments": [asdict(attachment) for attachment in found.attachments],
        "removed": [asdict(change) for change in explained.removed] if explained else [],
    }


def annotate_line(record: Record) -> Record:
    """As `keyed_line`, without `keywords`."""
    return {name: value for name, value in keyed_line(record).items() if name != "keywords"}


def keyed_line(record: Record) -> Record:
    """`id`, `text`, optional `title`, claims, `country` -> language, themes, places, organisations.

    And `keywords`: up to eight phrases of the text, the best first.

    The claims of its language are `html_language`, `feed_language`, `url` and `source_languages`.
    `country` is that of its source (ISO 3166-1): the answer's, if the text names none.
    """
    sources = record.get("source_languages") or []
    if not isinstance(sources, list):
        raise LineError("field 'source_languages' must be a list of language codes")
    source = _text(record, "country", default="")
    if source and not is_country(source):
        raise LineError(f"country {source!r} is not an ISO 3166-1 code such as 'BE'")
    notes = annotate(
        _text(record, "title", default=""),
        _text(record, "text"),
        bcp47(_text(record, "html_language", default="")),
        hints=LanguageHints(
            feed=bcp47(_text(record, "feed_language", default="")),
            url=_text(record, "url", default=""),
            source=tuple(code for each in sources if (code := bcp47(str(each)))),
        ),
    )
    language, places = notes.language, notes.places
    tagged = ((each.country, each.score) for each in places.countries)
    country, told = main_country(tagged, source or None)
    return {
        "language": language.code,
        "language_tag": language.tag,
        "language_confidence": language.confidence,
        "language_method": language.method,
        "language_declared": language.declared,
        "language_shares": [asdict(share) for share in language.shares],
        "votes": [asdict(vote) for vote in language.votes],
        "themes": [asdict(theme) for theme in notes.themes.themes],
        "themes_method": notes.themes.method,
        "countries": [asdict(each) for each in places.countries],
        "regions": [asdict(each) for each in places.regions],
        "country": country,
        "country_from": told,
        "organisations": [asdict(one) for one in notes.organisations],
        "keywords": notes.keywords[:MOST],
    }


def urls_line(record: Record) -> Record:
    """`id`, `url` -> `key` for identity, and `url` as it should be requested."""
    address = urls.web_url(_text(record, "url"))
    if address is None:
        raise LineError(f"not a web address: {record['url']!r}")
    return {"key": urls.key(address), "url": urls.clean(address)}


def each(
    lines: Iterable[bytes], answer: Callable[[Record], Record], processes: int = 1
) -> Iterator[bytes]:
    """One answer a line, in order. A line that cannot be answered gives its `id` and an `error`."""
    numbered = ((number, line, answer) for number, line in enumerate(lines, 1) if line.strip())
    if processes == 1:
        yield from map(_answered, numbered)
        return
    with workers.pool(processes, module=workers.FOR_PAGES) as pool:
        for job, future in workers.in_order(pool, _answered, numbered, ahead=processes * 8):
            error = future.exception()
            yield future.result() if error is None else _mistake(job[0], job[1], error)


def by_site(lines: Iterable[bytes], processes: int = 1) -> Iterator[bytes]:
    """As `extract_line` for each line, without what the articles of a site repeat.

    Reads all, then answers; which came first does not matter. `removed` names what went, and on how
    many `articles` it stands.
    """
    with _Spool() as spool:
        places, sites = array("Q"), defaultdict[str, list[_Page]](list)
        times = Counter[str]()
        with Progress("read", "sifted") as progress:
            for line in each(_counted(lines, progress), remembered_line, processes):
                answer = json.loads(line)
                if seen := answer.pop("seen", ""):
                    url = answer["url"]
                    # The same address twice is two pages, versions of one article.
                    ident = f"{url} {times[url]}" if times[url] else url
                    times[url] += 1
                    where = spool.put(f"{seen}\n".encode())
                    page = _Page(len(places), ident, answer["published"], where)
                    sites[_site(url)].append(page)
                    progress.expect("sifted")
                places.append(spool.put(_line(answer)))
                progress.advance("read")
            for pages in sites.values():
                for page, sifted in _sifted(pages, places, spool):
                    places[page.number] = spool.put(sifted)
                progress.advance("sifted", len(pages))
        for place in places:
            yield spool.get(place)


class _Page(NamedTuple):
    """An article among the lines: which answer it is, and where what was seen of it is kept."""

    number: int
    ident: str
    published: str | None
    seen: int

    def load(self, spool: "_Spool") -> Seen:
        return memory.unpack(base64.b64decode(spool.get(self.seen)), self.ident, self.published)


class _Spool:
    """Lines put away until all are read: in memory while they are few, then in a temporary file."""

    def __init__(self) -> None:
        self.file = tempfile.SpooledTemporaryFile(MAX_IN_MEMORY)  # noqa: SIM115 (closed in __exit__)
        self.end = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.file.close()

    def put(self, line: bytes) -> int:
        """Where the line is from now on; it ends in the only line feed that it has."""
        place = self.end
        with _room():
            self.file.seek(place)
            self.end += self.file.write(line)
        return place

    def get(self, place: int) -> bytes:
        with _room():
            self.file.seek(place)
            return self.file.readline()


@contextmanager
def _room() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise TamisError(
            f"{tempfile.gettempdir()}: {error.strerror}: answers wait there until all lines are"
            " read; free some space, or name another folder in TMPDIR"
        ) from error


def _counted(lines: Iterable[bytes], progress: Progress) -> Iterator[bytes]:
    for line in lines:
        if line.strip():
            progress.expect("read")
        yield line


def _site(url: str) -> str:
    try:
        return urls.domain(url)
    except ValueError:
        return url


def _sifted(
    pages: list[_Page], places: "array[int]", spool: _Spool
) -> Iterator[tuple[_Page, bytes]]:
    """Those of the pages of a site that lose lines to its memory, with their new answers."""
    if len(pages) == 1:
        return
    known = _learnt(pages, spool)
    for page in pages:
        answer = json.loads(spool.get(places[page.number]))
        found = memory.sift(answer["text"].split("\n"), page.load(spool), known)
        if found.removed:
            text = "\n".join(found.kept)
            language = identify(
                answer["title"],
                text,
                answer["declared_language"],
                hints=LanguageHints(alternate=answer["alternate_language"], url=answer["url"]),
            )
            gone = [
                {"text": line.text, "rule": line.rule, "articles": line.articles}
                for line in found.removed
            ]
            answer |= {
                "text": text,
                "language": language.code,
                "removed": [*answer["removed"], *gone],
            }
            yield page, _line(answer)


def _learnt(pages: list[_Page], spool: _Spool) -> Memory:
    """Loads those that count, never all: a site may have given every line."""
    months = ((page.ident, (page.published or "")[: len("2026-11")]) for page in pages)
    counted = frozenset(memory.chosen_ids(months))
    return memory.learn(page.load(spool) for page in pages if page.ident in counted)


def duplicates(lines: Iterable[bytes]) -> Iterator[bytes]:
    """`id`, `text` and what is known of it -> `cluster`, `relation` and why; reads all first.

    The optional `title`, `published`, `url` and `origin_url` tell issues of a series apart, and
    which text comes first. What is answered depends on the ids and not on the order of the lines.
    """
    with _Spool() as spool, closing(sqlite3.connect("")) as conn, Progress("read") as progress:
        texts = _Texts(conn, spool)
        answers: list[tuple[str | int, int] | bytes] = []
        for number, line in enumerate(_counted(lines, progress), 1):
            if not line.strip():
                continue
            try:
                record = _parsed(line)
                answers.append((record["id"], texts.add(record)))
            except LineError as error:
                answers.append(_mistake(number, line, error))
            progress.advance("read")
        found = texts.related()
        ids = {number: each[0] for each in answers if not isinstance(each, bytes)
               for number in (each[1],)}  # fmt: skip
        for answer in answers:
            if isinstance(answer, bytes):
                yield answer
            else:
                yield _line(_related(answer[0], found.get(answer[1], ()), ids))


def _related(
    ident: str | int, rows: Iterable[tuple[int, Row]], ids: Mapping[int, str | int]
) -> Record:
    answer: Record = {
        "id": ident, "cluster": ident, "relation": "original", "containment": None, "reason": None,
        "series_of": None,
    }  # fmt: skip
    told = {row.relation: (ids[cluster], row) for cluster, row in rows}
    series, _ = told.pop("series", (ident, None))
    told.pop("quoted", None)
    for cluster, row in told.values():
        answer |= {
            "cluster": cluster, "relation": row.relation, "containment": row.shared,
            "reason": row.reason,
        }  # fmt: skip
    if series != ident:
        answer["series_of"] = series
        if not told:
            answer["relation"] = "series"
    return answer


class _Texts:
    """The texts of all lines, by number: on disk as they came, and in an index of their shingles.

    In memory each takes some hundred bytes, however long it is.
    """

    def __init__(self, conn: sqlite3.Connection, spool: "_Spool") -> None:
        self.spool = spool
        conn.execute(f"PRAGMA cache_size = -{sketches.CACHE}")
        conn.executescript(f"PRAGMA journal_mode = OFF; {sketches.TABLE}")
        self.index = sketches.Index(conn)
        self.places = array("Q")
        self.sizes: dict[int, int] = {}
        self.hashes: list[str] = []
        self.waiting: dict[int, Sketch] = {}
        self.same: dict[str, list[int]] = defaultdict(list)
        self.pairs: list[tuple[int, int, Relation]] = []
        self.text = lru_cache(maxsize=sketches.READ)(self._text)

    def add(self, record: Record) -> int:
        """Its number. Raises LineError if it is none that can be compared."""
        number = len(self.places)
        kept: Record = {
            name: _text(record, name, default="") for name in ("title", "url", "origin_url")
        }
        kept |= {
            "id": record["id"],
            "text": _text(record, "text"),
            "published": _moment(_text(record, "published", default="")),
        }
        text = text_of(kept["title"], kept["text"])
        self.places.append(self.spool.put(_line(kept)))
        found = sketch(text.body)
        self.sizes[number] = found.size
        if text.body:  # nothing is the duplicate of nothing
            digest = text_hash(kept["text"])
            self.same[digest].append(number)
            self.waiting[number] = found
            self.hashes.append(digest)
        else:
            self.hashes.append("")
        if len(self.waiting) == sketches.BATCH:
            self._compare()
        return number

    def _compare(self) -> None:
        """Read those that came since the last time beside those that share text with them."""
        self.index.add(self.waiting)
        others = self.index.alike(self.waiting, self.sizes, self._are_same)
        pairs = {tuple(sorted((each, other))) for each, like in others.items() for other in like}
        for one, other in sorted(pairs):
            if said := relation(self.text(one), self.text(other)):
                self.pairs.append((one, other, said))
        self.waiting = {}

    def _are_same(self, number: int, other: int) -> bool:
        return self.hashes[number] == self.hashes[other]

    def _record(self, number: int) -> Record:
        record: Record = json.loads(self.spool.get(self.places[number]))
        return record

    def _text(self, number: int) -> Text:
        record = self._record(number)
        return text_of(record["title"], record["text"])

    def related(self) -> dict[int, list[tuple[int, Row]]]:
        """What is known of each that is something to another: the other's number, and the row."""
        self._compare()
        copies = [group for group in self.same.values() if len(group) > 1]
        linked = {number for group in copies for number in group}
        linked |= {number for pair in self.pairs for number in pair[:2]}
        records = {number: self._record(number) for number in linked}
        names = {number: _ordered(records[number]["id"], number) for number in linked}
        links = [
            Link(
                one=names[one if said.first_is_smaller else other],
                other=names[other if said.first_is_smaller else one],
                kind=said.kind,
                shared=said.shared,
            )
            for one, other, said in self.pairs
        ]
        for group in copies:
            titles = ((names[each], tokens(records[each]["title"])) for each in group)
            links += [Link(one=one, other=other, kind=kind) for one, other, kind in issues(titles)]
        members = [_member(names[number], record) for number, record in records.items()]
        numbers = {name: number for number, name in names.items()}
        found: dict[int, list[tuple[int, Row]]] = defaultdict(list)
        for row in rows(members, links):
            found[numbers[row.id]].append((numbers[row.cluster], row))
        return found


def _ordered(ident: str | int, number: int) -> str:
    """An id as text, which sorts as it does; of two lines that have the same, the first."""
    text = f"{ident:020}" if isinstance(ident, int) else ident
    return f"{text}\0{type(ident).__name__}\0{number:012}"


def _member(name: str, record: Record) -> Member:
    return Member(
        id=name,
        published=record["published"],
        names=frozenset(filter(None, [_house(record["url"])])),
        origins=frozenset(filter(None, [_house(record["origin_url"])])),
    )


def _house(url: str) -> str:
    try:
        return urls.domain(url)
    except ValueError:
        return ""


def _moment(published: str) -> str | None:
    if not published:
        return None
    try:
        datetime.fromisoformat(published)
        return clock.utc(published)
    except ValueError as error:
        raise LineError(f"published {published!r} is not an ISO 8601 date") from error


def _answered(job: tuple[int, bytes, Callable[[Record], Record]]) -> bytes:
    number, line, answer = job
    try:
        record = _parsed(line)
        return _line({"id": record["id"], **answer(record)})
    except Exception as error:  # noqa: BLE001 (whatever one line does, the stream goes on)
        return _mistake(number, line, error)


def _parsed(line: bytes) -> Record:
    try:
        record = json.loads(line.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise LineError(f"not UTF-8: {error}") from error
    except (ValueError, RecursionError) as error:
        raise LineError(f"not JSON: {error}") from error
    if not isinstance(record, dict) or not isinstance(record.get("id"), str | int):
        raise LineError('not a JSON object with an "id"')
    return record


def _line(record: Record) -> bytes:
    """As JSON in UTF-8; half an emoji, which JSON allows and UTF-8 does not, is U+FFFD."""
    text = json.dumps(record, ensure_ascii=False)
    return SURROGATE.sub("\ufffd", text).encode() + b"\n"


def _text(record: Record, name: str, *, default: str | None = None) -> str:
    value = record.get(name, default)
    if value is None and default is not None:
        return default
    if not isinstance(value, str):
        raise LineError(f"{name} is missing" if value is None else f"{name} is not text")
    return value


def _mistake(number: int, line: bytes, error: BaseException) -> bytes:
    """The answer to a line that has none: its id where it has one, and what is wrong."""
    try:
        ident = _parsed(line)["id"]
    except LineError:
        ident = None
    what = str(error) if isinstance(error, LineError) else f"{type(error).__name__}: {error}"
    return _line({"id": ident, "error": f"line {number}: {what}"})
