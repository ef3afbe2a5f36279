import pickle
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml.html import document_fromstring

from enrich import memory
from enrich.blocks import Layout, key, layout
from enrich.memory import EMPTY, MAX_PAGES, Memory, Seen, Sifted, learn, restore, sample, seen, sift

PITCH = "Recevez chaque vendredi la lettre de la Maison des Tilleuls dans votre boîte."
NOTES = (
    "Le collectif ouvre ce lundi un point d'accueil de nuit dans l'ancienne poste du quartier.",
    "Douze bénévoles se relaieront de vingt heures à sept heures, avec une infirmière de garde.",
    "La commune prête les locaux jusqu'en avril et paie le chauffage, dit l'échevine Rosa Lindt.",
    "Les habitants ont été invités à deux réunions, dont la seconde a rempli la salle des fêtes.",
    "Une cuisine sera posée en décembre si les dons atteignent les neuf mille euros attendus.",
    "Le bilan sera présenté au printemps devant le conseil communal, puis publié sur ce site.",
)


def own_lines(name: str) -> list[str]:
    """Paragraphs of an article that no other has."""
    return [f"{name} : {line}" for line in NOTES]


def laid_out(lines: Sequence[str], also: Sequence[str] = ()) -> Layout:
    """A page with `lines` as its paragraphs and `also` in its margin."""
    inside = "".join(f"<p>{line}</p>" for line in lines)
    margin = "".join(f"<li>{line}</li>" for line in also)
    return layout(document_fromstring(f"<main>{inside}</main><aside><ul>{margin}</ul></aside>"))


def page(
    name: str,
    lines: Sequence[str],
    *,
    also: Sequence[str] = (),
    published: str = "",
    title: str = "",
    claims: Sequence[str] = (),
) -> Seen:
    return seen(
        name,
        lines,
        laid_out(lines, also),
        title=title or f"Titre de {name}",
        claims=claims,
        canonical=f"https://tilleuls.example/{name}",
        published=published,
    )


def site(texts: dict[str, list[str]]) -> tuple[dict[str, Seen], Memory]:
    pages = {name: page(name, lines) for name, lines in texts.items()}
    return pages, learn(pages.values())


def sifted(texts: dict[str, list[str]], name: str) -> Sifted:
    pages, known = site(texts)
    return sift(texts[name], pages[name], known)


def test_a_line_on_two_articles_of_a_new_site_is_cut_from_both() -> None:
    texts = {name: [*own_lines(name), PITCH] for name in ("abri", "bain")}
    for name in texts:
        assert sifted(texts, name).kept == tuple(own_lines(name))


def test_what_was_cut_says_where_it_stood_and_on_how_many_articles() -> None:
    texts = {name: [*own_lines(name), PITCH] for name in ("abri", "bain", "cave")}
    (gone,) = sifted(texts, "bain").removed
    assert (gone.number, gone.text, gone.rule, gone.articles) == (
        len(NOTES),
        PITCH,
        "memory",
        3,
    )


def test_a_line_that_the_other_page_only_shows_in_its_margin_counts() -> None:
    text = [*own_lines("abri"), PITCH]
    known = learn([page("abri", text), page("bain", own_lines("bain"), also=[PITCH])])
    assert PITCH not in sift(text, page("abri", text), known).kept


def test_a_line_that_no_other_article_has_stays() -> None:
    text = [*own_lines("abri"), PITCH]
    assert sifted({"abri": text, "bain": own_lines("bain")}, "abri").kept == tuple(text)


def test_a_page_alone_and_an_unknown_site_lose_nothing() -> None:
    text = [*own_lines("abri"), PITCH]
    assert sifted({"abri": text}, "abri").removed == ()
    assert sift(text, page("abri", text), EMPTY).kept == tuple(text)


def test_a_page_that_was_not_learnt_is_sifted_by_what_others_show() -> None:
    text = [*own_lines("neuf"), PITCH]
    known = learn([page(name, [*own_lines(name), PITCH]) for name in ("abri", "bain")])
    (gone,) = sift(text, page("neuf", text), known).removed
    assert (gone.text, gone.articles) == (PITCH, 3)


def test_from_ten_articles_on_a_line_must_stand_on_three() -> None:
    texts = {f"n{n}": own_lines(f"n{n}") for n in range(9)}
    for name in ("n0", "n1"):
        texts[name].append(PITCH)
    assert [gone.text for gone in sifted(texts, "n0").removed] == [PITCH]
    texts["n9"] = own_lines("n9")
    assert sifted(texts, "n0").removed == ()
    texts["n2"].append(PITCH)
    assert [gone.text for gone in sifted(texts, "n0").removed] == [PITCH]


