"""Which texts are the same text: for now to the letter, once folded."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """One text to compare, as its `text_hash` (enrich.text).

    `id` is the caller's; `published` (ISO 8601) says which came first.
    """

    id: str
    text_hash: str
    published: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Relation:
    """`cluster` is the id of its original; `relation` is `original` or `exact`."""

    id: str
    cluster: str
    relation: str


def relations(texts: Iterable[Text]) -> list[Relation]:
    """One answer a text, in the order given; which one is the original never depends on it.

    The original is the earliest published; of those published together, or not dated, the one
    with the smallest id.
    """
    texts = list(texts)
    first: dict[str, Text] = {}
    for text in texts:
        known = first.get(text.text_hash)
        if known is None or _order(text) < _order(known):
            first[text.text_hash] = text
    return [
        Relation(
            id=text.id,
            cluster=first[text.text_hash].id,
            relation="original" if first[text.text_hash].id == text.id else "exact",
        )
        for text in texts
    ]


def _order(text: Text) -> tuple[bool, str, str]:
    return (text.published is None, text.published or "", text.id)
