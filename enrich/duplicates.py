"""Which texts are the same text: for now to the letter, once folded."""

from collections.abc import Iterable
from dataclasses import dataclass

from enrich.text import text_hash


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """One text to compare. `id` is the caller's; `published` (ISO 8601) says which came first."""

    id: str
    text: str
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
    hashes = [text_hash(text.text) for text in texts]
    first: dict[str, Text] = {}
    for text, digest in zip(texts, hashes, strict=True):
        known = first.get(digest)
        if known is None or _order(text) < _order(known):
            first[digest] = text
    return [
        Relation(
            id=text.id,
            cluster=first[digest].id,
            relation="original" if first[digest].id == text.id else "exact",
        )
        for text, digest in zip(texts, hashes, strict=True)
    ]


def _order(text: Text) -> tuple[bool, str, str]:
    return (text.published is None, text.published or "", text.id)
