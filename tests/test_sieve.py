"""The sieve on pages in the moulds of real content managers, read by the real engine."""

import json

import pytest
from lxml import etree
from trafilatura import bare_extraction, load_html
from trafilatura.settings import Document

from enrich.claims import claims_of
from enrich.sieve import RULES, Sieved, is_prose, sieve

URL = "https://quai.example.org/nouvelles/centre"
TITLE = "Le centre d'accueil du quai rouvre"
BODY = (
    "Le centre d'hébergement du quai rouvre ses portes avec quarante lits pour les familles.",
    "Les équipes sociales y tiennent une permanence chaque matin, sauf le dimanche et les fériés.",
    "La ville a promis de payer le chauffage jusqu'au printemps, dit la directrice du centre.",
    "Trois associations se partagent les nuits, et cherchent encore des bénévoles pour Noël.",
)
TEASERS = (
    ("La banque alimentaire manque de bras", "À six heures du matin, ils sont huit dans..."),
    ("Un bus de nuit pour les soignants", "La ligne passera toutes les demi-heures entre les..."),
    ("Le juge suspend trois expulsions", "Les familles peuvent rester jusqu'au printemps, a..."),
)


def paragraphs(*texts: str) -> str:
    return "".join(f"<p>{text}</p>" for text in texts)


def page(body: str, *, head: str = "", title: str = TITLE) -> str:
    return (
        f'<html lang="fr"><head><title>{title} - Quai</title>'
        f'<meta property="og:title" content="{title}">{head}</head><body>{body}</body></html>'
    )


def article(inside: str, *, head: str = "", after: str = "") -> str:
    return page(f"<article><h1>{TITLE}</h1>{inside}</article>{after}", head=head)


def sifted(html: str, text: str | None = None, url: str = URL) -> Sieved:
    tree = load_html(html)
    assert tree is not None
    if text is None:
        found = bare_extraction(tree, url=url, include_comments=False, with_metadata=True)
        text = found.text if isinstance(found, Document) and found.text else ""
    return sieve(tree, text, claims=claims_of(tree), title=TITLE, url=url)


def cards(tag: str = "h3") -> str:
    return "".join(
        f'<div class="td_module"><{tag}><a href="/n/{number}">{title}</a></{tag}>'
        f'<div class="excerpt">{excerpt}</div></div>'
        for number, (title, excerpt) in enumerate(TEASERS)
    )


def rules_of(found: Sieved) -> dict[str, str]:
    return {change.text: change.rule for change in found.removed}


def test_the_headline_is_not_repeated_above_the_text() -> None:
    found = sifted(article(paragraphs(*BODY)), "\n".join([TITLE, *BODY]))
    assert found.lines == BODY
    assert rules_of(found) == {TITLE: "headline"}


def test_a_subheading_that_is_the_title_again_stays_in_the_text() -> None:
    lines = [*BODY[:2], TITLE, *BODY[2:]]
    html = article(paragraphs(*BODY[:2]) + f"<h2>{TITLE}</h2>" + paragraphs(*BODY[2:]))
    assert sifted(html, "\n".join(lines)).lines == tuple(lines)


def test_date_and_by_line_above_the_text_go() -> None:
    head = '<meta name="author" content="Awa Diallo">'
    top = "<p>Par Awa Diallo</p><p>Publié le 12 mai 2026 à 10:30</p>"
    found = sifted(
        article(top + paragraphs(*BODY), head=head),
        "\n".join(["Par Awa Diallo", "Publié le 12 mai 2026 à 10:30", *BODY]),
    )
    assert found.lines == BODY


def test_a_date_inside_the_text_stays() -> None:
    lines = (*BODY[:2], "Rendez-vous le 12 mai 2026", *BODY[2:])
    assert sifted(article(paragraphs(*lines)), "\n".join(lines)).lines == lines


def test_a_standfirst_outside_the_body_comes_first() -> None:
    lead = "Fermé depuis l'incendie de mars, le centre accueille de nouveau, avec moins de lits."
    html = page(
        f'<div class="cartouche"><h1>{TITLE}</h1></div>'
        f'<div class="chapo"><p>{lead}</p></div>'
        f'<div class="texte">{paragraphs(*BODY)}</div>'
    )
    found = sifted(html, "\n".join(BODY))
    assert found.lines == (lead, *BODY)
    assert [change.text for change in found.added] == [lead]


