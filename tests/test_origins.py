import pickle

import pytest
from lxml import html

from enrich.origins import Origin, house, origin_of, without_origin

URL = "https://portail.example.org/actualites/12"
THERE = "https://pont.test/articles/7"
FIRST = (
    "Le centre du quai rouvre ses portes lundi avec quarante lits pour les familles du quartier."
)
LAST = "Une permanence sociale y est tenue chaque matin par les équipes, sauf le dimanche."
TEXT = f"{FIRST}\n{LAST}"


def read(
    after: str, *, before: str = "", beside: str = "", text: str = TEXT, url: str = URL
) -> Origin | None:
    page = (
        f"<html><body><nav><a href='/'>Accueil</a></nav><main><article><h1>Le centre rouvre</h1>"
        f"{before}<p>{FIRST}</p><p>{LAST}</p>{after}</article></main>{beside}</body></html>"
    )
    return origin_of(html.fromstring(page), url, text=text, site_name="Portail du Quai")


def link(label: str = "Le Pont", href: str = THERE) -> str:
    return f'<a href="{href}">{label}</a>'


# Language, what stands after the article, relation, publisher.
LINKED = [
    ("fr", f"<p>Source : {link()}</p>", "source", "Le Pont"),
    ("fr", f"<p><strong>Source :</strong> {link()}.</p>", "source", "Le Pont"),
    ("fr", f"<div>{link('<span>Lien de la source</span>')}</div>", "source", None),
    ("fr", f"<p>Lien de la source : {link()}</p>", "source", "Le Pont"),
    ("fr", f"<div><div>Lien de la source</div><div>{link()}</div></div>", "source", "Le Pont"),
    ("fr", f"<dl><dt>Source</dt><dd>{link()}</dd></dl>", "source", "Le Pont"),
    ("fr", f"<p>{link('Lire l’article d’origine')}</p>", "source", None),
    ("fr", f"<p>{link('Lire l’article complet')}</p>", "excerpt", None),
    ("fr", f"<p>{link('Lire la suite')}</p>", "excerpt", None),
    ("fr", f"<p>Lire la suite sur {link()}</p>", "excerpt", "Le Pont"),
    ("fr", f"<p>{link('Lire la suite sur Le Pont')}</p>", "excerpt", "Le Pont"),
    ("fr", f"<p>Lire l'article complet sur le site de {link()}.</p>", "excerpt", "Le Pont"),
    ("fr", f"<p>Cet article a été initialement publié sur {link()}.</p>", "reprint", "Le Pont"),
    ("fr", f"<p><em>Initialement publié par {link()}</em></p>", "reprint", "Le Pont"),
    ("fr", f"<p>Cet article est paru dans {link()}.</p>", "reprint", "Le Pont"),
    ("fr", f"<p>Article repris de {link()}</p>", "reprint", "Le Pont"),
    ("fr", f"<p>Ce texte est extrait de {link()}.</p>", "excerpt", "Le Pont"),
    ("fr", f"<p>L’article Le centre est apparu en premier sur {link()}.</p>", "reprint", "Le Pont"),
    ("fr", f"<p>via {link()}</p>", "via", "Le Pont"),
    ("en", f"<p>Source: {link('The Bridge')}</p>", "source", "The Bridge"),
    ("en", f"<p>{link('Original source')}</p>", "source", None),
    ("en", f"<p>(via {link('The Bridge')})</p>", "via", "The Bridge"),
    ("en", f"<p>Via: {link('The Bridge')}</p>", "via", "The Bridge"),
    ("en", f"<p>This article was originally published on {link('The Bridge')}.</p>", "reprint",
     "The Bridge"),
    ("en", f"<p>This story first appeared in {link('The Bridge')}.</p>", "reprint", "The Bridge"),
    ("en", f"<p>Republished from {link('The Bridge')}.</p>", "reprint", "The Bridge"),
    ("en", f"<p>Adapted from {link('The Bridge')}.</p>", "adaptation", "The Bridge"),
    ("en", f"<p>Excerpted from {link('The Bridge')}.</p>", "excerpt", "The Bridge"),
    ("en", f"<p>Read the full story at {link('The Bridge')}</p>", "excerpt", "The Bridge"),
    ("en", f"<p>{link('Read the original article')}</p>", "source", None),
    ("en", f"<p>The post The centre appeared first on {link('The Bridge')}.</p>", "reprint",
     "The Bridge"),
    ("en", f"<p>This article was translated from {link('The Bridge')}.</p>", "translation",
     "The Bridge"),
    ("nl", f"<p>Bron: {link('De Brug')}</p>", "source", "De Brug"),
    ("nl", f"<p>{link('Link naar de bron')}</p>", "source", None),
    ("nl", f"<p>Overgenomen van {link('De Brug')}</p>", "reprint", "De Brug"),
    ("nl", f"<p>Dit artikel verscheen eerder op {link('De Brug')}.</p>", "reprint", "De Brug"),
    ("nl", f"<p>Lees verder op {link('De Brug')}</p>", "excerpt", "De Brug"),
    ("de", f"<p>Quelle: {link('Die Brücke')}</p>", "source", "Die Brücke"),
    ("de", f"<p>{link('Link zur Quelle')}</p>", "source", None),
    ("de", f"<p>Dieser Beitrag erschien zuerst bei {link('Die Brücke')}.</p>", "reprint",
     "Die Brücke"),
    ("de", f"<p>Dieser Artikel ist zuerst bei „{link('Die Brücke')}“ erschienen.</p>", "reprint",
     "Die Brücke"),
    ("es", f"<p>Fuente: {link('El Puente')}</p>", "source", "El Puente"),
    ("es", f"<p>{link('Enlace a la fuente')}</p>", "source", None),
    ("es", f"<p>Este artículo fue publicado originalmente en {link('El Puente')}.</p>", "reprint",
     "El Puente"),
    ("es", f"<p>Leer más en {link('El Puente')}</p>", "excerpt", "El Puente"),
    ("it", f"<p>Fonte: {link('Il Ponte')}</p>", "source", "Il Ponte"),
    ("it", f"<p>Questo articolo è stato originariamente pubblicato su {link('Il Ponte')}.</p>",
     "reprint", "Il Ponte"),
    ("pt", f"<p>{link('Link da fonte')}</p>", "source", None),
    ("pt", f"<p>Este artigo foi publicado originalmente em {link('A Ponte')}.</p>", "reprint",
     "A Ponte"),
    ("sw", f"<p>Chanzo: {link('Daraja')}</p>", "source", "Daraja"),
    ("sw", f"<p>{link('Kiungo cha chanzo')}</p>", "source", None),
    ("ar", f"<p>المصدر: {link('الجسر')}</p>", "source", "الجسر"),
    ("ar", f"<p>{link('رابط المصدر')}</p>", "source", None),
    ("am", f"<p>{link('የምንጩ ማስፈንጠሪያ')}</p>", "source", None),
    ("fa", f"<p>منبع: {link('پل')}</p>", "source", "پل"),
    ("uk", f"<p>{link('Посилання на джерело')}</p>", "source", None),
    ("uk", f"<p>Джерело: {link('Міст')}</p>", "source", "Міст"),
    ("ru", f"<p>Источник: {link('Мост')}</p>", "source", "Мост"),
    ("pl", f"<p>Źródło: {link('Most')}</p>", "source", "Most"),
    ("tr", f"<p>Kaynak: {link('Köprü')}</p>", "source", "Köprü"),
    ("ro", f"<p>Sursa: {link('Podul')}</p>", "source", "Podul"),
    ("sv", f"<p>Källa: {link('Bron Media')}</p>", "source", "Bron Media"),
    ("da", f"<p>Kilde: {link('Broen')}</p>", "source", "Broen"),
    ("cs", f"<p>Zdroj: {link('Most')}</p>", "source", "Most"),
    ("el", f"<p>Πηγή: {link('Γέφυρα')}</p>", "source", "Γέφυρα"),
    ("zh", f"<p>来源：{link('桥报')}</p>", "source", "桥报"),
    ("zh", f"<p>本文转载自{link('桥报')}</p>", "reprint", "桥报"),
    ("ja", f"<p>出典：{link('橋新聞')}</p>", "source", "橋新聞"),
]  # fmt: skip


