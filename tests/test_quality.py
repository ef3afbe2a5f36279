import re
from collections import Counter
from dataclasses import replace
from pathlib import Path

import golden
import pytest
import quality
from lxml.html import document_fromstring

RESERVED = re.compile(r"(?:^|\.)(?:example|test|example\.org)$")
# Addresses that name vocabularies and programs, and are not visited.
NAMES = {"schema.org", "ogp.me", "www.w3.org", "gmpg.org", "purl.org", "xmlns.com",
                "rdfs.org", "api.w.org", "www.drupal.org"}  # fmt: skip
HOST = re.compile(r"https?://([^/\"'\s:<>\\]+)")
# One pass is enough: what a page gives by itself shows in what it gives among those of its site.
SET = "golden by site" if "golden by site" in quality.floors() else "golden"
GATE = [(group, measure) for group, wanted in quality.floors()[SET].items() for measure in wanted]


@pytest.fixture(name="report", scope="module")
def _report(tmp_path_factory: pytest.TempPathFactory) -> quality.Report:
    """Every golden page read once, by the command itself."""
    folder = tmp_path_factory.mktemp("golden")
    pages = quality.golden_pages(folder, by_site=SET == "golden by site")
    return quality.measured([pages], plain=False)


@pytest.mark.parametrize(("group", "measure"), GATE, ids=["-".join(part) for part in GATE])
def test_the_golden_pages_are_read_no_worse_than_before(
    report: quality.Report, group: str, measure: str
) -> None:
    least = {SET: {group: {measure: quality.floors()[SET][group][measure]}}}
    low = list(quality.broken(SET, report.figures[SET], report.pages[SET], least))
    assert not low, "\n".join(map(str, low))


def test_there_are_pages_of_ten_moulds_and_each_has_pages_that_are_no_article() -> None:
    moulds = golden.by_mould(golden.pages())
    assert len(moulds) >= 9
    assert len(golden.pages()) >= 72
    for mould, pages in moulds.items():
        others = [page for page in pages if not page.expected.readable]
        assert len(pages) >= 6, mould
        assert len(others) >= 2, mould
    kinds = Counter(page.expected.kind for page in golden.pages())
    assert kinds.keys() >= {
        "article", "home", "listing", "static", "consent", "paywall", "shell", "live", "not_found",
    }  # fmt: skip
    assert len({page.id for page in golden.pages()}) == len(golden.pages())


