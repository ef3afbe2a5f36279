import random
import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enrich.changes import MAX_DIFF, Change, Text, compare, words

BODY = "Le centre du quai rouvre lundi.\nIl compte quarante places pour les familles."


def change(old: str, new: str) -> Change:
    return compare(
        Text(title="Le centre rouvre", text=old), Text(title="Le centre rouvre", text=new)
    )


COSMETIC = {
    "spaces": ("Le  centre\u00a0rouvre .", "Le centre rouvre."),
    "case": ("LE CENTRE ROUVRE LUNDI", "Le centre rouvre lundi"),
    "quotes and apostrophes": ("L'abri \"du quai\"", "L’abri « du quai »"),
    "final stop": ("Het centrum opent maandag", "Het centrum opent maandag."),
    "dashes": ("Le centre - fermé - rouvre.", "Le centre – fermé – rouvre."),
    "accents": ("Les refugies du quai", "Les réfugiés du quai"),
    "composed or not": ("été à Liège", unicodedata.normalize("NFD", "été à Liège")),
    "hyphen": ("les sans abri du quai", "les sans-abri du quai"),
    "hyphen or nothing": ("de co-operatieve van Gent", "de coöperatieve van Gent"),
    "paragraphs joined": ("Le centre rouvre. Il est plein.", "Le centre rouvre.\nIl est plein."),
    "thousands": ("On compte 12 500 places.", "On compte 12.500 places."),
    "time": ("La réunion est à 14:05.", "La réunion est à 14 h 05."),
    "digits of arabic": ("في المركز ١٢ سريرا", "في المركز 12 سريرا"),
    "typo fr": ("L'hébergmeent du quai est plein.", "L'hébergement du quai est plein."),
    "typo nl": ("De opvangcentra zijn overvool.", "De opvangcentra zijn overvol."),
    "typo en": ("The shelter recieves families.", "The shelter receives families."),
    "typo de": ("Die Unterkumft ist voll.", "Die Unterkunft ist voll."),
    "typo es": ("El alberge abre el lunes.", "El albergue abre el lunes."),
    "letters turned": ("Teh shelter opens.", "The shelter opens."),
    "long name": ("Les familles de Marioupol arrivent.", "Les familles de Mariupol arrivent."),
    "gender of an article": ("Le ministre visite la centre.", "Le ministre visite le centre."),
    "article de": ("Er besucht der Zentrum.", "Er besucht das Zentrum."),
    "harakat": ("الأُسْرَة في المركز", "الأسرة في المركز"),
    "stamp fr": (f"Mis à jour le 12 mars à 14h05\n{BODY}", f"Mis à jour le 13 mars à 9h\n{BODY}"),
    "stamp appears": (BODY, f"Publié le lundi 12 mars 2026 à 14:05\n{BODY}"),
    "stamp nl": (f"Bijgewerkt op 12 maart 2026\n{BODY}", f"Bijgewerkt op 13 maart 2026\n{BODY}"),
    "stamp en": (f"Updated 3 hours ago\n{BODY}", f"Updated 2 days ago\n{BODY}"),
    "stamp de": (f"Aktualisiert am 12. März um 14.05 Uhr\n{BODY}", BODY),
    "stamp es": (f"Actualizado hace 3 horas\n{BODY}", f"Actualizado hace 5 horas\n{BODY}"),
    "stamp ar": (f"آخر تحديث منذ 3 ساعات\n{BODY}", f"آخر تحديث منذ 5 ساعات\n{BODY}"),
    "stamp zh": ("更新时间:2026年3月12日 14:05\n收容所重新开放。", "3小时前更新\n收容所重新开放。"),
    "stamp ja": ("最終更新:2026年3月12日\n避難所が再開した。", "避難所が再開した。"),
    "stamp beside a name": (f"Par Zoé Lune | il y a 2 heures\n{BODY}",
                            f"Par Zoé Lune | il y a 3 heures\n{BODY}"),
    "stamp in a byline": (f"Par Zoé Lune, publié le 12 mars 2026\n{BODY}",
                          f"Par Zoé Lune, publié le 13 mars 2026 à 9h\n{BODY}"),
    "two ago": (f"قبل ساعتين\n{BODY}", f"قبل 3 ساعات\n{BODY}"),
    "stamp before the sentence": ("Mise à jour 14h05 : le centre rouvre.",
                                  "Mise à jour 15h10 : le centre rouvre."),
    "comments": (f"{BODY}\n12 commentaires", f"{BODY}\n47 commentaires"),
    "shares": (f"{BODY}\n1,2 k vues · 30 partages", f"{BODY}\n1,4 k vues · 31 partages"),
    "reading time": (f"3 min read\n{BODY}", BODY),
    "bare date": (f"12 mars 2026\n{BODY}", f"13 mars 2026\n{BODY}"),
    "lines moved": (f"Photo : Le Quai\nPar Zoé Lune\n{BODY}",
                    f"Par Zoé Lune\n{BODY}\nPhoto : Le Quai"),
    "links at the end": (f"{BODY}\nÀ lire aussi\nUn toit pour tous\nLe pont ferme",
                         f"{BODY}\nÀ lire aussi\nUne tente au parc"),
    "link inside": ("Le centre rouvre.\nLees ook: Het park sluit\nIl est plein.",
                    "Le centre rouvre.\nLees ook: De brug gaat open\nIl est plein."),
    "menu at the end": (f"{BODY}\nAccueil | Contact | Plan du site", BODY),
    "address at the end": (f"{BODY}\nhttps://quai.example.org/dossier", BODY),
}  # fmt: skip

