import json
import time
import tomllib
from typing import Any

import pytest
from trafilatura import load_html

from enrich.authors import DATA, authors_of, names_in, organisations_in
from enrich.chosen import Chosen
from enrich.claims import claims_of
from enrich.front import front_of

URL = "https://quai.example.org/actualites/le-centre-rouvre"
Names = tuple[str, ...]


def authors(
    head: str = "",
    after: str = "",
    *,
    before: str = "",
    end: str = "",
    feed: Names = (),
    search: str | None = None,
) -> Chosen[Names]:
    paragraphs = "<p>Les équipes tiennent une permanence chaque matin.</p>" * 6
    tree = load_html(
        f"<!doctype html><html><head>{head}</head><body>{before}<main>"
        f"<h1>Le centre rouvre</h1>{after}<div>{paragraphs}</div>{end}</main></body></html>"
    )
    return authors_of(
        claims_of(tree),
        front_of(tree),
        URL,
        title="Le centre rouvre",
        feed=feed,
        search=lambda: search,
    )


def json_ld(author: Any, *more: Any) -> str:
    graph = {"@graph": [{"@type": "NewsArticle", "author": author}, *more]}
    return f'<script type="application/ld+json">{json.dumps(graph)}</script>'


def person(name: str) -> dict[str, str]:
    return {"@type": "Person", "name": name}


META = '<meta name="author" content="Jan Peeters">'
BYLINE = '<p class="byline">Par Léa Noir</p>'


@pytest.mark.parametrize(
    ("head", "after", "feed", "search", "expected"),
    [
        (json_ld(person("Awa Sylla")) + META, BYLINE, ("Al B",), "C D", ("Awa Sylla", "json-ld")),
        (META, BYLINE, ("Ali Bah",), "Cleo Das", ("Jan Peeters", "meta")),
        ("", BYLINE, ("Ali Bah",), "Cleo Das", ("Léa Noir", "byline")),
        ("", "<p>Par Léa Noir</p>", ("Ali Bah",), "Cleo Das", ("Léa Noir", "byline")),
        ("", "", ("Ali Bah",), "Cleo Das", ("Ali Bah", "feed")),
        ("", "", (), "Cleo Das", ("Cleo Das", "page")),
    ],
    ids=["json-ld", "meta", "class", "by-word", "feed", "search"],
)
def test_the_surest_place_names_the_persons(
    head: str, after: str, feed: Names, search: str, expected: tuple[str, str]
) -> None:
    found = authors(head, after, feed=feed, search=search)
    assert (found.value, found.source) == ((expected[0],), expected[1])


def test_a_less_sure_place_that_names_others_is_kept_as_a_candidate() -> None:
    found = authors(META, BYLINE)
    assert [(c.value, c.why_not) for c in found.candidates] == [
        (("Jan Peeters",), None),
        (("Léa Noir",), "a less sure place"),
    ]


def test_json_ld_refers_to_persons_by_their_id() -> None:
    ident = {"@id": "https://quai.example.org/#/person/1"}
    head = json_ld([ident, person("Jan Peeters")], {**ident, **person("Awa Sylla")})
    assert authors(head).value == ("Awa Sylla", "Jan Peeters")


@pytest.mark.parametrize(
    "author",
    [
        {"@type": "Organization", "name": "Vent du Nord"},
        {"@type": ["NewsMediaOrganization"], "name": "Vent du Sud"},
        person("Rédaction"),
        person("La rédaction du Quai"),
        person("Redactie"),
        person("quai.example.org"),
        person("AFP"),
        person("admin"),
        person("Quai"),
        person("https://quai.example.org/equipe"),
        person("contact@quai.example.org"),
        person("Équipe de communication"),
    ],
    ids=lambda author: author["name"],
)
def test_where_only_an_organisation_signed_nobody_is_an_author(author: dict[str, Any]) -> None:
    site = '<meta property="og:site_name" content="Quai">'
    found = authors(site + json_ld(author))
    assert (found.value, found.source) == ((), None)
    assert found.candidates[0].why_not


def test_the_organisation_that_signed_is_at_hand() -> None:
    found = authors(json_ld({"@type": "Organization", "name": "Vent du Nord"}), "<p>Par Belga</p>")
    assert organisations_in(found) == ("Vent du Nord",)
    assert organisations_in(authors(META)) == ()


@pytest.mark.parametrize("account", ["Super User", "Super Utilisateur", "webmaster", "Mhariri"])
def test_an_account_signs_for_nobody(account: str) -> None:
    assert organisations_in(authors(json_ld(person(account)))) == ()


def test_the_arabic_and_parts_persons_and_no_sentences() -> None:
    desk = "<p class=author>هيئة التحرير صحافة تُعنى بقصص الناس ومبادراتهم الصغيرة</p>"
    assert authors("", desk).value == ()
    assert authors("", "<p class=author>ليلى حداد ومريم الصباغ</p>").value == (
        "ليلى حداد",
        "مريم الصباغ",
    )


