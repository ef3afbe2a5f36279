import json
import time

import pytest
from trafilatura import load_html

from enrich.chosen import Chosen
from enrich.claims import claims_of
from enrich.front import front_of
from enrich.titles import site_names, title_of

URL = "https://www.quai.example.org/actualites/le-centre-rouvre"


def title(
    head: str = "", body: str = "", *, url: str = URL, feed: str | None = None
) -> Chosen[str]:
    tree = load_html(
        f"<!doctype html><html><head>{head}</head><body><main>{body}"
        "<p>Les équipes tiennent une permanence chaque matin.</p></main></body></html>"
    )
    return title_of(claims_of(tree), front_of(tree), url, feed=feed)


def og(text: str) -> str:
    return f'<meta property="og:title" content="{text}">'


def json_ld(headline: str) -> str:
    data = {"@type": "NewsArticle", "headline": headline}
    return f'<script type="application/ld+json">{json.dumps(data)}</script>'


@pytest.mark.parametrize(
    "stated",
    [
        "Le centre rouvre - Quai",
        "Le centre rouvre | Quai.example.org",
        "Quai » Le centre rouvre",
        "Le centre rouvre – Nouvelles – Quai",
        "Le centre rouvre｜Quai",
        "Quai : Le centre rouvre",
    ],
)
def test_the_name_of_the_site_is_no_part_of_the_title(stated: str) -> None:
    section = '<meta property="article:section" content="Nouvelles">'
    found = title(og(stated) + section + f"<title>{stated}</title>")
    assert found.value == "Le centre rouvre"


@pytest.mark.parametrize(
    ("language", "headline", "added"),
    [
        ("fr", "Où dormir ce soir ? L'abri du quai déborde", " - Vent du Nord"),
        ("nl", "Opvang aan de kade zit vol", " | De Noorderwind"),
        ("nb", "Herberget ved kaien er fullt", " – Nordavinden"),
        ("de", "Unterkunft am Kai ist voll", " • Nordwind"),
        ("ar", "الملجأ على الرصيف ممتلئ", " | ريح الشمال"),
        ("ko", "부두 쉼터가 가득 찼다", "ㅣ북풍"),
        ("ja", "埠頭の避難所が満員", "｜北風"),
    ],
)
def test_what_title_adds_to_the_headline_falls_in_every_language(
    language: str, headline: str, added: str
) -> None:
    found = title(f"<title>{headline}{added}</title>", f"<h1 lang={language}>{headline}</h1>")
    assert (found.value, found.source) == (headline, "h1")


def test_an_h1_that_is_the_logo_loses_to_the_metas() -> None:
    logo = '<header><h1><a href="/">Bulletin du fleuve</a></h1></header>'
    found = title(og("Le centre rouvre") + "<title>Le centre rouvre</title>", logo)
    assert (found.value, found.source) == ("Le centre rouvre", "og")


def test_of_several_h1_the_one_that_the_metas_know_wins() -> None:
    body = "<h1>Soutenez-nous</h1><h1>Le centre rouvre</h1><h1>À lire aussi</h1>"
    assert title(og("Le centre rouvre"), body).value == "Le centre rouvre"


def test_a_kicker_inside_the_headline_falls_where_the_metas_do_without() -> None:
    body = "<h1><span>Logement</span><span>Le centre rouvre</span></h1>"
    assert title(og("Le centre rouvre"), body).value == "Le centre rouvre"


def test_a_kicker_that_both_json_ld_and_og_state_stays() -> None:
    whole = "Logement : le centre du quai rouvre"
    found = title(og(whole) + json_ld(whole), "<h1>Le centre du quai rouvre</h1>")
    assert (found.value, found.source) == (whole, "json-ld")


def test_a_site_unknown_by_name_that_all_metas_add_still_falls() -> None:
    whole = "Le centre du quai rouvre - Vent du Nord"
    head = og(whole) + json_ld(whole) + f"<title>{whole}</title>"
    assert title(head, "<h1>Le centre du quai rouvre</h1>").value == "Le centre du quai rouvre"


