"""A published database of a dozen handmade articles in several scripts, made by the real schema.

The plainest valid rows; a test changes the one thing it is about. Everything in it is invented.
"""

import json
import sqlite3
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from crawler import index
from crawler.coverage import count_coverage
from crawler.schema import published
from crawler.search import count_facets

BUILT = "2026-11-21T05:00:00Z"
BASE_URL = "https://news.example.org/"

SOURCES = {
    "quai": ("Quai Ouvert", "https://quai.example.org/", "BE", "ngo"),
    "phare": ("نشرة المنارة", "https://phare.example.org/", "JO", "media"),
    "lantern": ("Lantern Relief", "https://lantern.example.org/", "GB", "network"),
}
THEMES = {
    "housing": ("Logement", "Housing", "الإسكان"),
    "migration": ("Migration",) * 2 + ("الهجرة",),
}
LANGUAGES = {
    "fr": ("français", "Frans", "French"),
    "nl": ("néerlandais", "Nederlands", "Dutch"),
    "en": ("anglais", "Engels", "English"),
    "ar": ("arabe", "Arabisch", "Arabic"),
    "zh": ("chinois", "Chinees", "Chinese"),
    "th": ("thaï", "Thai", "Thai"),
    "uk": ("ukrainien", "Oekraïens", "Ukrainian"),
    "und": ("langue indéterminée", "onbekende taal", "Unknown language"),
}
COUNTRIES = {
    "BE": ("Belgique", "België", "Belgium"),
    "JO": ("Jordanie", "Jordanië", "Jordan"),
    "GB": ("Royaume-Uni", "Verenigd Koninkrijk", "United Kingdom"),
}

REGIONS = {
    "BE-BRU": (
        "Région de Bruxelles-Capitale", "Brussels Hoofdstedelijk Gewest",
        "Region Brüssel-Hauptstadt", "Brussels-Capital Region",
    ),
}  # fmt: skip
ORGANISATIONS = [
    ("red-cross", "red-cross", "Croix-Rouge", "Rode Kruis", "Red Cross", None, None, None, None),
    ("lantern", "ngo", *("Lantern Relief",) * 3, "LR", "GB", None, "lantern"),
]

# id, source, language, published, title, text; ids are in order of arrival.
Values = tuple[int, str, str, str | None, str, str]
ARTICLES: list[Values] = [
    (1, "quai", "fr", "2026-09-01T08:00:00Z", "Le quai ouvre une halte de nuit",
     "La halte propose l’aide d'une infirmière.\nLes réfugiés et les sans-abri y dorment."),
    (2, "quai", "fr", "2026-11-20T08:00:00Z", "Aujourd'hui, le loyer augmente encore",
     "L'aide au logement ne suit pas : le loyer moyen de la ville fictive gagne 4 %."),
    (3, "quai", "nl", "2026-10-02T08:00:00Z", "Nachtopvang aan de kade",
     "De opvang voor daklozen opent vroeger dan gepland."),
    (4, "phare", "ar", "2026-10-05T08:00:00Z", "افتتاح مركز جديد للاجئين",
     "افتتح المركز أبوابه في بلدة الرمل الخيالية ويقدم دروسا وسكنا."),
    (5, "lantern", "zh", "2026-10-06T08:00:00Z", "难民营的新学校",
     "河边镇为难民儿童开办了一所学校,住房也在修建。"),
    (6, "lantern", "th", "2026-10-07T08:00:00Z", "ที่พักใหม่สำหรับผู้ลี้ภัย", "เมืองสมมติเปิดที่พักใหม่ริมแม่น้ำ"),
    (7, "lantern", "en", "2026-10-08T08:00:00Z", "<script>alert('title')</script> & other inputs",
     "A page <b>about</b> <img src=x onerror=alert(1)> markup.\x07"),
    (8, "lantern", "en", "2026-10-09", "A clinic with a bad address", "Its link runs a script."),
    (9, "lantern", "en", None, "An undated note on shelter", "Nobody wrote when this was."),
    (10, "lantern", "en", "2026-10-11T08:00:00Z", "Night shelter opens at the quay",
     "Social housing and a night shelter for rough sleepers in Riverton."),
    (11, "quai", "en", "2026-10-12T08:00:00Z", "Night shelter opens at the quay (reprint)",
     "Social housing and a night shelter for rough sleepers in Riverton."),
    (12, "lantern", "uk", "2026-10-13T08:00:00Z", "Новий притулок для біженців",
     "У вигаданому місті відкрили притулок."),
    (13, "lantern", "und", "2026-10-14T08:00:00Z", "3 + 4 = 7", "12 34 56"),
]  # fmt: skip
# article, cluster, relation, shared, reason
DUPLICATES = [
    (10, 10, "original", None, "date"),
    (11, 10, "reprint", 0.97, "date"),
    (1, 1, "series", 0.9, "date"),
    (2, 1, "series", 0.9, "date"),
    (9, 2, "quoted", 1.0, "found"),
]
# source, day, visits, how many of these failed; something new was found on the 10th (`fetched`)
VISITED = [
    ("quai", "2026-11-10", 2, 1), ("quai", "2026-11-11", 1, 0), ("quai", "2026-11-12", 2, 2),
    ("lantern", "2026-11-10", 1, 0),
]  # fmt: skip
SHARED = json.dumps(
    [
        {"kind": "name", "value": "Vareille", "weight": 0.9},
        {"kind": "country", "value": "BE", "weight": 0.5},
    ]
)
SAME_STORY = [(1, 4, 0.81, SHARED), (4, 1, 0.81, SHARED)]
TAGS = {1: "housing", 2: "housing", 3: "housing", 4: "migration", 10: "housing", 12: "migration"}