MEANINGFUL = {
    "negation fr": ("Le centre rouvrira lundi.", "Le centre ne rouvrira pas lundi."),
    "only pas": ("Il ne veut plus partir.", "Il ne veut pas partir."),
    "negation nl": ("Het centrum gaat open.", "Het centrum gaat niet open."),
    "een, geen": ("Er is een plaats vrij.", "Er is geen plaats vrij."),
    "negation en": ("The shelter is full.", "The shelter is not full."),
    "contraction": ("They can stay.", "They can't stay."),
    "negation de": ("Das ist ein Problem.", "Das ist kein Problem."),
    "negation es": ("El albergue abre el lunes.", "El albergue no abre el lunes."),
    "negation ar": ("يفتح المركز أبوابه", "لا يفتح المركز أبوابه"),
    "number": ("Le centre compte 40 lits.", "Le centre compte 45 lits."),
    "decimals": ("Il faut 4,5 millions.", "Il faut 45 millions."),
    "sign": ("Il fera -5 degrés.", "Il fera 5 degrés."),
    "percent": ("Le loyer monte de 5 %.", "Le loyer monte de 5 €."),
    "range": ("Il a 10-15 lits.", "Il a 1015 lits."),
    "number ar": ("في المركز ٤٠ سريرا", "في المركز ٤٥ سريرا"),
    "number word": ("Hay sesenta camas.", "Hay setenta camas."),
    "number word en": ("It cost a million euros.", "It cost a billion euros."),
    "name": ("Zoé Lune dirige le centre.", "Max Sterne dirige le centre."),
    "name, one letter": ("Ils viennent d'Irlande.", "Ils viennent d'Islande."),
    "short name": ("Families from Iran arrive.", "Families from Iraq arrive."),
    "longer name": ("Families from Niger arrive.", "Families from Nigeria arrive."),
    "organisation": ("Staff of the UN left.", "Staff of the left."),
    "another word": ("La demande a augmenté.", "La demande a diminué."),
    "opposite with a prefix": ("Der Bau ist legal.", "Der Bau ist illegal."),
    "opposite by a letter": ("El campo es legal.", "El campo es ilegal."),
    "short words": ("Il vit dans un abri.", "Il vit sans un abri."),
    "who does what": ("Le maire accuse le préfet.", "Le préfet accuse le maire."),
    "a word more": ("Le centre rouvre.", "Le centre rouvre gratuitement."),
    "a paragraph more": (BODY, f"{BODY}\nLa ville n'a rien dit."),
    "a paragraph less": (f"{BODY}\nLa ville n'a rien dit.", BODY),
    "zh": ("收容所今天开放。", "收容所今天不开放。"),
    "ja": ("避難所は開いている。", "避難所は閉じている。"),
    "th": ("ศูนย์พักพิงเปิดวันนี้", "ศูนย์พักพิงไม่เปิดวันนี้"),
    "ko": ("쉼터가 오늘 문을 연다", "쉼터가 오늘 문을 안 연다"),
    "hi": ("केंद्र आज खुला है", "केंद्र आज खुला नहीं है"),
    "ar, near in spelling": ("الطلب مقبول", "الطلب مقتول"),
    "opening hours": ("Lundi 9h - 12h", "Lundi 9h - 17h"),
    "a list at the end": (f"{BODY}\n- 40 lits\n- 3 salles", f"{BODY}\n- 45 lits\n- 3 salles"),
    "an author": (f"Par Zoé Lune, 12 mars 2026\n{BODY}", f"Par Max Sterne, 12 mars 2026\n{BODY}"),
    "a day in a sentence": ("Publié à Liège, le livre sort le 12 mars.",
                            "Publié à Liège, le livre sort le 13 mars."),
    "a row of a table": ("| Lundi | fermé |\n| Mardi | ouvert |",
                         "| Lundi | ouvert |\n| Mardi | ouvert |"),
    "an hour in a sentence": ("Il a fui il y a 3 heures avec sa fille.",
                              "Il a fui il y a 5 heures avec sa fille."),
}  # fmt: skip


@pytest.mark.parametrize(("old", "new"), COSMETIC.values(), ids=COSMETIC.keys())
def test_a_change_of_setting_alone_is_not_meaningful(old: str, new: str) -> None:
    found = change(old, new)
    assert (found.meaningful, found.diff) == (False, "")
    assert not change(new, old).meaningful


