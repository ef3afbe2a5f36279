import time

import pytest
from lxml import etree
from lxml.html import HtmlElement
from trafilatura import load_html

from enrich.blocks import Link, key, layout, visible


def page(body: str) -> HtmlElement:
    tree = load_html(f"<html><head><title>Titre</title></head><body>{body}</body></html>")
    assert tree is not None
    return tree


def texts(body: str) -> list[str]:
    return [block.text for block in visible(page(body))]


@pytest.mark.parametrize(
    ("written", "same"),
    [
        ("Le CENTRE, rouvert !", "le centre rouvert"),
        ("Obdach\u00adlosen\u200bhilfe", "obdachlosenhilfe"),
        ("ﬁn du mois", "fin du mois"),
        ("救援物資", "救 援 物 資"),
        ("« … »", ""),
    ],
    ids=["capitals and marks", "characters without width", "ligature", "no spaces", "no words"],
)
def test_a_key_is_the_words_in_one_form(written: str, same: str) -> None:
    assert key(written) == same


def test_a_block_runs_from_one_line_break_of_the_layout_to_the_next() -> None:
    body = "<div>Avant<p>Un <b>deux</b></p>après<br>fin<ul><li>point</li></ul></div>"
    assert texts(body) == ["Avant", "Un deux", "après", "fin", "point"]


def test_what_shows_no_text_is_no_block() -> None:
    body = "<script>x</script><style>y</style><noscript>z</noscript><select><option>w</select><p>vu"
    assert texts(body) == ["vu"]


def test_reading_aids_above_words_are_not_read_with_them() -> None:
    assert texts("<p><ruby>法律<rp>(</rp><rt>ほうりつ</rt></ruby>ができる</p>") == ["法律ができる"]


def test_a_drop_cap_belongs_to_its_word() -> None:
    assert texts("<p><span class=cap>L</span>es repas sont gratuits.</p>") == [
        "Les repas sont gratuits."
    ]


def test_text_around_a_comment_is_one_block() -> None:
    tree = etree.fromstring("<html><body><p>avant <!-- x --> après</p></body></html>")
    assert [block.text for block in visible(tree)] == ["avant après"]


def test_a_block_knows_how_much_of_it_is_link_and_where_to() -> None:
    mixed, whole = visible(page("<p>Voir <a href=/a>ici</a></p><p><a href=/b>Tout ceci</a></p>"))
    assert (mixed.linked, mixed.links) == (3 / 8, (Link("/a", "ici", translated=False),))
    assert (whole.linked, [link.href for link in whole.links], whole.tag) == (1.0, ["/b"], "p")


def test_a_link_around_blocks_is_a_box_and_they_are_links() -> None:
    found = layout(page("<a class=card href=/a><h3>Titre</h3><p>Suite</p></a>"))
    assert [block.linked for block in found.blocks] == [1.0, 1.0]
    assert all(found.boxes[block.box].anchor for block in found.blocks)
    assert "a.card" in [box.look for box in found.boxes]


def test_a_box_holds_the_blocks_of_the_boxes_inside_it() -> None:
    found = layout(page("<section id=s class='post-1234 teaser'><p>a</p><p>b</p></section><p>c"))
    section = next(box for box in found.boxes if box.tag == "section")
    assert [block.text for block in found.blocks[section.first : section.end]] == ["a", "b"]
    assert (section.look, section.names) == ("section.teaser", "post-1234 teaser s")
    assert found.boxes[section.parent].tag == "body"


def test_reading_leaves_the_tree_as_it_was() -> None:
    tree = page("<div>a<br>b <script>c</script>d</div>")
    before = etree.tostring(tree)
    layout(tree)
    assert etree.tostring(tree) == before


def test_depth_is_no_danger_and_costs_nothing() -> None:
    # Twice as deep as the parser itself goes; building deeper trees is what takes long.
    tree = etree.Element("html")
    inner = tree
    for _ in range(5_000):
        inner = etree.SubElement(inner, "div")
        inner.text = "x"
    started = time.process_time()
    assert len(visible(tree)) == 5_000
    assert time.process_time() - started < 1