@pytest.mark.parametrize(("language", "after", "relation", "publisher"), LINKED)
def test_a_link_of_origin_is_found(
    language: str, after: str, relation: str, publisher: str | None
) -> None:
    found = read(after)
    assert found is not None, language
    assert (found.url, found.relation, found.publisher) == (THERE, relation, publisher)


@pytest.mark.parametrize(
    ("after", "relation", "publisher"),
    [
        ("<p>Source : AFP</p>", "source", "AFP"),
        ("<p>Bron: Belga</p>", "source", "Belga"),
        ("<p>Quelle: Deutscher Brückenverband (DBV), 2. Februar 2026</p>", "source",
         "Deutscher Brückenverband"),
        ("<p>Cet article a été initialement publié par Le Pont le 3 mars 2026.</p>", "reprint",
         "Le Pont"),
        ("<p>Dit artikel verscheen eerder in De Brug.</p>", "reprint", "De Brug"),
        ("<p>This article was originally published by The Bridge under a licence.</p>", "reprint",
         "The Bridge"),
        ("<p>Cet article est paru dans la revue Le Pont.</p>", "reprint", "Le Pont"),
        ("<p>Overgenomen uit: De Brug</p>", "reprint", "De Brug"),
    ],
)  # fmt: skip
def test_a_publisher_may_be_named_without_a_link(after: str, relation: str, publisher: str) -> None:
    said = html.fromstring(after).text_content()
    found = read(after, text=f"{TEXT}\n{said}")
    assert found is not None
    assert (found.url, found.relation, found.publisher) == (None, relation, publisher)