@pytest.mark.parametrize(("old", "new"), MEANINGFUL.values(), ids=MEANINGFUL.keys())
def test_a_change_of_what_is_said_is_meaningful(old: str, new: str) -> None:
    found = change(old, new)
    assert found.meaningful
    assert found.added + found.removed > 0
    assert change(new, old).meaningful


@pytest.mark.parametrize(
    ("old", "new", "meaningful"),
    [
        ("Le centre rouvre", "Le centre rouvre !", False),
        ("Le centre rouvre", "Le Centre rouvre", False),
        ("L'hébergmeent rouvre", "L’hébergement rouvre", False),
        ("Le centre rouvre", "Le centre ferme", True),
        ("Le centre rouvre", "Réouverture du centre", True),
        ("40 lits au quai", "45 lits au quai", True),
        ("", "Le centre rouvre", True),
    ],
)
def test_a_headline_counts_when_it_is_reworded(old: str, new: str, *, meaningful: bool) -> None:
    found = compare(Text(title=old, text=BODY), Text(title=new, text=BODY))
    assert found.meaningful == meaningful
    assert found.diff.startswith("@@ title @@\n") == meaningful


def test_the_diff_shows_the_sentences_that_changed_and_where_they_are() -> None:
    old = "Il fait froid.\nLe centre du quai compte 40 lits. Il est ouvert. Il est plein."
    new = "Il fait froid.\nLe centre du quai compte 45 lits. Il est ouvert. Il est plein.\nFin."
    found = compare(Text(title="Un abri", text=old), Text(title="Un toit", text=new))
    assert found.diff.splitlines() == [
        "@@ title @@",
        "- Un abri",
        "+ Un toit",
        "@@ -2 +2-3 @@",
        "- Le centre du quai compte 40 lits.",
        "+ Le centre du quai compte 45 lits.",
        "+ Fin.",
    ]
    assert (found.added, found.removed) == (3, 2)


def test_a_cosmetic_change_beside_a_meaningful_one_is_not_shown() -> None:
    old = "Le centre « rouvre ».\nIl fait froid.\nIl compte 40 lits."
    new = 'Le centre "rouvre".\nIl fait froid.\nIl compte 45 lits.'
    assert change(old, new).diff == "@@ -3 +3 @@\n- Il compte 40 lits.\n+ Il compte 45 lits."


LINES = st.lists(
    st.sampled_from(
        ["Le centre rouvre.", "le Centre rouvre", "Le centre ne rouvre pas.", "12 mars 2026", "40",
         "Il compte 40 lits.", "Il compte 45 lits.", "À lire aussi", "Un toit", "sans abri",
         "sansabri", "Mis à jour hier | Zoé", "家が開く", "家が開かない", "| a | b | c", "-5", ""]
    ),
    max_size=12,
).map("\n".join)  # fmt: skip
TEXTS = st.builds(Text, title=LINES | st.text(max_size=30), text=LINES | st.text())


@given(TEXTS)
def test_nothing_has_changed_in_what_is_the_same(text: Text) -> None:
    assert compare(text, text) == Change(meaningful=False, added=0, removed=0, diff="")


@given(TEXTS, TEXTS)
def test_the_other_way_round_the_answer_is_turned_round(old: Text, new: Text) -> None:
    there, back = compare(old, new), compare(new, old)
    assert there.meaningful == back.meaningful
    assert (there.added, there.removed) == (back.removed, back.added)
    assert bool(there.diff) == there.meaningful


@given(TEXTS, TEXTS)
def test_what_was_added_and_removed_makes_up_the_difference(old: Text, new: Text) -> None:
    found = compare(old, new)
    assert words(new) - words(old) == found.added - found.removed
    assert found.removed <= words(old)
    assert found.added <= words(new)


def lorem(length: int, vocabulary: int, per_line: int, seed: int) -> str:
    draw = random.Random(seed)
    words = [f"mot{n}x" for n in range(vocabulary)]
    return "\n".join(
        f"{' '.join(draw.choices(words, k=per_line))}." for _ in range(length // per_line)
    )


def test_a_long_article_is_compared_in_no_time() -> None:
    old = lorem(5000, 1500, 60, seed=1)
    new = "\n".join(f"{line} Et voilà." if n % 9 == 4 else line
                    for n, line in enumerate(old.splitlines()))  # fmt: skip
    began = time.process_time()
    assert change(old, new).added == 18
    # 20 ms on the machine it was written on; the rest is for slower and busier ones.
    assert time.process_time() - began < 0.25


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (lorem(50_000, 4000, 60, seed=1), lorem(50_000, 4000, 60, seed=2)),
        (lorem(50_000, 2, 50_000, seed=1), lorem(50_000, 2, 50_000, seed=2)),
        ("a\n" * 25_000, "b\n" * 25_000),
        ("家が" * 25_000, "が家" * 25_000),
    ],
    ids=["nothing in common", "two words in one line", "lines of a letter", "no spaces"],
)
def test_a_monstrous_text_takes_a_bounded_time(old: str, new: str) -> None:
    began = time.process_time()
    found = change(old, new)
    assert time.process_time() - began < 10
    assert found.meaningful
    assert len(found.diff) <= MAX_DIFF
