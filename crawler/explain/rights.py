"""What was said of the rights of a page, by whom, and what may be shown of it therefore."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

from sqlite_utils import Database

from crawler import clock, registry, rows, showing, tdmrep
from crawler.items import Source
from crawler.urls import host
from enrich.rights import Signals

Report = dict[str, Any]

HEADERS = ("x-robots-tag", "tdm-reservation", "tdm-policy")


def of_address(
    db: Database,
    row: Report,
    headers: Mapping[str, str],
    signals: Signals,
    *,
    article: int | None,
    most: str,
) -> Report:
    """`signals` are what its page declares, `row` is the ledger's; `most` as in rows.Context."""
    (record,) = db.execute("SELECT record FROM sources WHERE id = ?", [row["source"]]).fetchone()
    source = registry.from_json(json.loads(record))
    files = _files(db, row)
    said = [
        *_recorded(source),
        *_filed(files, row["page_url"] or row["url"], row["host"]),
        *(_said("header", f"{name}: {headers[name]}") for name in HEADERS if name in headers),
        *_declared(signals),
    ]
    return {"shown": _shown(db, article, files, most, source), "said": said}


def _files(db: Database, row: Report) -> Mapping[str, showing.Rules]:
    """The rules of the two hosts that can speak for it: who was asked, who answered."""
    named = [row["host"], host(row["page_url"] or row["url"])]
    sql = "SELECT host, tdmrep FROM hosts WHERE host IN (?, ?) AND tdmrep IS NOT NULL"
    return {name: tdmrep.parse(text).rules for name, text in db.execute(sql, named).fetchall()}


def _said(by: str, what: str) -> Report:
    return {"by": by, "what": what}


def _recorded(source: Source) -> Iterator[Report]:
    licence = source.licence
    if licence:
        read = f"terms read on {licence.terms_read_on}" if licence.terms_read_on else "day unknown"
        yield _said("record", f"licence {licence.id}, {read}")
    else:
        yield _said("record", "no licence")
    if source.tdm != "unknown":
        yield _said("record", f"mining {source.tdm}")


def _filed(files: Mapping[str, showing.Rules], url: str, asked: str) -> Iterator[Report]:
    rule = tdmrep.deciding(showing.rules(files, url, asked), url)
    if rule:
        policy = f", policy {rule.policy}" if rule.policy else ""
        yield _said("tdmrep.json", f"{rule.location}: tdm-reservation {rule.reservation}{policy}")


def _declared(signals: Signals) -> Iterator[Report]:
    if signals.robots:
        yield _said("page", f"robots {', '.join(signals.robots)}")
    if signals.tdm_reservation is not None:
        policy = f", policy {signals.tdm_policy}" if signals.tdm_policy else ""
        yield _said("page", f"tdm-reservation {signals.tdm_reservation}{policy}")
    for licence in signals.licences:
        yield _said("page", f"links to the licence {licence}, which decides nothing")


def _shown(
    db: Database,
    article: int | None,
    files: Mapping[str, showing.Rules],
    most: str,
    source: Source,
) -> Report | None:
    """As `tamis publish` would weigh it now; None of what is no article."""
    if article is None:
        return None
    context = rows.Context(
        sources={source.id: source}, reservations=files, whole=False, most=most, now=clock.now()
    )
    found = rows.read(db, [article], {article: None}, context).articles
    if not found:
        return None
    (row,) = found
    return asdict(rows.shown_of(row, context, showing.signals_of(row["declared"])))