OTHER = "https://quai.test/b"
OWN = "https://www.portail.example.org/autre"
NOT_ORIGINS = {
    "nothing": "",
    "a teaser of its own site": f"<p>{link('Lire la suite', OWN)}</p>",
    "a relative link": f"<p>{link('Lire la suite', '/autre')}</p>",
    "its own site as source": f"<p>Source : {link('Portail du Quai', OWN)}</p>",
    "its own name": "<p>Source : Portail du Quai</p>",
    "its own issue": "<p>Cet article est paru dans Portail du Quai n° 12.</p>",
    "its own issue, linked": f"<p>Cet article est paru dans {link('le n° 12', OWN)}.</p>",
    "a social network": f"<p>Source : {link('Facebook', 'https://www.facebook.com/pont')}</p>",
    "a share link": f"<p>{link('via WhatsApp', 'https://wa.me/?text=x')}</p>",
    "an encyclopedia": f"<p>Source : {link('Wikipédia', 'https://fr.wikipedia.org/wiki/Quai')}</p>",
    "a list of references": f"<p>Sources :</p><p>{link()}<br>{link('B', OTHER)}</p>",
    "two in one line": f"<p>Source : {link()}, {link('Le Quai', OTHER)}</p>",
    "two lines of sources": f"<p>Source : {link()}</p><p>Source : {link('Le Quai', OTHER)}</p>",
    "label before a list": f"<h3>Source</h3><ul><li>{link()}</li><li>{link('B', OTHER)}</li></ul>",
    "via in running text": f"<p>Les familles sont arrivées via {link()} et par le train.</p>",
    "via beginning a sentence": f"<p>Via ce guichet et {link()}, les familles s'inscrivent.</p>",
    "a street": "<p>Via Roma 12, Torino</p>",
    "source in running text": f"<p>La source du projet est {link()}, dit-elle.</p>",
    "source de": f"<p>Source de tensions, {link()} a fermé.</p>",
    "a caption": f"<figure><img src='a.jpg'><figcaption>Source : {link()}</figcaption></figure>",
    "a caption by class": f"<div class='wp-caption'><p>Source : {link()}</p></div>",
    "a photo credit": "<p>Source : Getty Images</p>",
    "a chart's source": "<figure><img src='g.png'></figure><p>Source : Institut du Pont</p>",
    "a table's source": "<table><tr><td>12</td></tr></table><p>Source : Institut du Pont</p>",
    "a survey": "<p>Source : enquête menée auprès de 300 familles</p>",
    "a long reference": "<p>Source: Dupont A, Durand B, Martin C et al. The opening of the centre "
    "and its effects on the families of the quay, Journal of Quays 12, 34-56.</p>",
    "a comment": f"<div class='comments'><p>Source : {link()}</p></div>",
    "an aside": f"<aside><p>Source : {link()}</p></aside>",
    "related cards": f"<div class='related'><p>{link('Lire la suite')}</p></div>",
    "cards of other sites": f"<p>{link('Lire la suite')}</p><p>{link('Lire la suite', OTHER)}</p>",
    "a date": "<p>This article was originally published on August 27, 2025.</p>",
    "a year": "<p>Originally published in March 2024.</p>",
    "an hour": "<p>This article was originally published at 2:05 p.m.</p>",
    "reprinted elsewhere": f"<p>This article was reprinted on {link('The Bridge')}.</p>",
    "published without more": f"<p>Le rapport a été publié par {link()}.</p>",
    "first appeared in a sentence": "<p>The lamps (of oil) first appeared in the Old Town.</p>",
    "a picture": f"<p>Source : {link('Le Pont', 'https://pont.test/plan.jpg')}</p>",
    "a licence": f"<p>Source : {link('CC', 'https://creativecommons.org/licenses/by/4.0/')}</p>",
    "a mail address": f"<p>Source : {link('Le Pont', 'mailto:a@pont.test')}</p>",
    "more to know": f"<p>Plus d'informations : {link()}</p>",
}  # fmt: skip


