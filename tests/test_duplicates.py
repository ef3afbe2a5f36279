from itertools import permutations

from enrich.duplicates import Text, relations
from enrich.text import text_hash


def text(ident: str, words: str, published: str | None = None) -> Text:
    return Text(id=ident, text_hash=text_hash(words), published=published)


A = text("a", "Le centre rouvre ses portes.", "2026-10-12")
B = text("b", "LE CENTRE rouvre ses portes", "2026-10-11")
C = text("c", "Le centre ferme ses portes.", "2026-10-10")
D = text("d", "Le centre rouvre ses portes.")


def test_the_earliest_of_equal_texts_is_the_original_in_whatever_order_they_come() -> None:
    for order in permutations([A, B, C, D]):
        found = {answer.id: (answer.cluster, answer.relation) for answer in relations(order)}
        assert found == {
            "a": ("b", "exact"),
            "b": ("b", "original"),
            "c": ("c", "original"),
            "d": ("b", "exact"),
        }


def test_answers_come_in_the_order_of_the_texts() -> None:
    assert [answer.id for answer in relations([D, B, A, C])] == ["d", "b", "a", "c"]


def test_nothing_has_no_relations() -> None:
    assert relations([]) == []