def test_a_lead_that_the_page_describes_itself_with_comes_first() -> None:
    lead = "Fermé depuis l'incendie de mars, le centre accueille de nouveau, avec moins de lits."
    head = f'<meta property="og:description" content="{lead[:60]}...">'
    html = page(f"<h1>{TITLE}</h1><h2>{lead}</h2><div>{paragraphs(*BODY)}</div>", head=head)
    assert sifted(html, "\n".join(BODY)).lines == (lead, *BODY)


def test_a_lead_that_the_text_has_is_not_put_in_again() -> None:
    head = f'<meta name="description" content="{BODY[0]}">'
    found = sifted(article(paragraphs(*BODY), head=head), "\n".join(BODY))
    assert (found.lines, found.added) == (BODY, ())


def test_the_description_of_a_picture_is_no_lead() -> None:
    caption = "Les premières familles arrivent au centre du quai, mardi matin, sous la pluie."
    head = f'<meta property="og:description" content="{caption}">'
    top = f"<figure><img src=a.jpg><figcaption>{caption}</figcaption></figure>"
    assert sifted(article(top + paragraphs(*BODY), head=head), "\n".join(BODY)).lines == BODY


def test_read_also_share_and_credit_lines_go_and_say_why() -> None:
    junk = {
        "À lire aussi : la grève des éboueurs continue": "wording",
        "Partager sur Facebook": "wording",
        "Photo : A. Diallo": "credits",
    }
    lines = [BODY[0], *junk, *BODY[1:]]
    found = sifted(article(paragraphs(*lines)), "\n".join(lines))
    assert found.lines == BODY
    assert rules_of(found) == junk


def test_lines_that_only_link_to_other_pages_of_the_site_go() -> None:
    other = "Le juge suspend trois expulsions en ville"
    html = article(paragraphs(*BODY[:2], f'<a href="/n/3">{other}</a>', *BODY[2:]))
    found = sifted(html, "\n".join([*BODY[:2], other, *BODY[2:]]))
    assert found.lines == BODY
    assert rules_of(found) == {other: "links"}


def test_links_to_other_sites_stay() -> None:
    other = "Le rapport annuel de la fédération"
    html = article(paragraphs(*BODY, f'<a href="https://federation.example/r">{other}</a>'))
    assert sifted(html, "\n".join([*BODY, other])).lines == (*BODY, other)


def test_a_page_of_links_is_not_emptied() -> None:
    names = [f"Permanence sociale du quartier numéro {number}" for number in range(8)]
    items = "".join(f'<li><a href="/p/{n}">{name}</a></li>' for n, name in enumerate(names))
    html = article(f"<p>{BODY[0]}</p><ul>{items}</ul>")
    text = "\n".join([BODY[0], *(f"- {name}" for name in names)])
    assert len(sifted(html, text).lines) == 9


def test_a_list_of_cards_below_the_text_goes() -> None:
    text = "\n".join([*BODY, *(line for teaser in TEASERS for line in teaser)])
    found = sifted(article(paragraphs(*BODY), after=f"<section>{cards()}</section>"), text)
    assert found.lines == BODY
    assert set(rules_of(found).values()) <= {"cards", "tail"}


def test_sections_of_a_text_are_no_cards() -> None:
    sections = "".join(
        f'<div class="item"><h3><a href="https://tool.example/{n}">Outil {n}</a></h3>'
        f"<p>{text}</p></div>"
        for n, text in enumerate(BODY)
    )
    lines = [line for n, text in enumerate(BODY) for line in (f"Outil {n}", text)]
    assert sifted(article(sections), "\n".join(lines)).lines == tuple(lines)


def test_a_one_paragraph_body_among_divs_leaves_out_every_other_article() -> None:
    """The mould of tagDiv Cloud Library: no article element, lists of excerpts, adverts."""
    block = '<div class="td_block_wrap {}"><div class="tdb-block-inner">{}</div></div>'
    html = page(
        '<div id="td-outer-wrap">'
        + block.format("tdb_title", f"<h1>{TITLE}</h1>")
        + block.format("tdb_single_date", "Publié le <time>12 mai 2026</time>")
        + block.format("td_a_rec", "Publicité")
        + block.format("tdb_single_content", paragraphs(BODY[0], "Voir l'interview"))
        + block.format("td_flex_block", f"<h4>Autres articles</h4>{cards()}")
        + block.format("tdb_single_related", f"<h4>Autres articles</h4>{cards()}")
        + "</div>"
    )
    assert sifted(html).lines == (BODY[0],)