def test_who_made_a_claim_did_not_write_the_check_of_it() -> None:
    review = {
        "@context": "https://schema.org",
        "@type": "ClaimReview",
        "itemReviewed": {"@type": "Claim", "author": {"@type": "Person", "name": "Otto Faux"}},
    }
    head = f'<script type="application/ld+json">{json.dumps(review)}</script>'
    assert authors(head, BYLINE).value == ("Léa Noir",)


@pytest.mark.parametrize(
    "line",
    [
        "<div class='meta submitted'>Ingediend door Léa Noir op vr, 11/03/2016 - 14:20</div>",
        "<dd class=createdby><span class=icon></span> Escrito por <span>Léa Noir</span></dd>",
        "<div class=node__submitted>أرسله <span>Léa Noir</span> في 25/06/2024</div>",
    ],
)
def test_a_content_managers_line_on_who_sent_it_is_a_by_line(line: str) -> None:
    assert authors("", line).value == ("Léa Noir",)


def test_authors_in_an_element_each_all_sign() -> None:
    each = "".join(
        f"<span class='vcard author'><a href='/a/{n}'>{name}</a></span>, "
        for n, name in enumerate(("Léa Noir", "Jan Peeters"))
    )
    assert authors("", f"<div>{each}</div>").value == ("Léa Noir", "Jan Peeters")


def test_an_organisation_is_named_as_it_writes_itself_rather_than_by_its_account() -> None:
    head = '<meta property="og:site_name" content="Vent du Nord">' + json_ld(person("ventdunord"))
    desk = "<p class=author>Vent du Nord</p>"
    assert organisations_in(authors(head, desk)) == ("Vent du Nord",)


def test_a_desk_is_named_once_and_without_what_it_says_of_itself() -> None:
    name = "Rédaction du Quai"
    desk = f"<p class=author>{name}</p><p class=author-box>{name} <b>depuis</b></p>"
    assert organisations_in(authors("", desk)) == ("Rédaction du Quai",)


def test_a_person_in_the_by_line_beats_the_organisation_in_the_metas() -> None:
    head = (
        json_ld({"@type": "Organization", "name": "Quai"}) + '<meta name="author" content="Quai">'
    )
    assert authors(head, BYLINE).value == ("Léa Noir",)


def test_where_an_organisation_signed_nothing_is_searched_for() -> None:
    head = json_ld({"@type": "Organization", "name": "Vent du Nord"})
    assert authors(head, search="Quelque Nom").value == ()


@pytest.mark.parametrize(
    ("before", "end"),
    [
        ('<nav><a rel="author" href="/x">Ida Berg</a></nav>', ""),
        ("", '<div class="comments"><span class="author">Ida Berg</span></div>'),
        ("", '<section class="related-posts"><span class="author">Ida Berg</span></section>'),
        ("", '<aside><a href="/author/ida">Ida Berg</a></aside>'),
    ],
    ids=["menu", "comment", "related", "aside"],
)
def test_those_who_signed_something_else_are_no_authors(before: str, end: str) -> None:
    assert authors(before=before, end=end).value == ()


@pytest.mark.parametrize(
    "after",
    [
        '<span class="elementor-widget author">Léa Noir</span>',
        '<a href="/auteurs/lea-noir">Léa Noir</a>',
        '<a rel="author" href="/equipe/3">Léa Noir</a>',
        '<span itemprop="author"><span itemprop="name">Léa Noir</span></span>',
        '<div><span>Par</span> <a href="/equipe/3">Léa Noir</a></div>',
        "<div>Door Léa Noir</div>",
        "<div>Text: Léa Noir</div>",
    ],
)
def test_by_lines_come_in_many_shapes(after: str) -> None:
    assert authors("", after).value == ("Léa Noir",)


