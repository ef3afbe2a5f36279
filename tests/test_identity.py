from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.identity import MANY, Declared, canonical, same
from crawler.urls import domain

PAGE = "https://m.quai.test/dossier/abri?v=2"
BELIEVED = [
    ("https://www.quai.test/dossier/abri", "https://www.quai.test/dossier/abri"),
    ("/dossier/abri", "https://m.quai.test/dossier/abri"),
    ("//quai.test/dossier/abri", "https://quai.test/dossier/abri"),
    ("http://http://quai.test/dossier/abri", "http://quai.test/dossier/abri"),
    ("https://news.quai.test/abri", "https://news.quai.test/abri"),
    ("https://quai.test/?p=12", "https://quai.test/?p=12"),
    ("https://quai.test/?Un-abri-pour-tous", "https://quai.test/?Un-abri-pour-tous"),
    ("https://quai.test/spip.php?article12", "https://quai.test/spip.php?article12"),
    ("https://quai.test/article/404", "https://quai.test/article/404"),
    ("https://quai.test/404-lits-de-plus", "https://quai.test/404-lits-de-plus"),
    ("https://quai.test/recherches-en-cours", "https://quai.test/recherches-en-cours"),
    ("https://quai.test/fr/abri", "https://quai.test/fr/abri"),
    ("https://quai.test/tagada", "https://quai.test/tagada"),
]
NOT_BELIEVED = [
    "",
    "  ",
    "https://quai.test",
    "https://quai.test/",
    "https://quai.test/index.php",
    "https://quai.test/?utm_source=rss",
    "https://quai.test/fr",
    "https://quai.test/fr/",
    "https://quai.test/nl-be/index.html",
    "https://quai.test/?lang=fr",
    "https://quai.test/accueil",
    "https://quai.test/fr/home.html",
    "https://quai.test/404",
    "https://quai.test/404.html",
    "https://quai.test/fr/error/404",
    "https://quai.test/page-not-found",
    "https://quai.test/search?q=abri",
    "https://quai.test/?s=abri",
    "https://quai.test/tag/abri/",
    "https://quai.test/login?next=/dossier/abri",
    "https://quai.test/feed/",
    "https://quai.test/{{ page.slug }}",
    "https://quai.test/dossier/undefined",
    "https://autre.test/dossier/abri",
    "https://quai.test.autre.test/dossier/abri",
    "javascript:void(0)",
    "http://[::1",
    "https://user@quai.test/x",
]


@pytest.mark.parametrize(("claim", "address"), BELIEVED)
def test_a_page_may_say_which_article_of_its_site_it_is(claim: str, address: str) -> None:
    assert canonical([claim], PAGE) == address


@pytest.mark.parametrize("claim", NOT_BELIEVED)
def test_a_claim_that_is_no_article_of_the_same_site_is_not_believed(claim: str) -> None:
    assert canonical([claim], PAGE) is None


def test_two_blogs_of_one_host_are_two_sites() -> None:
    assert canonical(["https://b.wordpress.com/x"], "https://a.wordpress.com/x") is None


def test_the_first_claim_that_can_be_believed_is_the_answer() -> None:
    claims = ["https://quai.test/", "https://quai.test/a", "https://quai.test/b"]
    assert canonical(claims, PAGE) == "https://quai.test/a"
    assert canonical([], PAGE) is None


def test_a_site_whose_articles_are_under_a_lists_name_is_believed() -> None:
    assert canonical(["/tag/abri/un-toit"], "https://quai.test/tag/abri/un-toit?v=2")


@given(st.text(max_size=30), st.text(max_size=30))
def test_whatever_is_claimed_is_no_error(claim: str, url: str) -> None:
    for page in (url, PAGE):
        address = canonical([claim, f"https://quai.test/{claim}"], page)
        assert address is None or domain(address) == domain(page)


def page(
    key: str, claim: str | None = None, *, text: str = "", published: str | None = None
) -> Declared:
    return Declared(key=key, canonical_key=claim, text_hash=text or key, published=published)


def test_a_copy_is_the_page_that_it_points_to() -> None:
    assert same([page("a"), page("a-amp", "a"), page("a-print", "a")]) == {
        "a-amp": "a",
        "a-print": "a",
    }


def test_the_page_pointed_to_is_kept_even_if_published_later() -> None:
    pages = [page("x", published="2026-03-02"), page("a", "x", published="2026-03-01")]
    assert same(pages) == {"a": "x"}


def test_a_page_that_points_to_itself_or_nowhere_is_no_copy() -> None:
    assert same([page("a", "a"), page("b"), page("c", "not stored")]) == {}


def test_of_pages_that_point_to_one_not_stored_the_earliest_is_kept() -> None:
    pages = [
        page("a", "x"),
        page("b", "x", published="2026-03-02"),
        page("c", "x", published="2026-03-01"),
    ]
    assert same(pages) == {"a": "c", "b": "c"}


def test_a_chain_leads_to_its_end() -> None:
    assert same([page("a", "b"), page("b", "c"), page("c")]) == {"a": "c", "b": "c"}
    assert same([page("a", "b"), page("b", "not stored")]) == {"a": "b"}


def test_of_pages_that_point_to_each_other_the_earliest_is_kept() -> None:
    ring = [page("b", "c"), page("c", "b", published="2026-03-01"), page("a", "b")]
    assert same(ring) == {"a": "c", "b": "c"}


def section(count: int, *, text: str = "") -> list[Declared]:
    return [page("s", "s"), *(page(f"a{n}", "s", text=text) for n in range(count))]


def test_what_many_different_articles_claim_is_believed_of_none() -> None:
    assert len(same(section(MANY))) == MANY
    assert same(section(MANY + 1)) == {}


def test_many_pages_of_one_text_are_one_article() -> None:
    assert len(same(section(20, text="the same"))) == 20


NAMES = st.sampled_from("abcdefgh")
pages = st.lists(
    st.builds(
        page,
        NAMES,
        st.none() | NAMES,
        text=st.sampled_from(["t1", "t2", "t3", "t4", "t5"]),
        published=st.sampled_from([None, "2026-03-01", "2026-03-02"]),
    ),
    max_size=12,
)


@given(pages.flatmap(lambda found: st.tuples(st.just(found), st.permutations(found))))
def test_the_order_in_which_pages_come_changes_nothing(
    orders: tuple[Sequence[Declared], Sequence[Declared]],
) -> None:
    first, second = orders
    assert same(first) == same(second)


@given(pages)
def test_what_is_kept_is_stored_and_no_copy_itself(found: list[Declared]) -> None:
    copies = same(found)
    assert copies.keys() | set(copies.values()) <= {page.key for page in found}
    assert not copies.keys() & set(copies.values())