def article(values: Values) -> dict[str, Any]:
    """The plainest valid row of `articles`."""
    number, source, language, published_on, title, text = values
    return {
        "id": number,
        "url": f"https://{source}.example.org/{number}",
        "url_key": f"{source}.example.org/{number}",
        "source": source,
        "title": title,
        "summary": text.partition("\n")[0],
        "authors": "[]",
        "published": published_on,
        "published_source": "feed" if published_on else None,
        "fetched": "2026-11-10T06:00:00Z",
        "language": language,
        "language_tag": "zh-Hant" if language == "zh" else language,
        "language_confidence": 0.98,
        "language_method": "agreed",
        "language_declared": language,
        "language_claims": json.dumps({"page": language, "source": ["fr", "nl"]}),
        "country": None,
        "country_from": None,
        "themes_method": "lexicon",
        "words": len(text.split()),
        "image": None,
        "categories": "[]",
        "origin_url": None,
        "versions": 0,
        "rights": "extract",
        "licences": "[]",
        "content_hash": f"{number:064x}",
        "enricher": "1",
        "duplicate_of": None,
    }


def add(conn: sqlite3.Connection, row: dict[str, Any], text: str) -> None:
    """An article, which search does not know before `index_all`."""
    names = ", ".join(row)
    marks = ", ".join(f":{name}" for name in row)
    conn.execute(f"INSERT INTO articles ({names}) VALUES ({marks})", row)
    conn.execute("INSERT INTO article_texts VALUES (?, ?)", (row["id"], text))


def index_all(conn: sqlite3.Connection) -> None:
    """Index the articles that are not yet, with the texts of article_texts, and count all."""
    texts = dict(conn.execute("SELECT article_id, text FROM article_texts"))
    found = list(index.listings(conn))
    index.add(conn, ((dated, each, title, texts[each.article_id]) for dated, title, each in found))
    count_facets(conn)


def labels(conn: sqlite3.Connection) -> None:
    conn.executemany(
        "INSERT INTO sources VALUES (?, ?, ?, ?, ?, 'social', '[\"fr\"]', 'CC-BY-4.0', "
        "'https://example.org/terms', '2026-10-01', 'unknown', 'extract', 0, NULL, NULL, 0)",
        [(key, *values) for key, values in SOURCES.items()],
    )
    conn.executemany(
        "INSERT INTO themes VALUES (?, 'social', ?, ?, ?, ?, ?, ?, ?, '[]', '[]')",
        [(slug, fr, en, en, en, en, en, ar) for slug, (fr, en, ar) in THEMES.items()],
    )
    for table, names in (("languages", LANGUAGES), ("countries", COUNTRIES)):
        rows = [(code, *named) for code, named in names.items()]
        conn.executemany(f"INSERT INTO {table} VALUES (?, ?, ?, ?)", rows)
    conn.executemany(
        "INSERT INTO regions VALUES (?, ?, ?, ?, ?)",
        [(code, *named) for code, named in REGIONS.items()],
    )
    conn.executemany(
        "INSERT INTO snapshot VALUES (?, ?)", [("built", BUILT), ("base_url", BASE_URL)]
    )