@pytest.mark.parametrize(
    "line",
    [
        "Par ailleurs, les équipes restent ouvertes",
        "Von den Plätzen sind vierzig frei",
        "By the end of the month all is open",
        "Por la noche abre otra sala",
    ],
)
def test_a_sentence_that_begins_with_a_by_word_is_no_by_line(line: str) -> None:
    assert authors("", f"<p>{line}</p>").value == ()


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("Par Awa Sylla, Jan Peeters et Léa Noir", ("Awa Sylla", "Jan Peeters", "Léa Noir")),
        ("Door Jan Peeters en Lies De Smet", ("Jan Peeters", "Lies De Smet")),
        ("Von Ralf Busch und Ursula von der Aue", ("Ralf Busch", "Ursula von der Aue")),
        ("By Awa Sylla & Kofi A. Mensah", ("Awa Sylla", "Kofi A. Mensah")),
        ("Por Ana Ruiz y Luis Gil", ("Ana Ruiz", "Luis Gil")),
        ("José Ortega y Gasset", ("José Ortega y Gasset",)),
        ("Di Mario Rossi e Lia Neri", ("Mario Rossi", "Lia Neri")),
        ("Na Asha Mwangi", ("Asha Mwangi",)),
        ("بقلم: ليلى حداد", ("ليلى حداد",)),
        ("De Smet", ("De Smet",)),
        ("Marine Le Goff", ("Marine Le Goff",)),
        ("Mohamed El Amrani", ("Mohamed El Amrani",)),
        ("Min Aung", ("Min Aung",)),
        ("Jean Dubois, journaliste", ("Jean Dubois",)),
        ("Jean Dubois le 3 mars 2024", ("Jean Dubois",)),
        ("Jean Dubois | Publié le 3 mars 2024", ("Jean Dubois",)),
        ("Jane Doe May 3", ("Jane Doe",)),
        ("By Sam Smith 11:34pm", ("Sam Smith",)),
        ("Le\u0301a Noir (Dakar)", ("Léa Noir",)),
        ("Par", ()),
        ("", ()),
        ("2024", ()),
    ],
)
def test_a_by_line_is_split_into_names(line: str, names: Names) -> None:
    assert names_in(line) == names


@pytest.mark.parametrize(
    ("claim", "names"),
    [
        ("Peeters, Jan", ("Jan Peeters",)),
        ("Jan Peeters, Léa Noir", ("Jan Peeters", "Léa Noir")),
        ("Von Trier", ("Von Trier",)),
        ("Par Léa Noir", ("Léa Noir",)),
    ],
)
def test_a_claim_may_put_the_last_name_first(claim: str, names: Names) -> None:
    assert names_in(claim, byline=False) == names


def test_a_place_beside_a_full_name_is_no_author() -> None:
    found = authors("", '<p class="byline">Par Léa Noir, Bruxelles</p>')
    assert found.value == ("Léa Noir",)


def test_the_words_are_there_for_twenty_languages() -> None:
    data = tomllib.loads(DATA.read_text(encoding="utf-8"))
    assert len(data["by"]) >= 20
    lists = ("organisations", "particles"), ("agencies", "accounts")
    words = [word for name in lists[0] for word in data[name]["words"]]
    words += [word for name in lists[1] for word in data[name]["names"]]
    assert [word for word in words if word != word.casefold()] == []


@pytest.mark.parametrize(
    ("head", "after"),
    [
        ("", '<p class="author">' + "Léa Noir, " * 100_000),
        ("", '<span class="author">Léa</span>' * 20_000),
        (json_ld([person("Léa Noir")] * 50_000), ""),
        ("", "<p>Par Léa Noir " * 20_000),
        (f'<meta name="author" content="{"a, " * 300_000}">', ""),
    ],
    ids=["long line", "many", "json-ld", "nested", "meta"],
)
def test_a_hostile_page_costs_little(head: str, after: str) -> None:
    begun = time.process_time()
    authors(head, after)
    assert time.process_time() - begun < 3


def test_a_by_line_with_more_persons_than_json_ld_names_is_believed() -> None:
    found = authors(json_ld(person("Awa Sylla")), '<p class="byline">Par Awa Sylla et Léa Noir</p>')
    assert (found.value, found.source) == (("Awa Sylla", "Léa Noir"), "byline")


def test_links_that_touch_in_a_by_line_are_so_many_persons() -> None:
    links = '<a href="/a/1">ريم التلاوي</a><a href="/a/2">بشير الخطاب</a>'
    assert authors("", f'<p class="meta-author">{links}</p>').value == (
        "ريم التلاوي",
        "بشير الخطاب",
    )


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("بقلم ريم التلاوي وبشير الخطاب", ("ريم التلاوي", "بشير الخطاب")),
        ("بقلم ريم محمد وليد الخطاب", ("ريم محمد وليد الخطاب",)),
    ],
    ids=["two", "a name that begins so"],
)
def test_the_arabic_and_is_written_onto_the_second_name(text: str, names: Names) -> None:
    assert names_in(text) == names


def test_an_account_of_an_author_is_no_list_of_names() -> None:
    account = "شبكة جسور الإغاثية تجمع تسع لجان محلية مستقلة تعمل في مجالات الغذاء، الماء والتعليم"
    assert authors("", f'<div class="author-info">{account}</div>').value == ()


def test_one_word_of_a_page_that_tells_machines_nothing_else_is_its_maker() -> None:
    meta = '<meta name="author" content="Gaston">'
    assert authors(meta).value == ()
    assert authors(meta + '<meta property="og:title" content="Titre">').value == ("Gaston",)