def test_more_than_a_third_of_a_text_is_not_cut_if_one_other_article_alone_has_it() -> None:
    standing = [f"{PITCH[:40]} n° {n}" for n in range(4)]
    texts = {name: [*own_lines(name), *standing] for name in ("abri", "bain")}
    assert len(sifted(texts, "abri").removed) == len(standing)
    version = [f"{PITCH} Voici la {n}e fois que nous vous l'écrivons." for n in range(6)]
    texts = {name: [*own_lines(name)[:3], *version] for name in ("abri", "bain")}
    assert sifted(texts, "abri").kept == tuple(texts["abri"])


LEGAL = (
    "La Maison des Tilleuls attache une grande importance à la vie privée de ses visiteurs. " * 3,
    "Elle est membre de la fédération des maisons de quartier et du réseau des accueils de nuit.",
    "Avec le soutien de la province, de la commune et de la loterie.",
)


def test_what_stands_around_short_notices_goes_even_if_it_is_most_of_them() -> None:
    texts = {name: [own_lines(name)[0], *LEGAL] for name in ("abri", "bain")}
    for name in texts:
        assert sifted(texts, name).kept == (own_lines(name)[0],)


def test_what_stands_in_a_short_notice_goes_if_three_articles_have_it() -> None:
    texts = {
        name: [own_lines(name)[0], "Donner", *LEGAL[:1], own_lines(name)[1], LEGAL[1]]
        for name in ("abri", "bain", "cave")
    }
    assert sifted(texts, "abri").kept == tuple(own_lines("abri")[:2])
    two = {name: texts[name] for name in ("abri", "bain")}
    assert sifted(two, "abri").kept == tuple(two["abri"])[:-1]


def test_an_appeal_in_the_midst_of_the_text_goes_where_only_it_stands() -> None:
    def notices(name: str) -> Layout:
        first, *rest = own_lines(name)
        others = "".join(f"<p>{line}</p>" for line in rest)
        return layout(
            document_fromstring(f"<main><p>{first}</p><div class=note>{PITCH}</div>{others}</main>")
        )

    names = [f"n{number}" for number in range(8)]
    texts = {
        name: [own_lines(name)[0], PITCH, *own_lines(name)[1:]] if number < 2 else own_lines(name)
        for number, name in enumerate(names)
    }
    pages = {name: seen(name, lines, notices(name), title=name) for name, lines in texts.items()}
    known = learn(pages.values())
    assert sift(texts["n0"], pages["n0"], known).kept == tuple(own_lines("n0"))


def test_the_heading_of_what_goes_goes_with_it() -> None:
    texts = {name: [*own_lines(name), "Lettre", PITCH] for name in ("abri", "bain")}
    assert sifted(texts, "abri").kept == tuple(own_lines("abri"))


@pytest.mark.parametrize(
    ("claim", "line"),
    [
        (PITCH, PITCH),
        (PITCH.upper(), PITCH),
        (f"{PITCH} Et le reste.", PITCH),
        ("Recevez chaque vendredi la lettre de la Maison des Til…", PITCH),
    ],
    ids=["equal", "other case", "longer", "cut off"],
)
def test_the_page_s_own_lead_stays(claim: str, line: str) -> None:
    text = [*own_lines("abri"), line]
    known = learn([page("abri", text), page("bain", [*own_lines("bain"), line])])
    told = page("abri", text, claims=[claim])
    assert sift(text, told, known).kept == tuple(text)
    assert sift(text, page("abri", text), known).kept == tuple(text[:-1])


def test_the_page_s_own_title_stays_where_siblings_list_it() -> None:
    title = "Un point d'accueil de nuit ouvre"
    text = [*own_lines("abri"), title]
    told = page("abri", text, title=title)
    known = learn([told, page("bain", own_lines("bain"), also=[title])])
    assert sift(text, told, known).kept == tuple(text)


def test_a_first_paragraph_that_two_siblings_show_as_a_teaser_stays() -> None:
    text = own_lines("abri")
    others = [page(f"n{n}", own_lines(f"n{n}"), also=text[:1] if n < 2 else ()) for n in range(9)]
    told = page("abri", text)
    assert sift(text, told, learn([told, *others])).kept == tuple(text)