def test_a_golden_page_is_as_long_as_a_real_one() -> None:
    sizes = {page.id: len(page.html) // 1000 for page in golden.pages()}
    assert {name: size for name, size in sizes.items() if not 38 <= size <= 150} == {}


def test_the_golden_pages_are_the_same_every_time() -> None:
    mould = golden.moulds()[0]
    assert list(golden._site(mould)) == list(golden._site(mould))


@pytest.mark.parametrize("mould", golden.moulds())
def test_what_must_survive_and_what_must_not_stand_on_the_page(mould: str) -> None:
    """Otherwise no extraction could be right, or none be wrong."""
    shown = {page.id: _visible(page) for page in golden.by_mould(golden.pages())[mould]}
    for page in golden.by_mould(golden.pages())[mould]:
        for paragraph in page.expected.must:
            assert quality.flat(paragraph) in shown[page.id], page.id
        if page.expected.readable:
            found = [quality.flat(part) in shown[page.id] for part in page.expected.never]
            assert sum(found) >= 4, page.id
        wrong = [part for part in page.expected.never if part in page.expected.body]
        assert not wrong, page.id


@pytest.mark.parametrize("mould", golden.moulds())
def test_golden_sites_are_invented_and_at_reserved_names(mould: str) -> None:
    for page in golden.by_mould(golden.pages())[mould]:
        hosts = {host.rstrip(".)") for host in HOST.findall(page.html.decode("latin-1"))}
        outside = {host for host in hosts - NAMES if not RESERVED.search(host)}
        assert not outside, page.id


def _visible(page: golden.Golden) -> str:
    text = page.html.decode("windows-1252" if page.mould == "handmade" else "utf-8")
    tree = document_fromstring(text.replace("\xad", ""))
    for element in list(tree.iter("script", "style")):
        element.drop_tree()
    return quality.flat(str(tree.text_content()))


GOLD = quality.Gold(
    id="a",
    group="m",
    body="un deux trois quatre cinq six\nsept huit",
    title="Un deux",
    published="2026-11-04",
    authors=("Ana Pires",),
    kind="article",
    readable=True,
    strict=True,
)
RIGHT = {"id": "a", "kind": "article", "text": GOLD.body, "title": "UN DEUX.",
         "published": "2026-11-04T10:00:00Z", "authors": ["Pires"]}  # fmt: skip


def test_an_answer_that_is_right_has_full_marks() -> None:
    marks = quality.mark(GOLD, RIGHT).marks
    assert set(marks.values()) == {1.0}
    assert marks.keys() == {"P", "R", "clean", "title", "date", "author", "article", "kind"}


def test_precision_and_recall_count_runs_of_four_words() -> None:
    # Five runs are right; the text has three of them and two of its own.
    assert quality.precision_recall(
        GOLD.body or "", (), "un deux trois quatre cinq six neuf dix"
    ) == (
        3 / 5,
        3 / 5,
    )


def test_what_is_optional_may_be_found_and_need_not_be() -> None:
    optional = ("sept huit",)
    for text in ("un deux trois quatre cinq six", GOLD.body or ""):
        assert quality.precision_recall(GOLD.body or "", optional, text) == (1.0, 1.0)


def test_a_pull_quote_that_need_not_be_found_leaves_the_sentence_it_repeats() -> None:
    body = "un deux trois quatre cinq six\ndeux trois quatre cinq"
    assert quality.precision_recall(
        body, ("deux trois quatre cinq",), "un deux trois quatre cinq six"
    ) == (1.0, 1.0)


def test_an_empty_text_has_no_precision_and_no_recall() -> None:
    assert quality.precision_recall("un deux", (), "") == (None, 0.0)


def test_a_name_or_a_source_where_there_is_none_is_a_mistake() -> None:
    gold = replace(GOLD, authors=())
    told = RIGHT | {"origin_url": "https://a.example/1", "authors": ["admin"]}
    marks = quality.mark(gold, told).marks
    assert (marks["author"], marks["origin"]) == (0.0, 0.0)


def test_an_organisation_that_signed_is_as_right_as_no_person() -> None:
    told = RIGHT | {"authors": ["Collectif du Quai"], "signed_by": "organisation"}
    assert "author" not in quality.mark(replace(GOLD, authors=()), told).marks
    assert quality.mark(GOLD, told).marks["author"] == 0.0


def test_a_page_that_is_no_article_is_judged_by_its_kind_alone() -> None:
    gold = quality.Gold(id="a", group="m", kind="home", readable=False, strict=True)
    assert quality.mark(gold, RIGHT).marks == {"not article": 0.0, "kind": 0.0}
    assert quality.mark(gold, {"kind": "listing"}).marks == {"not article": 1.0, "kind": 0.0}


def test_files_are_matched_by_address_and_their_labels_are_words_alone() -> None:
    paper = golden.Paper(url="https://a.example/r.pdf", label="Le rapport", size="2,1 Mo")
    gold = replace(GOLD, attachments=(paper,))
    told = {"url": paper.url, "label": "Le rapport (PDF - 2,1 Mo)", "size": 2_202_009}
    marks = quality.mark(gold, RIGHT | {"attachments": [told]}).marks
    assert (marks["attachments"], marks["labels"], marks["sizes"]) == (1.0, 0.0, 1.0)


def test_text_of_the_article_that_the_memory_removed_is_counted_as_lost() -> None:
    removed = [
        {"text": "sept huit", "rule": "memory"},
        {"text": "un deux trois quatre cinq six", "rule": "cards"},
        {"text": "Publicité", "rule": "memory"},
    ]
    page = quality.mark(GOLD, RIGHT | {"removed": removed})
    assert page.removed == len("sept huit")
    found = quality.by_group([page])
    assert found["all"]["lost"] == page.removed / page.body
    (low,) = quality.broken("golden", found, [page], {})
    assert (low.measure, low.worst) == ("lost", ("a",))


def test_a_floor_that_is_not_reached_says_where_by_how_much_and_which_pages() -> None:
    page = quality.mark(GOLD, {"id": "a", "text": "tout autre chose"})
    found = quality.by_group([page])
    (low,) = quality.broken("golden", found, [page], {"golden": {"all": {"F": 0.9}}})
    assert str(low) == "golden: F is 0.0000, 0.9000 below 0.9000; worst: a 0.00"
    assert not list(quality.broken("golden", found, [page], {"golden": {"all": {"F": 0.0}}}))


def test_floors_rise_and_never_fall(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "floors.toml"
    file.write_text("# why\n[golden.all]\nF = 0.5\nleak = 0.2\ntitle = 0.9\n")
    monkeypatch.setattr(quality, "FLOORS", file)
    figures = {"pages": 9.0, "F": 0.61239, "leak": 0.10001, "title": 0.8}
    new = {"pages": 2.0, "F": 0.3}
    file.write_text(quality.raised({"golden": {"all": figures}, "news": {"all": new}}))
    assert quality.floors() == {
        "golden": {"all": {"F": 0.6123, "leak": 0.1001, "title": 0.9}},
        "news": {"all": {"pages": 2, "F": 0.3}},
    }
    assert file.read_text().startswith("# why\n")


def test_floors_hold_for_the_pages_that_they_were_written_for() -> None:
    page = quality.mark(GOLD, {})
    found = quality.by_group([page])
    for pages, low in ((1, 1), (2, 0)):
        least = {"news": {"all": {"pages": pages, "clean": 0.5}}}
        assert len(list(quality.broken("news", found, [page], least))) == low


def test_pages_that_got_no_answer_are_marked_as_empty() -> None:
    (page,) = quality.marks([GOLD], [])
    assert page.marks["R"] == 0.0


def test_a_body_is_read_as_blocks() -> None:
    read = list(golden.blocks("Un **mot**.\n\n## Titre\n\n- a\n- [b](https://a.example)\n\n> c"))
    assert [(block.kind, block.texts) for block in read] == [
        ("p", ("Un mot.",)),
        ("h2", ("Titre",)),
        ("li", ("a", "b")),
        ("pull", ("c",)),
    ]
    assert read[2].lines[1] == '<a href="https://a.example">b</a>'
