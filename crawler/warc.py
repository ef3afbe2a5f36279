"""The archive as WARC files, out and in: what a page was, exactly, for other tools and other days.

An export holds each page as a response record, and beside it a metadata record of ours that says
whose it is and what the channels said of it, so that importing it gives the same articles. What
others have recorded (CC-NEWS, a browser's archive) comes in by the address of its pages.
"""

import hashlib
import io
import json
import os
import uuid
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import date
from http.client import responses
from importlib.metadata import version as installed
from pathlib import Path
from types import MappingProxyType
from typing import Any

from sqlite_utils import Database
from warcio.recordbuilder import RecordBuilder
from warcio.recordloader import ArcWarcRecord
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from crawler import __version__, archive, channels, registry, urls
from crawler.captures import JSON, Capture, captures
from crawler.channels import DueChannel
from crawler.errors import ConfigError, TamisError
from crawler.frontier import IMPORTED as IS_NEW
from crawler.frontier import THERE, Frontier
from crawler.items import Link, Source
from crawler.progress import Progress
from crawler.readings import Unread
from crawler.warcfile import WarcError

KIND = "warc"  # of the channel that imported pages come by
HTTP = "application/http; msgtype=response"
# The fields of a Link that an export may fill, by what they hold.
LISTS = frozenset(each.name for each in fields(Link) if each.default == ())
TEXTS = frozenset(each.name for each in fields(Link) if each.default is None)
# Ids are made from content, so that two exports of one archive are the same bytes.
NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "urn:tamis:warc")
IMPORTED = Source(
    id="imported",
    name="Imported pages",
    homepage="http://imported.invalid/",
    country=registry.INTERNATIONAL,
    organisation="aggregator",
    languages=("und",),
    category="media",
    enabled=False,
    reason="holds imported pages that belong to no source of the registry",
)


# Export.


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which archived pages; all conditions hold. `since` is a day, `urls` any of these addresses.

    A language is that of the article that was read from the page; `zh` finds `zh-Hant` too.
    """

    sources: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    urls: tuple[str, ...] = ()
    since: str | None = None

    def where(self) -> tuple[str, dict[str, Any]]:
        """As SQL over `pages` and `urls`. The + keeps SQLite to the order of the pages."""
        conditions, values = ["1"], dict[str, Any]()
        if self.sources:
            conditions.append("+urls.source IN (SELECT value FROM json_each(:sources))")
            values["sources"] = json.dumps(self.sources)
        if self.languages:
            conditions.append(
                "+pages.url_id IN (SELECT url_id FROM articles, json_each(:languages)"
                " WHERE language_tag = value OR language_tag LIKE value || '-%')"
            )
            values["languages"] = json.dumps(self.languages)
        if self.urls:
            conditions.append("+urls.key IN (SELECT value FROM json_each(:keys))")
            values["keys"] = json.dumps([_asked(url) for url in self.urls])
        if self.since:
            conditions.append("pages.fetched >= :since")
            values["since"] = self.since
        return " AND ".join(conditions), values


def _asked(url: str) -> str:
    if urls.web_url(url) is None:
        raise ConfigError(f"{url!r} is no web address: write it as in https://example.org/a")
    return urls.key(url)


PAGES = """
    FROM pages CROSS JOIN urls ON urls.id = pages.url_id
    CROSS JOIN sources ON sources.id = urls.source WHERE length(pages.body) > 0 AND {where}
"""
ROWS = f"""
    SELECT pages.url, pages.fetched, pages.status, pages.content_type, pages.headers, pages.body,
           pages.url_id, urls.url AS ledger_url, urls.discovered, urls.given, sources.id AS source,
           sources.record
    {PAGES} ORDER BY pages.id