def test_background_that_an_editor_repeats_between_paragraphs_stays() -> None:
    background = "Depuis 2019, la loi impose à chaque commune d'ouvrir au moins un accueil de nuit."
    texts = {n: [*own_lines(n)[:3], background, *own_lines(n)[3:]] for n in ("abri", "bain")}
    assert sifted(texts, "abri").kept == tuple(texts["abri"])


def test_a_standing_block_of_three_lines_between_paragraphs_is_cut() -> None:
    block = [
        PITCH,
        "Votre adresse ne sera donnée à personne d'autre.",
        "Lire notre charte entière.",
    ]
    texts = {n: [*own_lines(n)[:3], *block, *own_lines(n)[3:]] for n in ("abri", "bain")}
    assert sifted(texts, "abri").kept == tuple(own_lines("abri"))


def test_a_turn_of_phrase_among_the_paragraphs_of_two_articles_stays() -> None:
    phrase = "Et c'est là que :"
    texts = {n: [*own_lines(n)[:3], phrase, *own_lines(n)[3:]] for n in ("abri", "bain")}
    assert sifted(texts, "abri").kept == tuple(texts["abri"])
    texts["cave"] = [*own_lines("cave")[:2], phrase, *own_lines("cave")[2:]]
    assert sifted(texts, "abri").kept == tuple(own_lines("abri"))


def test_a_passage_that_two_announcements_of_one_event_share_stays() -> None:
    passage = [
        "Soirée de soutien à l'accueil de nuit",
        "Vendredi 4 décembre, de 18 à 22 heures",
        "Salle Ravel, rue du Moulin 12",
        "Entrée libre, chapeau à la sortie",
        "Avec la chorale des Tilleuls et Rosa Lindt",
    ]
    texts = {name: [*own_lines(name), *passage] for name in ("abri", "bain")}
    assert sifted(texts, "abri").kept == tuple(texts["abri"])
    # Three articles are not on one event: that is what the site writes below all of them.
    texts["cave"] = [*own_lines("cave"), *passage]
    assert sifted(texts, "abri").kept == tuple(own_lines("abri"))


def test_a_standing_line_between_paragraphs_of_most_articles_is_cut() -> None:
    names = ("abri", "bain", "cave")
    texts = {n: [*own_lines(n)[:3], PITCH, *own_lines(n)[3:]] for n in names}
    assert sifted(texts, "abri").kept == tuple(own_lines("abri"))


def test_short_lines_go_from_three_articles_and_only_around_the_paragraphs() -> None:
    def written(name: str) -> list[str]:
        return ["Actualités", *own_lines(name)[:3], "Contexte", *own_lines(name)[3:], "Partager"]

    texts = {name: written(name) for name in ("abri", "bain")}
    assert sifted(texts, "abri").removed == ()
    texts["cave"] = written("cave")
    assert [gone.text for gone in sifted(texts, "abri").removed] == ["Actualités", "Partager"]


def test_a_heading_of_each_part_of_a_text_stays() -> None:
    heading = "Ce que nous avons aimé"
    texts = {n: [x for line in own_lines(n) for x in (heading, line)] for n in ("abri", "bain")}
    assert sifted(texts, "abri").kept == tuple(texts["abri"])


@pytest.mark.parametrize(
    "other",
    [
        page("abri-2", [*own_lines("abri"), PITCH]),
        page(
            "abri-2",
            [*own_lines("abri")[:2], *own_lines("suite")[:3], PITCH],
            title="Titre de abri",
        ),
        replace(page("abri-2", [PITCH]), canonical=memory.mark("https://tilleuls.example/abri")),
    ],
    ids=["most of the text", "the title and some of the text", "the canonical address"],
)
def test_two_versions_of_an_article_count_as_one(other: Seen) -> None:
    text = [*own_lines("abri")[:5], PITCH]
    known = learn([page("abri", text), other])
    assert known.articles == 1
    assert sift(text, page("abri", text), known).removed == ()


def test_a_version_that_was_not_learnt_does_not_count_its_own_article() -> None:
    text = [*own_lines("abri"), PITCH]
    known = learn([page("abri", text), page("bain", own_lines("bain"))])
    assert sift(text, page("abri-2", text), known).removed == ()


def test_articles_with_one_title_and_nothing_else_in_common_are_two() -> None:
    known = learn([page(n, own_lines(n), title="Offre d'emploi") for n in ("abri", "bain")])
    assert known.articles == 2


def test_pages_that_all_have_the_site_s_name_as_title_are_articles_of_their_own() -> None:
    rules = own_lines("règlement")[:2]
    pages = [page(f"n{n}", [*own_lines(f"n{n}")[:2], *rules], title="Écluse") for n in range(3)]
    assert learn(pages).articles == 3
    assert learn(pages[:2]).articles == 1