def empty_news(path: Path) -> sqlite3.Connection:
    """The published schema without a row. The caller closes it."""
    conn = sqlite3.connect(path)
    published.apply(Database(conn))
    conn.execute("PRAGMA foreign_keys = ON")
    return conn


def make_news(path: Path) -> Path:
    """The dozen articles, in a file at `path`."""
    conn = empty_news(path)
    labels(conn)
    for values in ARTICLES:
        add(conn, article(values), values[-1])
    conn.executemany(
        "INSERT INTO article_themes VALUES (?, ?, 0.91, ?)",
        [(number, theme, json.dumps(["halte de nuit", "loyer"])) for number, theme in TAGS.items()],
    )
    conn.execute("INSERT INTO article_themes VALUES (2, 'migration', 0.4, 'plain words')")
    conn.executemany(
        "INSERT INTO article_countries VALUES (?, ?, 0.8, '[\"la ville\"]')",
        [(1, "BE"), (2, "BE"), (4, "JO")],
    )
    conn.execute("INSERT INTO article_regions VALUES (1, 'BE-BRU', 1.0, '[\"Bruxelles\"]')")
    conn.execute("UPDATE articles SET country = 'BE', country_from = 'text' WHERE id IN (1, 2)")
    conn.execute("UPDATE articles SET country = 'JO', country_from = 'text' WHERE id = 4")
    conn.execute("UPDATE articles SET country = 'BE', country_from = 'source' WHERE id = 3")
    conn.executemany("INSERT INTO organisations VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", ORGANISATIONS)
    conn.executemany(
        "INSERT INTO article_organisations VALUES (?, ?, ?, ?)",
        [
            (1, "red-cross", 1.0, '[{"term": "Croix-Rouge", "count": 1, "where": "text"}]'),
            (10, "lantern", 1.585, '[{"term": "Lantern Relief", "count": 2, "where": "text"}]'),
        ],
    )
    conn.execute("UPDATE articles SET rights = 'full', authors = '[\"La rédaction\"]' WHERE id = 1")
    conn.execute("UPDATE articles SET url = 'javascript:alert(1)' WHERE id = 8")
    conn.execute("UPDATE articles SET duplicate_of = 10 WHERE id = 11")
    conn.executemany("INSERT INTO duplicates VALUES (?, ?, ?, ?, ?)", DUPLICATES)
    conn.executemany("INSERT INTO same_story VALUES (?, ?, ?, ?)", SAME_STORY)
    conn.execute("INSERT INTO language_votes SELECT id, 'pycld2', language, 0.98 FROM articles")
    conn.execute("INSERT INTO article_languages SELECT id, language, 1.0 FROM articles")
    conn.execute("UPDATE article_languages SET share = 0.7 WHERE article_id = 1")
    conn.execute("INSERT INTO article_languages VALUES (1, 'nl', 0.3)")
    conn.execute("UPDATE articles SET language_declared = 'nl', language_conflict = 1 WHERE id = 2")
    conn.execute(
        "UPDATE articles SET origin_url = 'javascript:alert(2)', url = 'JaVaScRiPt:alert(3)' "
        "WHERE id = 9"
    )
    conn.execute("UPDATE sources SET homepage = 'data:text/html,x' WHERE id = 'phare'")
    conn.execute(
        "UPDATE sources SET articles = (SELECT count(*) FROM articles WHERE source = sources.id)"
    )
    conn.execute(
        "INSERT INTO ledger "
        "SELECT id, url, source, 'stored', NULL, fetched, fetched, id FROM articles"
    )
    conn.execute(
        "INSERT INTO ledger VALUES (90, 'https://quai.example.org/about', 'quai', "
        "'not_an_article', 'static', '2026-11-10T06:00:00Z', '2026-11-10T06:00:00Z', NULL)"
    )
    index_all(conn)
    conn.execute("DELETE FROM article_texts WHERE article_id <> 1")
    count_coverage(conn, VISITED)
    conn.commit()
    conn.close()
    return path