"""


def export(
    db: Database,
    out: Path,
    selection: Selection | None = None,
    *,
    force: bool = False,
    progress: Progress | None = None,
) -> int:
    """Write the archived pages of `selection` to `out`, in the order of their arrival; how many.

    `out` appears when it is complete. ConfigError if it exists (without `force`), or if its name
    does not end in .warc.gz; TamisError if there is no such page, or no room.
    """
    if not out.name.endswith(".warc.gz"):
        raise ConfigError(f"{out}: a WARC file of gzipped records is called NAME.warc.gz")
    if out.exists() and not force:
        raise ConfigError(f"{out} exists: choose another name, or replace it with --force")
    where, values = (selection or Selection()).where()
    count, newest = db.execute(
        f"SELECT count(*), max(pages.fetched) {PAGES.format(where=where)}", values
    ).fetchone()
    if not count:
        raise TamisError("no archived page is what you ask for, so nothing was written")
    if progress:
        progress.expect("exported", count)
    part = out.with_name(f"{out.name}.part")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with part.open("wb") as file:
            writer = WARCWriter(file, gzip=True)
            writer.write_record(_warcinfo(newest))
            written = 0
            for row in db.query(ROWS.format(where=where), values):
                hints = channels.hints(db, [row["url_id"]]).get(row["url_id"], {})
                for record in _records(row, hints):
                    writer.write_record(record)
                written += 1
                if progress:
                    progress.advance("exported")
            file.flush()
            os.fsync(file.fileno())
        part.replace(out)
    except OSError as error:
        raise TamisError(f"{out} cannot be written: {error.strerror or error}") from error
    finally:
        part.unlink(missing_ok=True)
    return written


class _Head(StatusAndHeaders):  # type: ignore[misc] # warcio has no types
    """A response's head in the bytes it came in; warcio would percent-encode what is not ASCII."""

    def to_ascii_bytes(self, filter_func: Any = None) -> bytes:
        head: bytes = self.to_bytes(filter_func, encoding="latin-1")
        return head


def _warcinfo(newest: str) -> ArcWarcRecord:
    """Dated as the newest page: by the clock, two exports of one archive would differ."""
    about = {
        "software": f"Tamis/{__version__} warcio/{installed('warcio')}",
        "format": "WARC File Format 1.0",
        "conformsTo": "http://bibnum.bnf.fr/WARC/WARC_ISO_28500_version1_latestdraft.pdf",
    }
    body = "".join(f"{name}: {value}\r\n" for name, value in about.items()).encode()
    of = {"url": "", "ledger_url": "", "fetched": newest}
    return _record("warcinfo", of, body, "application/warc-fields")


def _records(row: Mapping[str, Any], hints: Mapping[str, Any]) -> Iterator[ArcWarcRecord]:
    """A page's response, as it was but for its codings, which it is stored without; and ours."""
    body = archive.unpack(row["body"])
    kept = {**json.loads(row["headers"]), "content-length": str(len(body))}
    if row["content_type"] is not None:
        kept["content-type"] = row["content_type"]
    head = _Head(
        f"{row['status']} {responses.get(row['status'], '')}".strip(),
        [(name.title(), _line(value)) for name, value in sorted(kept.items())],
        protocol="HTTP/1.1",
    )
    about = {
        "tamis": __version__,
        "source": row["source"],
        "record": json.loads(row["record"]),
        "link": hints,
        "url": row["ledger_url"],
        "discovered": row["discovered"],
        "given": row["given"],
    }
    response = _record("response", row, body, HTTP, head=head)
    ident = response.rec_headers.get_header("WARC-Record-ID")
    yield response
    # It describes the response (Refers-To) and is of the same capture (Concurrent-To).
    refers = {"WARC-Refers-To": ident, "WARC-Concurrent-To": ident}
    yield _record("metadata", row, json.dumps(about, ensure_ascii=False).encode(), JSON, refers)


def _record(
    kind: str,
    of: Mapping[str, Any],
    body: bytes,
    content_type: str,
    headers: Mapping[str, str] = MappingProxyType({}),
    *,
    head: StatusAndHeaders | None = None,
) -> ArcWarcRecord:
    # Two addresses of the ledger may lead to one page: each has its record.
    named = (kind, of["ledger_url"], of["url"], of["fetched"], hashlib.sha256(body).hexdigest())
    return RecordBuilder().create_warc_record(
        of["url"],
        kind,
        payload=io.BytesIO(body),
        length=len(body),
        warc_content_type=content_type,
        warc_headers_dict={
            "WARC-Type": kind,
            "WARC-Record-ID": f"<urn:uuid:{uuid.uuid5(NAMESPACE, ' '.join(named))}>",
            "WARC-Date": of["fetched"],
            **headers,
        },
        http_headers=head,
    )