def test_notices_under_the_same_long_rules_are_articles_of_their_own() -> None:
    rules = own_lines("règlement")
    assert learn([page(f"n{n}", [*own_lines(f"n{n}")[:1], *rules]) for n in range(6)]).articles == 6


def test_a_canonical_that_is_always_the_home_page_does_not_make_versions() -> None:
    home = page("", []).canonical
    pages = [replace(page(f"n{n}", own_lines(f"n{n}")), canonical=home) for n in range(6)]
    assert learn(pages).articles == 6


def test_more_pages_than_are_counted_come_from_every_month() -> None:
    pages = [
        page(f"n{n}", [f"Ligne {n}"], published=f"2026-{1 + n % 4:02}-0{1 + n % 7}T10:00:00Z")
        for n in range(3 * MAX_PAGES)
    ]
    old = page("old", ["Ligne ancienne"], published="1999-05-01")
    chosen = sample([*pages, old])
    assert len(chosen) == MAX_PAGES
    assert old in chosen
    assert {one.month for one in chosen} >= {f"2026-0{month}" for month in (1, 2, 3, 4)}


def test_a_site_s_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "MAX_MARKS", 5)
    often = [f"Mention légale numéro {n}" for n in range(5)]
    seldom = [f"Autre mention numéro {n}" for n in range(9)]
    pages = [page(f"n{n}", [*often, *(seldom if n < 2 else ())]) for n in range(4)]
    assert set(learn(pages).where) == {memory.mark(key(line)) for line in often}


def test_a_page_is_remembered_in_few_bytes_and_comes_back_whole() -> None:
    text = [*own_lines("abri"), PITCH]
    told = page("abri", text, also=["Plan du site"], claims=[PITCH], published="2026-11-03")
    blob = memory.pack(told)
    assert memory.unpack(blob, "abri", "2026-11-09T08:00:00Z") == told
    assert len(blob) < 30 * len(text)


@pytest.mark.parametrize("blob", [b"", b"\x01", b"\x02" + bytes(24), bytes(400)])
def test_a_blob_that_is_no_page_is_refused_with_its_id(blob: bytes) -> None:
    with pytest.raises(ValueError, match="'abri'"):
        memory.unpack(blob, "abri", None)


def test_a_memory_can_be_sent_to_another_process() -> None:
    text = [*own_lines("abri"), PITCH]
    told = page("abri", text)
    known = learn([told, page("bain", [*own_lines("bain"), PITCH])])
    again = pickle.loads(pickle.dumps(known))  # noqa: S301 (our own)
    assert sift(text, told, again) == sift(text, told, known)


def test_a_page_is_learnt_from_all_that_it_shows() -> None:
    html = """<body><nav>Accueil <a href="/dons">Faire un don au refuge</a></nav><h1>{0}</h1>
    <p>{0} commence ce lundi.</p><footer>Le Refuge du Canal, association sans but lucratif"""
    pages = [
        seen(
            title,
            [f"{title} commence ce lundi."],
            layout(document_fromstring(html.format(title))),
            title=title,
        )
        for title in ("L'atelier de réparation de vélos", "Le cours de néerlandais du soir")
    ]
    shown = ("Accueil Faire un don au refuge", "Le Refuge du Canal, association sans but lucratif")
    assert set(learn(pages).where) == {memory.mark(key(line)) for line in shown}


def with_teasers(name: str, teasers: Sequence[str]) -> tuple[list[str], Seen]:
    """A page whose text ends with the teasers of a list that the engine took for paragraphs."""
    body = own_lines(name)
    html = (
        "<article>" + "".join(f"<p>{line}</p>" for line in body) + "</article>"
        "<section class=more>" + "".join(f"<p>{line}</p>" for line in teasers) + "</section>"
    )
    lines = [*body, *teasers]
    return lines, seen(name, lines, layout(document_fromstring(html)), title=name)


SHARED_TEASERS = ["Une halte-garderie rouvre au parc", "Le marché solidaire change de rue"]


def test_a_teaser_of_its_own_goes_with_the_list_that_other_pages_share() -> None:
    texts = {
        name: with_teasers(name, [*SHARED_TEASERS, f"Un article que seule la page {name} montre"])
        for name in ("abri", "bain", "cave")
    }
    known = learn(told for _, told in texts.values())
    lines, told = texts["bain"]
    found = sift(lines, told, known)
    assert found.kept == tuple(own_lines("bain"))
    assert [gone.rule for gone in found.removed] == ["memory", "memory", "memory-place"]
    assert restore(found) == tuple(lines)


