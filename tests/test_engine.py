"""What enrich.engine leaves out of Trafilatura's work changes nothing of what it finds."""

import json
import re

import pytest
from golden import pages
from lxml import etree, html
from trafilatura import load_html
from trafilatura.xpaths import RAW_TREE_PRUNE_XPATH, REMOVE_COMMENTS_AND_LISTS_XPATH

from enrich import engine
from enrich.charset import decode
from enrich.engine import body_text, engine_tree, texts_of, whole_cascade
from enrich.front import front_of

# Each second golden page: all moulds are among them.
GOLDEN = [decode(page.html)[0] for page in pages()][::2]
SENTENCE = "Le relais des Tilleuls prête des vélos aux familles du quartier, sans limite de temps. "
LONG = "".join(f"<p>{number}. {SENTENCE * 3}</p>" for number in range(8))
LINKS = "".join(f"<li><a href='/{n}'>{SENTENCE} {n}</a></li>" for n in range(200))
FORUM = json.dumps({"@type": "DiscussionForumPosting", "headline": "Des vélos"})

PAGES = {
    "an article": f"<article><h1>Des vélos</h1>{LONG}</article>",
    "with comments": f"<article>{LONG}</article><div id='comments'>{LONG[:400]}</div>",
    "with a list of comments": f"<div>{LONG}</div><ol class='commentlist'><li>{SENTENCE}</li></ol>",
    "with a further article": f"<div>{LONG}</div><div class='mvp-post-add-box'>{LONG}</div>",
    "with buttons": f"<p>{LONG}</p><div class='elementor-share-buttons'>{SENTENCE * 4}</div>",
    "of a forum": f"<script type='application/ld+json'>{FORUM}</script><div class='comments-area'>"
    f"{LONG}</div>",
    "of one sentence": f"<article><p>{SENTENCE}</p></article>",
    "of little among much": f"<article><p>{SENTENCE * 4}</p></article><ul>{LINKS}</ul>",
    "of text that nothing holds": f"<div><div>{SENTENCE * 9}<br>{SENTENCE * 9}</div></div>",
    "of tables": f"<table><tr><td>{SENTENCE * 6}</td><td>{SENTENCE * 6}</td></tr></table>",
    "of text that another reading finds": f"<article class='post'><p>{SENTENCE * 4}</p></article>"
    f"<div class='story'>{LONG * 3}</div>",
    "with films": f"<article>{LONG}<iframe src='https://www.youtube.com/embed/a'></iframe></article>",
    "without words": "<div></div>",
}


def read(text: str) -> tuple[str, str]:
    """The body by the short way, and by the long one."""
    tree = engine_tree(text)
    assert tree is not None
    before = etree.tostring(tree)
    short = body_text(tree, names=front_of(tree).names, texts=texts_of(tree), scripts=text)
    assert etree.tostring(tree) == before, "the page was changed"
    return short, whole_cascade(tree)


@pytest.mark.parametrize("number", range(0, len(GOLDEN), 8))
def test_golden_pages_have_the_same_body_by_the_short_way(number: int) -> None:
    for page in GOLDEN[number : number + 8]:
        short, long = read(page)
        assert short == long


@pytest.mark.parametrize("what", PAGES)
def test_a_page_has_the_same_body_by_the_short_way(what: str) -> None:
    short, long = read(
        f"<html><head><title>Des vélos</title></head><body>{PAGES[what]}</body></html>"
    )
    assert short == long
    assert short or what == "without words"


@pytest.mark.parametrize(
    "text",
    [
        '<?xml version="1.0" encoding="iso-8859-1"?>\n<html><body><p>Un été</p></body></html>',
        '<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0//EN" "a/b.dtd">\n<html/>\n<p>Un été</p>',
        "<html><body><p>Un\x00 \x0bété\x1f \ufffe\uffff\ud800</p></body></html>",
        f"<html><body>{'<p>Un été</p>' * 900}\x0c\n<p>\x01 {'été ' * 900}\ufffe</p></body></html>",
        "<p>Un seul</p>",
        "rien",
        "",
    ],
    ids=["XML", "doctype", "controls", "late controls", "fragment", "word", "nothing"],
)
def test_a_page_is_parsed_as_trafilatura_parses_it(text: str) -> None:
    assert parsed(engine_tree(text)) == parsed(load_html(text))


def test_golden_pages_are_parsed_as_trafilatura_parses_them() -> None:
    for page in GOLDEN[:12]:
        assert parsed(engine_tree(page)) == parsed(load_html(page))


def parsed(tree: html.HtmlElement | None) -> bytes | None:
    return None if tree is None else etree.tostring(tree)


@pytest.mark.parametrize(
    "name",
    ["comments", "Comment-list", "comol", "disqus_thread", "dsq-comments", "article-comments",
     "post-comments-x", "mvp-post-add-box", "mvp-post-add-wrap", "infinite-scroll",
     "infinitescroll", "elementor-share-buttons"],
)  # fmt: skip
@pytest.mark.parametrize("attribute", ["class", "id"])
def test_what_trafilatura_prunes_by_its_name_is_not_passed_over(name: str, attribute: str) -> None:
    tree = engine_tree(f"<html><body><p>a</p><div {attribute}='{name}'>b</div></body></html>")
    assert tree is not None
    searches = (*RAW_TREE_PRUNE_XPATH, *REMOVE_COMMENTS_AND_LISTS_XPATH)
    found = any(search(tree) for search in searches)
    pruned = engine._pruned(tree, "\n".join(front_of(tree).names))
    assert found == (pruned.text_content() == "a")


def test_trafilatura_prunes_by_the_names_that_the_short_way_knows() -> None:
    """If this fails, a new Trafilatura has other names: add them to APPENDED or COMMENTS."""
    wanted = "\n".join(x.path for x in (*RAW_TREE_PRUNE_XPATH, *REMOVE_COMMENTS_AND_LISTS_XPATH))
    assert set(re.findall(r"(?:re:test|contains)\(@(?:id|class), '([^']+)'\)", wanted)) == {
        "mvp-post-add-(?:box|wrap)|infinite-?scroll",
        "mvp-post-add-(?:box|wrap)",
        "elementor-share-buttons",
        "^(?:[Cc]omment(?!ary)|comol|disqus_thread|dsq-comments)",
        "^(?:[Cc]omment(?!ary)|comol)",
        "^[Cc]omment(?!ary)|(?:article|post)-comments",
    }