def _line(value: str) -> str:
    return " ".join(value.splitlines()).encode("latin-1", "replace").decode("latin-1")


# Import.


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What an import came to: every record is imported, there already, or skipped for a reason."""

    records: int
    imported: int
    there: int
    skipped: dict[str, int]
    errors: tuple[str, ...]
    stopped: bool = False

    @classmethod
    def of(cls, counts: Mapping[str, int], errors: Iterable[str], *, stopped: bool) -> "Imported":
        """`counts` are of what became of the records: IS_NEW, THERE, or why one was left out."""
        skipped = Counter({each: counts[each] for each in counts if each not in (IS_NEW, THERE)})
        return cls(
            records=sum(counts.values()), imported=counts.get(IS_NEW, 0),
            there=counts.get(THERE, 0), skipped=dict(skipped.most_common()),
            errors=tuple(errors), stopped=stopped,
        )  # fmt: skip

    @property
    def well(self) -> bool:
        return not self.errors and not self.stopped

    def __str__(self) -> str:
        counts = [f"{self.imported:,} imported", f"{self.there:,} there already"]
        skipped = ", ".join(f"{reason} {count:,}" for reason, count in self.skipped.items())
        lines = [f"{self.records:,} records: {', '.join(counts)}"]
        if skipped:
            lines.append(f"Skipped: {skipped}")
        if self.stopped:
            lines.append("Stopped; run it again to go on")
        return "\n".join(lines)


class Sites:
    """The registry's sources by where their pages are."""

    def __init__(self, sources: Iterable[Source]) -> None:
        self.known = {source.id: source for source in sources}
        self.roots: dict[str, list[tuple[tuple[str, ...], bool, Source]]] = {}
        for source in self.known.values():
            name, path = _place(source.homepage)
            self.roots.setdefault(name, []).append((path, True, source))
            for feed in source.feeds:
                name, path = _place(feed.url)
                self.roots.setdefault(name, []).append((path[:-1], False, source))

    def of(self, capture: Capture) -> Source:
        """Whose it is: what our export says, by today's registry if that has it; or by address."""
        if about := capture.about:
            if source := self.known.get(str(about.get("source"))):
                return source
            if source := _recorded(about.get("record")):
                return source
        return self.owner(capture.page.url) or self.known.get(IMPORTED.id, IMPORTED)

    def owner(self, url: str) -> Source | None:
        """The source of this site; of several, the one with the longest path that leads to `url`.

        None where two have the same claim: a wrong owner could give a page a wrong licence.
        """
        name, path = _place(url)
        roots = self.roots.get(name, [])
        owners = {source.id: source for _, _, source in roots}
        if len(owners) > 1:
            claims = [
                ((len(root), at_home, source.enabled), source)
                for root, at_home, source in roots
                if path[: len(root)] == root
            ]
            best = max((claim for claim, _ in claims), default=None)
            owners = {source.id: source for claim, source in claims if claim == best}
        return next(iter(owners.values())) if len(owners) == 1 else None


