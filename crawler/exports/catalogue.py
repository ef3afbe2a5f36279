"""The feeds that a person may choose from: of everything, of a language and its themes, ..."""

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, replace

from crawler.exports.addresses import Address
from crawler.exports.formats import FORMATS
from crawler.published import Label
from crawler.query import Query
from crawler.search import labelled, stored_counts

OFFERED = ("language", "country", "source")


@dataclass(frozen=True, slots=True)
class Offer:
    """A feed with the name of what it is of, and its address in each format by that one's name."""

    label: Label
    addresses: Mapping[str, str]


def catalogue(
    conn: sqlite3.Connection, chosen: Query, language: str
) -> dict[str, tuple[Offer, ...]]:
    """The feeds that have articles, by what they are of; named in `language`.

    Themes are those of the language that is `chosen`; in which of them it has articles is not
    counted for a page, so such a feed may be empty.
    """
    facets = (*OFFERED, "theme") if chosen.language else OFFERED
    counts = stored_counts(conn)
    labels = labelled(conn, {each: counts[each] for each in facets} if counts else {}, language)
    within = Query(language=chosen.language)
    return {
        facet: tuple(
            Offer(
                label, addresses((within if facet == "theme" else Query()).only(facet, label.code))
            )
            for label in found
        )
        for facet, found in labels.items()
    }


def addresses(query: Query) -> dict[str, str]:
    """Where a feed is in each format, relative to where the site is."""
    one = Address(query=query)
    return {each.name: replace(one, format=name).url for name, each in FORMATS.items()}