def test_a_notice_is_its_sentences_without_what_stands_around_it() -> None:
    """The mould of a site of notices: more furniture than text."""
    html = page(
        "<div class=header><p>Une maison ouverte à tous les voisins du quai depuis 1984</p></div>"
        f"<div class=main><h1>{TITLE}</h1><div class=date>12 mai 2026</div>"
        f'<div class="texte"><p>{BODY[0]}</p></div></div>'
        "<div class=bottom><p>Vos dons paient le loyer de la permanence et le journal.</p></div>"
    )
    assert sifted(html).lines == (BODY[0],)


def test_a_text_glued_to_date_and_by_line_is_parted_again() -> None:
    head = '<meta name="author" content="Awa Diallo">'
    html = article(f"<div>12 mai 2026</div><div>Par Awa Diallo</div><p>{BODY[0]}</p>", head=head)
    glued = f"{TITLE} 12 mai 2026 Par Awa Diallo {BODY[0]}"
    assert sifted(html, glued).lines == (BODY[0],)


def test_words_that_the_engine_broke_are_joined_as_the_page_has_them() -> None:
    html = article(f"<p><span class=cap>L</span>{BODY[0][1:]}</p>" + paragraphs(*BODY[1:]))
    assert sifted(html, "\n".join([f"L {BODY[0][1:]}", *BODY[1:]])).lines == BODY


def test_soft_hyphens_and_characters_without_width_go() -> None:
    broken = BODY[0].replace("hébergement", "héber\u00adge\u200bment")
    html = article(paragraphs(broken, *BODY[1:]))
    assert sifted(html, "\n".join([broken, *BODY[1:]])).lines == BODY


def test_the_part_of_an_article_behind_an_advertisement_comes_back() -> None:
    parts = "".join(
        f'<div class="grid"><div class="col">{paragraphs(*part)}</div></div><div>Annonce</div>'
        for part in (BODY[:3], BODY[3:])
    )
    found = sifted(article(parts), "\n".join(BODY[:3]))
    assert found.lines == BODY
    assert [(change.text, change.rule) for change in found.added] == [(BODY[3], "paragraph")]


def test_a_subheading_between_paragraphs_comes_back_in_its_place() -> None:
    html = article(f"{paragraphs(*BODY[:2])}<h2>Et après ?</h2>{paragraphs(*BODY[2:])}")
    assert sifted(html, "\n".join(BODY)).lines == (*BODY[:2], "Et après ?", *BODY[2:])


def test_a_small_box_named_for_the_author_goes() -> None:
    about = "Awa Diallo suit le logement depuis dix ans et vit au bord du canal."
    html = article(f'{paragraphs(*BODY)}<div class="author-bio"><p>{about}</p></div>')
    assert rules_of(sifted(html, "\n".join([*BODY, about]))) == {about: "furniture"}


def test_an_article_in_a_box_with_a_name_for_furniture_stays() -> None:
    html = article(f'<div class="sponsored share">{paragraphs(*BODY)}</div>')
    assert sifted(html, "\n".join(BODY)).lines == BODY


WHOLE = (*BODY, "Une fête avec les voisins est prévue pour le premier soir, si la pluie le permet.")


def scripted(**more: object) -> str:
    stated = {"@type": "NewsArticle", "articleBody": "\n".join(WHOLE), **more}
    return article(
        paragraphs(BODY[0]),
        head=f'<script type="application/ld+json">{json.dumps(stated)}</script>',
    )


def test_a_text_that_only_a_script_shows_is_taken_from_what_machines_are_told() -> None:
    found = sifted(scripted(), BODY[0])
    assert found.lines == WHOLE
    assert {change.rule for change in found.added} == {"script"}


def test_what_is_for_subscribers_only_is_left_alone() -> None:
    assert sifted(scripted(isAccessibleForFree=False), BODY[0]).lines == (BODY[0],)
    assert sifted(scripted(isAccessibleForFree="False"), BODY[0]).lines == (BODY[0],)


def test_right_to_left_pages_are_read_as_others() -> None:
    body = (
        "أعلنت الجمعية افتتاح مركز جديد لاستقبال العائلات في الحي القديم بعد أشهر من الانتظار.",
        "يقدم المركز وجبات ساخنة كل يوم ويستقبل المتطوعين صباح كل سبت في القاعة الكبيرة.",
    )
    related = '<a href="/n/2">اقرأ أيضًا: حملة الشتاء في القرى الجبلية</a>'
    found = sifted(
        article(paragraphs(*body, related)),
        "\n".join([*body, "اقرأ أيضًا: حملة الشتاء في القرى الجبلية"]),
    )
    assert found.lines == body