@pytest.mark.parametrize("after", NOT_ORIGINS.values(), ids=NOT_ORIGINS.keys())
def test_what_only_looks_like_an_origin_is_none(after: str) -> None:
    said = " ".join(html.fromstring(f"<div>{after}</div>").text_content().split())
    assert read(after, text=f"{TEXT}\n{said}") is None


def test_words_in_the_middle_of_a_long_article_are_of_a_passage() -> None:
    more = "".join(f"<p>{n} {LAST} {FIRST}</p>" for n in range(12))
    text = "\n".join([FIRST, LAST, *(f"{n} {LAST} {FIRST}" for n in range(12))])
    assert read(f"{more[: len(more) // 2]}", text=text) is None
    middle = more.replace("<p>6 ", f"<p>Source : {link()}</p><p>6 ")
    assert read(middle, text=text) is None
    assert read(more + f"<p>Source : {link()}</p>", text=text) is not None


def test_words_far_from_the_article_are_of_something_else() -> None:
    far = f"<div><p>{'Autre texte. ' * 60}</p><p>Source : {link()}</p></div>"
    assert read("", beside=far) is None


def test_words_before_the_article_count_too() -> None:
    found = read("", before=f"<p>Source : {link()}</p>")
    assert found is not None
    assert found.url == THERE


def test_the_original_article_is_taken_rather_than_its_sites_home_or_a_licence() -> None:
    found = read(
        f"<p>This article is republished from {link('The Bridge', 'https://pont.test/')} "
        f"under a {link('licence', 'https://creativecommons.org/licenses/by/4.0/')}. "
        f"Read the {link('original article')}.</p>"
    )
    assert found is not None
    assert (found.url, found.publisher, found.relation) == (THERE, "The Bridge", "reprint")
    assert found.words[0].endswith("Read the original article.")


def test_the_words_leave_the_text_as_a_line_as_two_or_as_the_end_of_one() -> None:
    found = read(f"<p>Lien de la source : {link()}</p>")
    assert without_origin(f"{TEXT}\nLien de la source : Le Pont", found) == TEXT
    found = read(f"<div><div>Lien de la source</div><div>{link()}</div></div>")
    assert without_origin(f"{TEXT}\nLien de la source\nLe Pont", found) == TEXT
    assert without_origin(f"{TEXT}\nLien de la source Le Pont", found) == TEXT
    kept = f"{TEXT}\nIls reviendront à la fin du mois de mars."
    after = f"<p>Ils reviendront à la fin du mois de mars. Source : {link()}</p>"
    found = read(after, text=f"{kept} Source : Le Pont")
    assert found is not None
    assert without_origin(f"{kept} Source : Le Pont", found) == kept
    assert without_origin(TEXT, found) == TEXT
    assert without_origin(TEXT, None) == TEXT


def declared(
    *canonicals: str, after: str = "", feed: tuple[str | None, str | None] = (None, None)
) -> Origin | None:
    page = html.fromstring(f"<html><body><p>{FIRST}</p>{after}</body></html>")
    return origin_of(page, URL, text=FIRST, canonicals=canonicals, feed=feed)