def test_a_place_where_most_is_the_articles_own_is_not_spoilt() -> None:
    texts = {
        name: with_teasers(name, [SHARED_TEASERS[0], *(f"{name} en bref, {n}" for n in range(4))])
        for name in ("abri", "bain", "cave")
    }
    known = learn(told for _, told in texts.values())
    lines, told = texts["bain"]
    assert [gone.text for gone in sift(lines, told, known).removed] == SHARED_TEASERS[:1]


def test_the_page_s_own_lead_stays_in_a_spoilt_place() -> None:
    lists = [with_teasers(n, [*SHARED_TEASERS, f"Brève de {n}"]) for n in ("abri", "bain")]
    lines, told = with_teasers("cave", ["Une brève que la page annonce"])
    known = learn(one for _, one in lists)
    assert [gone.rule for gone in sift(lines, told, known).removed] == ["memory-place"]
    leading = replace(told, own=(memory.mark(key(lines[-1])),))
    assert sift(lines, leading, known).removed == ()


def test_a_spoilt_place_that_has_too_much_of_a_text_loses_only_what_repeats() -> None:
    lists = [with_teasers(n, [*SHARED_TEASERS, f"Brève de {n}"]) for n in ("abri", "bain")]
    lines, told = with_teasers("cave", [*SHARED_TEASERS, *(f"avis : {n}" for n in NOTES)])
    found = sift(lines, told, learn(one for _, one in lists))
    assert [gone.text for gone in found.removed] == SHARED_TEASERS


LINES = st.sampled_from(
    [*own_lines("abri")[:3], *own_lines("bain")[:3], PITCH, "Partager", "Lire aussi sur ce site"]
)
PAGES = st.lists(
    st.tuples(
        st.lists(LINES, max_size=8),
        st.lists(LINES, max_size=3),
        st.sampled_from(["abri", "bain", "cave", ""]),
        st.sampled_from(["2026-10-01", "2026-11-01", ""]),
    ),
    max_size=12,
)


def drawn_pages(
    drawn: Sequence[tuple[list[str], list[str], str, str]],
) -> list[tuple[list[str], Seen]]:
    return [
        (lines, page(
            str(n), [*own_lines(str(n)), *lines], also=also, title=title, published=published,
        ))
        for n, (lines, also, title, published) in enumerate(drawn)
    ]  # fmt: skip


@settings(max_examples=40)
@given(PAGES, st.randoms(use_true_random=False), st.integers(0, 12))
def test_neither_order_nor_batches_change_what_is_learnt(
    drawn: list[tuple[list[str], list[str], str, str]], random: Random, cut: int
) -> None:
    pages = [one for _, one in drawn_pages(drawn)]
    shuffled = list(pages)
    random.shuffle(shuffled)
    assert learn(shuffled) == learn(pages)
    assert learn([*sample(shuffled[:cut]), *shuffled[cut:]]) == learn(pages)


@given(
    st.lists(st.tuples(st.integers(0, 999), st.integers(1, 4)), unique_by=lambda one: one[0]),
    st.integers(0, 30),
)
def test_a_sample_can_be_added_to(drawn: list[tuple[int, int]], cut: int) -> None:
    pages = [page(str(n), [], published=f"2026-0{month}-01") for n, month in drawn]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(memory, "MAX_PAGES", 7)
        assert sample([*sample(pages[:cut]), *pages[cut:]]) == sample(pages)
        assert sample(reversed(pages)) == sample(pages)


@settings(max_examples=40)
@given(PAGES)
def test_what_was_cut_can_be_put_back_and_is_never_too_much(
    drawn: list[tuple[list[str], list[str], str, str]],
) -> None:
    pages = drawn_pages(drawn)
    known = learn(one for _, one in pages)
    for extra, one in pages:
        lines = [*own_lines(one.id), *extra]
        found = sift(lines, one, known)
        assert restore(found) == tuple(lines)
        cut = sum(len(gone.text) for gone in found.removed)
        whole = sum(map(len, lines))
        longest = max((len(key(line).split()) for line in found.kept), default=0)
        assert cut <= memory.MAX_CUT * whole or longest >= memory.PROSE
        assert all(gone.articles >= 2 for gone in found.removed)


@given(st.binary(max_size=80))
def test_any_bytes_are_a_page_or_a_value_error(blob: bytes) -> None:
    with suppress(ValueError):
        assert memory.pack(memory.unpack(blob, "x", None)) == blob