def test_nothing_is_left_of_nothing() -> None:
    assert sifted(page("<p></p>"), "").lines == ()


def test_a_page_that_is_all_furniture_stays_as_the_engine_has_it() -> None:
    assert sifted(page("<p>Publicité</p>"), "Publicité").lines == ("Publicité",)


def test_the_tree_is_left_as_it_was_and_all_blocks_are_told() -> None:
    tree = load_html(article(paragraphs(*BODY)))
    assert tree is not None
    before = etree.tostring(tree)
    found = sieve(tree, "\n".join(BODY), claims=claims_of(tree), title=TITLE, url=URL)
    assert etree.tostring(tree) == before
    assert [block.text for block in found.layout.blocks] == [TITLE, *BODY]


@pytest.mark.parametrize("url", ["", "not a url", "http://[", "https://quai.example.org"])
def test_no_address_and_no_link_is_too_broken(url: str) -> None:
    html = article(paragraphs(*BODY, '<a href="http://[">Une page cassée de notre site</a>'))
    assert sifted(html, "\n".join(BODY), url).lines == BODY


def test_without_rules_the_text_is_the_engines() -> None:
    tree = load_html(article(paragraphs(*BODY)))
    assert tree is not None
    text = "\n".join([TITLE, *BODY])
    found = sieve(tree, text, claims=claims_of(tree), title=TITLE, url=URL, rules=())
    assert found.lines == (TITLE, *BODY)
    assert "headline" in RULES


@pytest.mark.parametrize(
    ("text", "prose"),
    [(BODY[0], True), ("Le centre rouvre", False), ("mot " * 30, True), ("x" * 60, False)],
    ids=["sentence", "heading", "long", "no end"],
)
def test_prose_is_long_or_ends_like_a_sentence(text: str, prose: bool) -> None:  # noqa: FBT001
    assert is_prose(text) is prose


MENU = "".join(f'<li><a href="/r{number}">Rubrique {number}</a></li>' for number in range(12))
NOTICE = "La permanence sera fermée du 24 au 31 décembre. Elle rouvrira le 2 janvier à neuf heures."
LEGAL = (
    "L'association attache une grande importance à la protection de la vie privée. Les données que "
    "vous nous confiez ne servent qu'à vous envoyer notre lettre et ne sont cédées à personne. " * 3
)
CONTACT = "<h3>Nous contacter</h3><p>Rue du Quai 4, 1000 Bruxelles</p>"


def modules(*insides: str) -> str:
    """A page of Divi: each part in boxes of the same names."""
    sections = "".join(
        f'<div class="et_pb_section"><div class="et_pb_column"><div class="et_pb_text_inner">'
        f"{inside}</div></div></div>"
        for inside in insides
    )
    return page(f"<nav><ul>{MENU}</ul></nav><div id=main>{sections}</div>")


@pytest.mark.parametrize("text", [BODY, BODY[:1], (NOTICE,)], ids=["long", "short", "notice"])
def test_what_a_page_builder_sets_below_every_article_goes(text: tuple[str, ...]) -> None:
    frame = modules(f"<h1>{TITLE}</h1>", paragraphs(*text), CONTACT, paragraphs(LEGAL))
    all_of_it = "\n".join([TITLE, *text, "Nous contacter", "Rue du Quai 4, 1000 Bruxelles", LEGAL])
    found = sifted(frame, all_of_it)
    assert found.lines == text
    assert "standing" in {change.rule for change in found.removed}


def test_a_heading_to_contact_in_the_text_itself_stays() -> None:
    lines = (*BODY, "Contact", "Ada Lindt, 02 000 00 00, la semaine de neuf heures à midi.")
    html = article(f"{paragraphs(*BODY)}<h3>{lines[-2]}</h3><p>{lines[-1]}</p>")
    assert sifted(html, "\n".join(lines)).lines == lines


def test_a_part_with_a_form_is_text_if_it_is_more_than_what_stands_before() -> None:
    rest = f"{paragraphs(*BODY[1:])}<form><input name=q><button>OK</button></form>"
    found = sifted(modules(f"<h1>{TITLE}</h1>", paragraphs(BODY[0]), rest), "\n".join(BODY))
    assert found.lines == BODY