def test_a_canonical_of_another_site_is_an_origin_but_not_a_home_page_nor_its_own() -> None:
    found = declared(THERE)
    assert found == Origin(url=THERE, publisher=None, relation="reprint", phrase="rel=canonical")
    assert declared("https://pont.test/") is None
    assert declared("https://m.portail.example.org/actualites/12") is None


def test_what_the_page_says_goes_before_its_canonical_and_that_before_the_feed() -> None:
    said = declared(OTHER, after=f"<p>Source : {link()}</p>", feed=("Le Pont", None))
    assert said is not None
    assert said.url == THERE
    both = declared(OTHER, feed=("Le Pont", "https://pont.test/"))
    assert both is not None
    assert (both.url, both.publisher) == (OTHER, "Le Pont")


def test_the_feed_is_a_hint_unless_it_names_the_site_itself() -> None:
    found = declared(feed=("Le Pont", THERE))
    assert found == Origin(url=THERE, publisher="Le Pont", relation="source", phrase="feed")
    assert declared(feed=(None, OWN)) is None
    assert declared(feed=("portail.example.org", None)) is None


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("www.b.a.example.org", "a.example.org"),
        ("quai.org.uk", "quai.org.uk"),
        ("www.quai.org.uk", "quai.org.uk"),
        ("a.quai.org.uk", "quai.org.uk"),
        ("notes.over-blog.com", "notes.over-blog.com"),
        ("a.vu.nl", "vu.nl"),
        ("127.0.0.1", "127.0.0.1"),
        ("köprü.example", "xn--kpr-sna6a.example"),
        ("", ""),
    ],
)
def test_the_house_of_a_host_is_the_name_that_was_registered(host: str, expected: str) -> None:
    assert house(host) == expected


@pytest.mark.parametrize("url", ["https://[broken", "", "about:blank"])
def test_a_page_without_an_address_has_no_origin(url: str) -> None:
    assert read(f"<p>Source : {link()}</p>", url=url) is None


@pytest.mark.parametrize(
    "after",
    [
        "<p>Source : <a href='http://[x'>Le Pont</a></p>",
        "<p>Source : <a>Le Pont</a></p>",
        "<p>Source :</p>",
        "<a href='https://pont.test/'><p>Source</p>",
        "<p>Source<!-- x --></p><?x y?>",
    ],
)
def test_broken_markup_harms_nothing(after: str) -> None:
    read(after)


def test_an_origin_can_be_pickled() -> None:
    found = read(f"<p>Source : {link()}</p>")
    assert pickle.loads(pickle.dumps(found)) == found  # noqa: S301 - our own bytes


def test_hostile_pages_take_linear_time() -> None:
    deep = "<span>" * 3000 + f"Source : {link()}" + "</span>" * 3000
    wide = f"<p>Source : {link()}<br></p>" * 3000 + "<p>" + "Source : x " * 20000 + "</p>"
    read(wide)
    read(deep)


def test_a_call_to_read_the_original_names_whose_it_is_after_a_colon() -> None:
    body = (
        "<p>L'équipe du quai cherche deux chambres froides pour tenir jusqu'au printemps.</p>" * 3
    )
    said = "Lire l'article d'origine: <a href=\"https://pont.example.net/a12\">Le Pont</a>"
    tree = html.fromstring(
        f"<html><body><article>{body}<p class='credit'><em>{said}</em></p></article></body></html>"
    )
    found = origin_of(tree, "https://quai.example.org/a", text="Lire l'article d'origine: Le Pont")
    assert found is not None
    assert (found.url, found.publisher) == ("https://pont.example.net/a12", "Le Pont")


def test_a_page_builders_widget_around_the_source_hides_nothing() -> None:
    said = f'<div class="elementor-widget elementor-widget-container"><p>Chanzo: {link()}</p></div>'
    assert read(said) is not None


def test_a_label_that_only_a_style_parts_from_its_link_is_one() -> None:
    found = read(f"<div class=td-post-small-box><span>SOURCE</span>{link()}</div>")
    assert found is not None
    assert found.relation == "source"