def load(
    frontier: Frontier,
    paths: Iterable[Path],
    sources: Iterable[Source],
    *,
    only_known: bool = False,
    progress: Progress | None = None,
    stop: Callable[[], bool] = lambda: False,
) -> Imported:
    """Archive the pages of WARC files, to be read as fetched ones are.

    `sources` is the whole registry, which says whose a page is; `only_known` leaves out pages of
    none of them. What is wrong with a file ends that file only, and what was read of it is kept.
    """
    paths = list(paths)
    importing = Import(frontier, sources, only_known=only_known)
    counts: Counter[str] = Counter()
    errors: list[str] = []
    if progress:
        progress.expect("bytes", sum(path.stat().st_size for path in paths if path.is_file()))
    for path in paths:
        try:
            with path.open("rb") as file:
                before = 0
                for found in captures(file):
                    counts[found if isinstance(found, str) else importing.add(found)] += 1
                    if progress:
                        progress.advance("bytes", file.tell() - before)
                        before = file.tell()
                    if stop():
                        break
        except WarcError as error:
            errors.append(str(error))
        except OSError as error:
            errors.append(f"{path} cannot be read: {error.strerror or error}")
        finally:
            frontier.writes.flush()
        if stop():
            break
    return Imported.of(counts, errors, stopped=stop())


class Import:
    """One import's hold on the frontier, with the channels that it has needed so far."""

    def __init__(
        self, frontier: Frontier, sources: Iterable[Source], *, only_known: bool = False
    ) -> None:
        self.frontier, self.only_known = frontier, only_known
        self.sites = Sites(sources)
        self.channels: dict[str, DueChannel] = {}

    def add(self, capture: Capture, *, packed: bytes | None = None) -> str:
        """What became of it: IS_NEW, THERE, or why it was left out.

        `packed` is the body of its page, where somebody has packed it already.
        """
        source = self.sites.of(capture)
        if self.only_known and source.id not in self.sites.known:
            return "of no known source"
        if source.id not in self.channels:
            self.channels[source.id] = self.frontier.channels.adopt(
                source, KIND, f"{KIND}:{source.id}"
            )
        return self.frontier.imported(
            self.channels[source.id], link_of(capture), capture.page,
            given=bool((capture.about or {}).get("given")), packed=packed,
        )  # fmt: skip


def link_of(capture: Capture) -> Link:
    """The link that led to the page; what a file gives in another shape is left out."""
    about = capture.about or {}
    url = urls.web_url(str(about.get("url", ""))) or capture.page.url
    said = about.get("link")
    hints: dict[str, Any] = {}
    for name, value in said.items() if isinstance(said, dict) else ():
        if name in TEXTS and isinstance(value, str):
            hints[name] = value
        elif name in LISTS and isinstance(value, list):
            hints[name] = tuple(each for each in value if isinstance(each, str))
    return Link(url=url, **hints)


def unread(capture: Capture, source: Source) -> Unread:
    """The page as it would wait to be read, were this all that is known of it; without ids."""
    page = capture.page
    return Unread(
        url_id=0, page_id=0, source=source.id, url=page.url, fetched=page.fetched,
        content_type=page.content_type, body=archive.pack(page.body),
        hints=channels.hints_of(link_of(capture)), languages=source.languages,
    )  # fmt: skip


def _recorded(record: Any) -> Source | None:
    """The record of a source that an export brings, if it is one by the registry's rules.

    Without its licence: a source that is in nobody's registry has nobody who answers for it.
    """
    names = {each.name for each in fields(Source)} - {"id", "licence"}
    if not isinstance(record, dict):
        return None
    try:
        plain = {name: value for name, value in _filled(record).items() if name in names}
    except (ValueError, RecursionError):
        return None
    ident = record.get("id")
    if any(registry.ID(ident)) or any(registry.SOURCE(plain)):
        return None
    return registry.from_json({"id": ident, **plain})


def _filled(record: Mapping[str, Any]) -> dict[str, Any]:
    """A record as its TOML has it: nothing empty, and days as days."""

    def toml(name: str, value: Any) -> Any:
        if isinstance(value, dict):
            return _filled(value)
        if isinstance(value, list):
            return [toml(name, each) for each in value]
        return date.fromisoformat(value) if name.endswith("_on") else value

    return {
        name: toml(name, value)
        for name, value in record.items()
        if value is not None and value not in ("", [])
    }


def _place(url: str) -> tuple[str, tuple[str, ...]]:
    """The site of an address, and the parts of its path."""
    name, _, path = urls.key(url).partition("/")
    return name, tuple(part for part in path.partition("?")[0].split("/") if part)