def test_text_in_boxes_that_the_engine_passes_over_is_found_below_the_title() -> None:
    text = "".join(f"<div>{line}</div>" for line in BODY)
    html = modules(f"<h1>{TITLE}</h1><div>28/04/2026</div>", text, CONTACT, paragraphs(LEGAL))
    found = sifted(html, f"{TITLE}\nNous contacter\n{LEGAL}")
    assert found.lines == BODY
    assert {change.rule for change in found.added} == {"vote"}


def test_a_notice_is_taken_instead_of_the_teasers_of_others() -> None:
    html = page(
        f'<div class="item-page"><h2>{TITLE}</h2><div class="body"><p>{NOTICE}</p></div>'
        f'<div class="mod-related"><h3>Autres articles</h3>{cards()}</div></div>'
    )
    teasers = "\n".join(excerpt for _, excerpt in TEASERS)
    assert sifted(html, teasers).lines == (NOTICE,)


def test_the_engine_is_believed_where_it_has_the_beginning_of_the_text() -> None:
    html = article(paragraphs(*BODY))
    assert sifted(html, BODY[0]).added == ()


def test_of_a_page_of_tables_what_is_around_title_and_text_goes() -> None:
    html = page(
        f"<table><tr><td><ul>{MENU}</ul></td><td><table><tr><td><b>{TITLE}</b><br>28 avril 2026"
        f"<br><br>{NOTICE}</td></tr></table></td><td><b>Horaires</b><br>En semaine de neuf à dix-"
        "sept heures, sauf les jours fériés et pendant les vacances.</td></tr></table>"
    )
    tree = load_html(html)
    assert tree is not None
    everything = "\n".join(
        text for part in tree.body.itertext() if (text := " ".join(part.split()))
    )
    found = sifted(html, everything)
    assert found.lines == (NOTICE,)
    assert "region" in {change.rule for change in found.removed}


def test_a_subheading_with_its_words_as_id_is_no_furniture() -> None:
    heading = "Un travail social de nuit"
    html = article(
        f"{paragraphs(*BODY[:2])}<h2 id='un-travail-social-de-nuit'>{heading}</h2>"
        f"{paragraphs(*BODY[2:])}"
    )
    lines = (*BODY[:2], heading, *BODY[2:])
    assert sifted(html, "\n".join(lines)).lines == lines


def test_what_stands_between_paragraphs_that_are_named_as_the_text_stays() -> None:
    first, second, third, last = (f'<p class="bodytext">{text}</p>' for text in BODY)
    rest = "<h3>Ce qui change</h3>", "<ul><li>Quarante lits</li><li>Deux douches</li></ul>"
    html = article(f"<div>{first}{second}{rest[0]}{third}{rest[1]}{last}</div>")
    text = "\n".join([*BODY[:2], "Ce qui change", BODY[2], "- Quarante lits", "- Deux douches"])
    assert sifted(html, f"{text}\n{BODY[3]}").lines == (*text.split("\n"), BODY[3])


def test_a_text_stays_though_a_few_answers_in_it_stand_in_boxes_named_as_the_text() -> None:
    long = [" ".join([f"{number}.", *BODY[:3]]) for number in range(6)]
    html = article(
        f"<div>{paragraphs(*long)}</div><div class='post-content'><p>{BODY[3]}</p></div>"
        f"<div>{paragraphs(BODY[2])}</div>"
    )
    assert sifted(html, "\n".join([*long, BODY[3], BODY[2]])).lines == (*long, BODY[3], BODY[2])


def test_a_paragraph_in_a_figure_is_no_caption() -> None:
    said = " ".join(BODY)
    html = article(
        f"{paragraphs(*BODY)}<figure><img src=a.jpg><p>{said}</p></figure>"
        "<figure><img src=b.jpg><p>Le quai en 1931, avant les travaux.</p></figure>"
    )
    text = "\n".join([*BODY, said, "Le quai en 1931, avant les travaux."])
    assert sifted(html, text).lines == (*BODY, said)


def test_a_heading_that_names_an_agency_is_no_credit() -> None:
    html = article(f"{paragraphs(*BODY[:2])}<h2>Le PAP et vous</h2>{paragraphs(*BODY[2:])}")
    lines = (*BODY[:2], "Le PAP et vous", *BODY[2:])
    assert sifted(html, "\n".join(lines)).lines == lines


