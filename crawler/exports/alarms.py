"""The feed of what is wrong with sources, for their operator: Atom."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from lxml import etree

from crawler.exports.atom import MEDIA_TYPE, make
from crawler.exports.texts import BEGINNING, line, tag
from crawler.exports.xmltext import ATOM, in_language, timestamp, xml_bytes

NAME = "alarms.atom"  # beside the site, where the operator puts it


def write(rows: Sequence[Mapping[str, Any]], base_url: str) -> bytes:
    """`rows` are those of crawler.standing.alarms; their pages are those of the published table."""
    base_url = f"{base_url.rstrip('/')}/"
    updated = max((datetime.fromisoformat(row["told"]) for row in rows), default=BEGINNING)
    root = etree.Element(f"{{{ATOM}}}feed", in_language("en"), {None: ATOM})
    root.extend(
        [
            make.id(tag(base_url, "alarms")),
            make.title("Tamis: alarms"),
            make.subtitle("What is wrong with sources, and what to do about it."),
            make.updated(timestamp(updated)),
            make.link(rel="self", type=MEDIA_TYPE, href=f"{base_url}{NAME}"),
            make.link(rel="alternate", type="text/html", href=f"{base_url}news/alarms"),
            make.author(make.name("Tamis"), make.uri(base_url)),
            make.generator("Tamis"),
            *(_entry(row, base_url) for row in rows),
        ]
    )
    return xml_bytes(root, f"{urlsplit(base_url).path}feeds/feed.css")


def _entry(row: Mapping[str, Any], base_url: str) -> etree._Element:
    about = row["name"] or row["source"] or "Tamis"
    over = f" It ended on {row['until']}." if row["until"] else ""
    node: etree._Element = make.entry(
        make.id(tag(base_url, f"alarm/{row['id']}")),
        make.title(line(f"{'Over: ' if over else ''}{row['kind']}: {about}")),
        make.link(rel="alternate", type="text/html", href=f"{base_url}news/alarms/{row['id']}"),
        make.published(f"{row['raised']}T00:00:00Z"),
        make.updated(timestamp(datetime.fromisoformat(row["told"]))),
        make.author(make.name("Tamis")),
        make.category(term=row["kind"], scheme=tag(base_url, "alarms")),
        make.summary(line(f"{row['sentence']}.{over}")),
    )
    return node