def test_the_headline_a_reader_sees_wins_over_one_written_for_other_sites() -> None:
    head = og("Vous ne devinerez jamais ce qui rouvre") + "<title>Le centre rouvre - Quai</title>"
    found = title(head, "<h1>Le centre rouvre</h1>")
    assert (found.value, found.source) == ("Le centre rouvre", "h1")
    other = next(c for c in found.candidates if c.source == "og")
    assert (other.value, other.why_not) == (
        "Vous ne devinerez jamais ce qui rouvre",
        "another wording",
    )


def test_an_h1_in_the_breadcrumb_loses_to_the_h2_that_a_meta_knows() -> None:
    body = (
        '<nav class="breadcrumb"><h1>Centre du quai : horaires, adresse</h1></nav>'
        "<h2>Le centre rouvre ses portes</h2>"
    )
    head = og("Le centre rouvre ses portes") + "<title>Centre du quai : horaires, adresse</title>"
    assert title(head, body).value == "Le centre rouvre ses portes"


def test_a_section_that_stands_alone_as_h1_is_no_headline() -> None:
    body = "<h1>Communiqués</h1><h2>Le centre du quai rouvre</h2>"
    found = title("<title>Communiqués - Le centre du quai rouvre</title>", body)
    assert found.value == "Le centre du quai rouvre"


def test_the_feed_s_title_counts_where_the_page_has_it() -> None:
    head = "<title>Le centre rouvre - Nouvelles des quais et des ports de la région</title>"
    assert title(head, feed="Le centre rouvre").value == "Le centre rouvre"
    assert title(head, feed="Autre chose").value.startswith("Le centre rouvre")


def test_without_any_title_it_is_empty_and_with_a_feed_it_is_the_feed_s() -> None:
    assert (title().value, title().source) == ("", None)
    found = title(feed="Le centre rouvre")
    assert (found.value, found.source) == ("Le centre rouvre", "feed")


def test_soft_hyphens_entities_and_ruby_leave_the_headline() -> None:
    body = "<h1>Le cen\xadtre <ruby>rouvre<rt>aide</rt></ruby> &amp;amp; respire</h1>"
    assert title("", body).value == "Le centre rouvre & respire"


def test_quotation_marks_at_the_ends_are_the_title_s_own() -> None:
    body = "<h1>« Nous rouvrons » : la promesse du quai</h1>"
    assert title("", body).value == "« Nous rouvrons » : la promesse du quai"


def test_a_site_is_known_by_its_metas_its_json_ld_and_its_host() -> None:
    head = (
        '<meta property="og:site_name" content="Le Quai">'
        '<script type="application/ld+json">{"@type": "WebSite", "name": "Quai Info"}</script>'
    )
    names = site_names(claims_of(load_html(f"<html><head>{head}</head><body></body></html>")), URL)
    assert {"lequai", "quaiinfo", "quaiexampleorg"} <= names


@pytest.mark.parametrize(
    "body",
    [
        "<div>" * 20_000 + "<h1>Le centre rouvre</h1>",
        "<h1>" * 2_000 + "mot " * 100_000,
        "<h1>Le centre | rouvre</h1>" * 5_000,
        f"<h1>{'- ' * 400_000}</h1>",
    ],
    ids=["deep", "h1 in h1", "many h1", "dashes"],
)
def test_a_hostile_page_costs_little(body: str) -> None:
    tree = load_html(
        f"<html><head><title>Le centre rouvre</title></head><body>{body}</body></html>"
    )
    assert tree is not None
    claims, begun = claims_of(tree), time.process_time()
    title_of(claims, front_of(tree), URL)
    assert time.process_time() - begun < 2


def test_a_page_without_headings_shows_which_part_of_its_title_is_the_articles() -> None:
    shown = (
        "<table><tr><td><center><font><b>Panne de chauffage</b></font></center></td></tr></table>"
    )
    head = "<title>Maison de quartier L'Écluse : Panne de chauffage</title>"
    assert title(head, shown).value == "Panne de chauffage"
    assert title(head).value.startswith("Maison de quartier")


def test_a_quotation_that_ends_the_title_keeps_its_mark() -> None:
    said = "« Une aire d'accueil n'est pas un parking »"
    assert title(og(f"{said} | Quai"), f"<h1>{said}</h1>").value == said