def test_text_above_a_heading_that_says_the_title_again_stays() -> None:
    guide = page(
        f"<main><h1>{TITLE} : le guide</h1><section>{paragraphs(*BODY[:2])}</section>"
        f"<section><h2>{TITLE}</h2>{paragraphs(*BODY[2:])}</section></main>"
    )
    text = "\n".join([f"{TITLE} : le guide", *BODY[:2], TITLE, *BODY[2:]])
    assert set(BODY) <= set(sifted(guide, text).lines)


def test_what_a_line_break_parts_from_the_text_comes_back() -> None:
    html = page(f"<div><h2>{TITLE}</h2><div class=t>{'<br><br>'.join(BODY)}</div></div>")
    found = sifted(html, "\n".join(BODY[1:]))
    assert found.lines == BODY
    assert rules_of(found) == {}
    assert [change.rule for change in found.added] == ["line"]


def test_an_author_who_is_told_is_known_in_a_by_line() -> None:
    line = "Par Ada Lindt, Baptiste Kabeya et Lise Van den Berghe"
    html = article(paragraphs(line, *BODY))
    tree = load_html(html)
    assert tree is not None
    found = sieve(
        tree,
        "\n".join([line, *BODY]),
        claims=claims_of(tree),
        title=TITLE,
        url=URL,
        authors=("Ada Lindt", "Baptiste Kabeya", "Lise Van den Berghe"),
    )
    assert found.lines == BODY


def test_a_signature_below_the_text_goes_and_the_sentence_with_the_name_stays() -> None:
    head = '<meta name="author" content="Awa Diallo">'
    quoted = "« La porte est ouverte », dit Awa Diallo."
    html = article(paragraphs(*BODY, quoted, "Propos recueillis par Awa Diallo"), head=head)
    found = sifted(html, "\n".join([*BODY, quoted, "Propos recueillis par Awa Diallo"]))
    assert found.lines == (*BODY, quoted)
    assert rules_of(found) == {"Propos recueillis par Awa Diallo": "signature"}


@pytest.mark.parametrize(
    "label",
    [
        "Le rapport complet (PDF, 1,2 Mo)",
        "Annual review PDF, 5.7 MB",
        "التقرير ملف PDF 2.6 ميغابايت",
    ],
)
def test_a_link_to_a_document_with_its_size_is_no_text(label: str) -> None:
    html = article(paragraphs(*BODY) + f'<p><a href="/r.pdf">{label}</a></p>')
    found = sifted(html, "\n".join([*BODY, label]))
    assert found.lines == BODY
    assert rules_of(found) == {label: "files"}


def test_a_caption_that_ends_in_a_credit_goes_and_a_source_stays() -> None:
    caption = "Les tables dans la voilerie, avant le dernier repas. Photo : Corin Vasseur"
    source = "Le foyer ferme lundi pour des travaux de chauffage. Quelle: Quai"
    found = sifted(article(paragraphs(*BODY, source, caption)), "\n".join([*BODY, source, caption]))
    assert found.lines == (*BODY, source)
    assert rules_of(found) == {caption: "credits"}


def test_a_trail_of_crumbs_that_ends_in_the_title_is_the_headline() -> None:
    trail = f"Accueil > Nos guides sur le logement et l'accueil de jour > {TITLE}"
    date = "jeudi 1er avril 2026, par"
    found = sifted(article(paragraphs(*BODY)), "\n".join([trail, TITLE, date, *BODY]))
    assert found.lines == BODY
    assert rules_of(found) == {trail: "headline", TITLE: "headline", date: "opening"}


def test_the_sites_slogan_is_no_lead_though_every_page_describes_itself_by_it() -> None:
    slogan = "Un réseau d'associations sociales pour la région du quai et de son port."
    html = page(
        f"<header><a href=/>Quai</a><p>{slogan}</p></header>"
        f"<article><h1>{TITLE}</h1>{paragraphs(*BODY)}</article>",
        head=f'<meta name="description" content="{slogan}">',
    )
    assert sifted(html).lines == BODY


@pytest.mark.parametrize("line", ["3 minutes read", "Temps de lecture : 4 min", "5 min leestijd"])
def test_the_time_that_reading_takes_is_no_text(line: str) -> None:
    found = sifted(article(paragraphs(*BODY)), "\n".join([line, *BODY]))
    assert found.lines == BODY
