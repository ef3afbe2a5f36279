"""What goes wrong in other collectors of news, as measured there, and what happens here instead.

Each test says whose mistake it is about: good programs made them, so ours could.
"""

import importlib.util
import json
import re
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from kills import command, counted, site_web
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from scrapy.settings import Settings
from sqlite_utils import Database
from web import RSS, Answer, Web, article, record

from crawler.cli import main

ROOT = Path(__file__).parent.parent
ATOM = "application/atom+xml"
# Sites that tell their articles apart by the query alone: address -> title.
QUERIES = {
    "spip": {
        "/spip.php?article12": "La maraude de nuit reprend dans le centre",
        "/spip.php?article13": "Un accueil de jour ouvre à la gare du Nord",
        "/spip.php?article124": "Les bénévoles manquent à la soupe populaire",
    },
    "titles": {
        "/?Le-logement-en-crise": "Le logement en crise, dix ans après",
        "/?L-accueil-des-enfants": "L'accueil des enfants sans papiers",
        "/?Une-nuit-a-la-halte": "Une nuit à la halte avec les équipes",
    },
    "posts": {
        "/?p=123": "Le restaurant social cherche des bras",
        "/?p=124": "Une épicerie solidaire ouvre au port",
        "/?p=1240": "Des vélos pour les aides à domicile",
    },
    "ids": {
        "/index.php?id=12": "La halte-soins déménage en janvier",
        "/index.php?id=13": "Trente lits de plus au quai des Tanneurs",
        "/index.php?id=130": "La douche publique rouvre ses portes",
    },
    "reports": {
        "/actu/rapport?id=12": "Le rapport annuel de la médiatrice des dettes",
        "/actu/rapport?id=13": "Le rapport des équipes de rue est paru",
        "/actu/rapport?id=14": "Le rapport sur les loyers impayés",
    },
}
CHANNELS = ("feed", "listing", "sitemap")
# A feed that nobody escaped: `&lang` and `&copy` are entities of HTML.
UNESCAPED = {
    "/lettre?p=1&lang=fr": "Une première lettre aux familles",
    "/lettre?p=2&copy=3": "Une seconde lettre aux familles",
}
TITLES = {
    "/journal/1": "Le foyer ferme pour travaux",
    "/journal/2": "La crèche solidaire recrute",
    "/journal/3": "Le bus de soins passe le lundi",
}
DATED = {
    "/carnet/1": ("Carnet de bord du lundi", "2026-03-02T08:00:00Z"),
    "/carnet/2": ("Carnet de bord du mardi", "2026-03-03T09:30:00Z"),
}
NOTICE = (
    "La distribution de jeudi est annulée.",
    "Elle aura lieu samedi à dix heures, au 3 quai des Tanneurs.",
)
FRENCH = (
    "Les familles sans logement attendent une place dans un centre d'hébergement.",
    "Les équipes sociales y tiennent une permanence chaque matin, sauf le dimanche.",
)
PAGES, SECONDS_A_PAGE = 400, 0.05


def at(web: Web, site: str) -> str:
    return web.url.replace("127.0.0.1", f"{site}.localhost")


def story(title: str) -> Answer:
    """A page that says nothing of itself but its title, and whose text is like no other's."""
    return Answer(article(title, f"{title} : c'est ce que dit l'équipe du quai.", *FRENCH))


def rss(entries: dict[str, str], *, title: str = "Nouvelles") -> Answer:
    """A feed of addresses and titles, as they stand."""
    items = "".join(
        f"<item><title>{of}</title><link>{url}</link></item>" for url, of in entries.items()
    )
    text = f'<rss version="2.0"><channel><title>{title}</title>{items}</channel></rss>'
    return Answer(text.encode(), content_type=RSS)


def atom(entries: dict[str, tuple[str, str]]) -> Answer:
    """A feed of addresses, titles and dates, each entry with its comments before its page."""
    text = "".join(
        f"<entry><id>{url}</id><title>{title}</title><published>{date}</published>"
        f"<updated>{date}</updated>"
        f'<link rel="replies" type="text/html" href="{url}/comments"/>'
        f'<link rel="replies" type="{ATOM}" href="{url}/comments.atom"/>'
        f'<link rel="alternate" type="text/html" href="{url}"/></entry>'
        for url, (title, date) in entries.items()
    )
    space = "http://www.w3.org/2005/Atom"
    feed = f'<feed xmlns="{space}"><id>urn:x</id><title>Carnets</title>{text}</feed>'
    return Answer(feed.encode(), content_type=ATOM)


def listing(entries: dict[str, str]) -> Answer:
    cards = "".join(
        f'<li><h2><a href="{url}">{title}</a></h2><p>Un mot de l’équipe.</p></li>'
        for url, title in entries.items()
    )
    return Answer(
        '<!doctype html><html lang="fr"><head><title>Actualités</title></head><body>'
        '<nav><a href="/">Accueil</a> <a href="/contact">Contact</a></nav>'
        f"<main><h1>Actualités</h1><ul>{cards}</ul></main></body></html>".encode()
    )


def sitemap(entries: Iterable[str]) -> Answer:
    urls = "".join(f"<url><loc>{url}</loc></url>" for url in entries)
    space = "http://www.sitemaps.org/schemas/sitemap/0.9"
    return Answer(f'<urlset xmlns="{space}">{urls}</urlset>'.encode(), content_type="text/xml")


def lay(web: Web) -> str:
    """Put the sites on the web; returns their records."""
    records = []
    for name, pages in QUERIES.items():
        base = at(web, name)
        entries = {base + path: title for path, title in pages.items()}
        web.pages |= {path: story(title) for path, title in pages.items()}
        web.pages[f"/feed-{name}"] = rss(entries)
        web.pages[f"/actualites-{name}"] = listing(entries)
        web.pages[f"/sitemap-{name}.xml"] = sitemap(entries)
        records.append(
            record(name, base, f"{base}/feed-{name}")
            + f'listings = [{{ url = "{base}/actualites-{name}", grade = "probed" }}]\n'
            + f'sitemaps = [{{ url = "{base}/sitemap-{name}.xml", grade = "probed" }}]\n'
        )

    def lay_feed(name: str, pages: dict[str, Answer], answer: Answer) -> None:
        web.pages |= {**pages, f"/feed-{name}": answer}
        records.append(record(name, at(web, name), f"{at(web, name)}/feed-{name}"))

    def there(name: str, paths: dict[str, Any]) -> dict[str, Any]:
        return {at(web, name) + path: value for path, value in paths.items()}

    lay_feed(
        "lettre",
        {path: story(title) for path, title in UNESCAPED.items()},
        rss(there("lettre", UNESCAPED), title="Soins & Santé"),
    )
    lay_feed(
        "journal",
        {path: story(title) for path, title in TITLES.items()},
        rss(there("journal", TITLES)),
    )
    lay_feed(
        "carnet",
        {
            path: Answer(f"<article><p>{path[-1]} heures de marche.</p><p>{FRENCH[0]}".encode())
            for path in DATED
        },
        atom(there("carnet", DATED)),
    )
    notice = article("Distribution annulée", *NOTICE).replace(
        b"</h1>", b'</h1><time datetime="2026-03-12">12 mars 2026</time>'
    )
    english = article("Sans logement", *FRENCH, language="en-US")
    avis = {"/avis": Answer(notice), "/langue": Answer(english)}
    lay_feed("avis", avis, rss(there("avis", dict.fromkeys(avis, "Avis"))))
    return "\n".join(records)


@dataclass(frozen=True, slots=True)
class Crawled:
    """The web, and what the one crawl that these tests look at has written."""

    web: Web
    db: Database

    def named(self, site: str, kind: str = "feed") -> dict[str, dict[str, Any]]:
        """What the site's channel of this kind said: path -> its hints."""
        rows = self.db.query(
            "SELECT urls.url, discoveries.hints FROM discoveries JOIN urls ON urls.id = url_id"
            " JOIN channels ON channels.id = discoveries.channel"
            " WHERE channels.source = ? AND kind = ?",
            [site, kind],
        )
        base = at(self.web, site)
        return {row["url"].removeprefix(base): json.loads(row["hints"]) for row in rows}

    def outcomes(self, site: str) -> dict[str, str]:
        rows = self.db.query("SELECT url, outcome FROM urls WHERE source = ?", [site])
        base = at(self.web, site)
        return {row["url"].removeprefix(base): row["outcome"] for row in rows}

    def article(self, site: str, path: str) -> dict[str, Any]:
        (row,) = self.db.query(
            "SELECT articles.*, text FROM articles JOIN article_texts ON article_id = articles.id"
            " WHERE url = ?",
            [at(self.web, site) + path],
        )
        return row


@pytest.fixture(name="crawled", scope="module")
def _crawled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crawled]:
    folder = tmp_path_factory.mktemp("peers")
    (folder / "sources").mkdir()
    with Web() as web:
        (folder / "sources/test.toml").write_text(lay(web), encoding="utf-8")
        ran = subprocess.run(
            command(folder / "sources", folder / "tamis.db"),
            capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        assert ran.returncode == 0, ran.stderr
        with closing(Database(folder / "tamis.db")) as db:
            yield Crawled(web, db)


def answers(name: str, *records: dict[str, Any]) -> list[dict[str, Any]]:
    """What one of the filters makes of these lines."""
    asked = "".join(json.dumps(each) + "\n" for each in records)
    ran = CliRunner().invoke(main, [name, "--jsonl"], input=asked, catch_exceptions=False)
    assert ran.exit_code == 0, ran.stderr
    return [json.loads(line) for line in ran.stdout.splitlines()]


# Addresses.


@pytest.mark.parametrize("kind", CHANNELS)
@pytest.mark.parametrize("site", QUERIES)
def test_articles_that_differ_in_their_query_are_found_one_by_one(
    crawled: Crawled, site: str, kind: str
) -> None:
    """courlan makes `spip.php` of `spip.php?article12`, so four articles become one address;
    newspaper4k takes none of these addresses for an article's, so they are never proposed.
    """  # D1, D21
    assert crawled.named(site, kind).keys() == QUERIES[site].keys()


@pytest.mark.parametrize("site", QUERIES)
def test_articles_that_differ_in_their_query_are_fetched_and_kept_apart(
    crawled: Crawled, site: str
) -> None:
    """fundus tells articles apart by their address without its query: the second and all after
    it are taken for the first.
    """  # D2
    assert crawled.outcomes(site) == dict.fromkeys(QUERIES[site], "stored")
    for path, title in QUERIES[site].items():
        assert crawled.web.hits[path] == 1
        assert crawled.article(site, path)["title"] == title


def test_a_filter_keeps_queries_without_a_value_too() -> None:
    """courlan drops what has no value (`?article12`) from addresses and lists of them."""  # D1
    paths = [path for pages in QUERIES.values() for path in pages]
    asked = [{"id": n, "url": f"https://quai.example.org{path}"} for n, path in enumerate(paths)]
    found = answers("urls", *asked)
    assert [each["url"] for each in found] == [each["url"] for each in asked]
    assert len({each["key"] for each in found}) == len(paths)


def test_an_ampersand_in_a_feeds_title_costs_none_of_its_entries(crawled: Crawled) -> None:
    """fundus drops a feed with any fault: a bare `&` in the channel's title, none of two entries;
    lemon24/reader has refused such feeds too.
    """  # D3
    assert len(crawled.named("lettre")) == 2


def test_a_query_that_looks_like_an_entity_is_requested_byte_for_byte(crawled: Crawled) -> None:
    """feedparser reads the `&lang` of `?p=1&lang=fr` as `⟨`, and `&copy` as `©`."""  # D4
    assert crawled.outcomes("lettre") == dict.fromkeys(UNESCAPED, "stored")
    for path in UNESCAPED:
        assert crawled.web.hits[path] == 1


def test_the_key_of_an_address_keeps_its_case_and_its_parameters_but_no_session() -> None:
    """mediacloud-metadata lower-cases the whole address, and a comma missing in its list of
    parameters leaves `sort` and `PHPSESSID` both in place.
    """  # D9
    here = "https://Quai.example.org/Dossier/Le-Quai"
    first, again, other = answers(
        "urls",
        {"id": 1, "url": f"{here}?Id=aB3&sort=Date&PHPSESSID=0a1b2c"},
        {"id": 2, "url": f"{here}?sort=Date&Id=aB3"},
        {"id": 3, "url": f"{here.lower()}?id=ab3&sort=date"},
    )
    assert first["key"] == "quai.example.org/Dossier/Le-Quai?Id=aB3&sort=Date"
    assert again["key"] == first["key"]
    assert other["key"] != first["key"]


# What feeds say.


def test_each_article_of_a_feed_has_its_own_title(crawled: Crawled) -> None:
    """news-please gives every article of a feed the title of the feed's last."""  # D5
    assert {path: hints["title"] for path, hints in crawled.named("journal").items()} == TITLES


def test_an_atom_feed_is_read_as_well_as_rss(crawled: Crawled) -> None:
    """news-please looks for RSS's items only, and makes no request for an Atom feed."""  # D5
    assert crawled.outcomes("carnet") == dict.fromkeys(DATED, "stored")


def test_comments_are_no_articles(crawled: Crawled) -> None:
    """Trafilatura takes all links of an Atom feed, also those to comments (rel=replies)."""  # D16
    assert crawled.named("carnet").keys() == DATED.keys()
    assert not [path for path in crawled.web.hits if "comments" in path]


def test_where_a_page_says_no_title_or_date_those_of_the_feed_serve(crawled: Crawled) -> None:
    """Trafilatura keeps nothing of a feed but its addresses."""  # D16
    for path, told in DATED.items():
        found = crawled.article("carnet", path)
        assert (found["title"], found["published"]) == told


# What pages say.


def test_a_text_in_french_is_french_whatever_the_page_declares(crawled: Crawled) -> None:
    """news-please believes `<html lang>` first, which a theme from abroad leaves at en-US."""  # D6
    found = crawled.article("avis", "/langue")
    assert (found["language"], found["language_declared"]) == ("fr", "en-US")


def test_a_page_that_does_not_call_itself_an_article_is_stored(crawled: Crawled) -> None:
    """news-please by default drops pages without og:type=article."""  # D7
    pages = [page for page in crawled.web.pages.values() if isinstance(page, Answer)]
    assert not [page for page in pages if b"og:" in page.body]
    assert set(dict(crawled.db.execute("SELECT id, outcome FROM urls").fetchall()).values()) == {
        "stored"
    }


def test_a_notice_of_two_sentences_is_stored_without_its_date_in_the_text(
    crawled: Crawled,
) -> None:
    """mediacloud-metadata refuses texts of up to 200 characters, news-please finds none here, and
    Trafilatura and newspaper4k glue the date before it into the text.
    """  # D8
    found = crawled.article("avis", "/avis")
    assert found["text"].split("\n") == [*NOTICE]
    assert found["published"].startswith("2026-03-12")


@pytest.mark.parametrize(
    "date",
    [
        "<p>Publié le 12 mars 2026</p>",
        '<p><time datetime="2026-03-12">12 mars 2026</time></p>',
        '<div class="meta">Publié le 12 mars 2026</div>',
        '<span class="date">12/03/2026</span>',
    ],
    ids=["p", "time", "div", "span"],
)
def test_the_sentences_of_a_notice_stay_paragraphs_however_its_date_is_marked_up(
    date: str,
) -> None:
    """As above, for the ways that a date stands under a headline."""  # D8
    page = article("Distribution annulée", *NOTICE).decode().replace("</h1>", f"</h1>{date}")
    (found,) = answers("extract", {"id": 1, "url": "https://quai.example.org/a", "html": page})
    assert found["kind"] == "article"
    assert found["text"].split("\n")[-2:] == [*NOTICE]
    assert found["published"] == "2026-03-12"


# What the programs are.


def test_every_module_can_be_imported_and_none_of_them_warns() -> None:
    """fundus 0.5.7 fails at `import fundus` with the curl_cffi of its day."""  # D15
    paths = [
        path for part in ("crawler", "spiders", "enrich") for path in ROOT.glob(f"{part}/**/*.py")
    ]
    names = {
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        for path in paths
    }
    code = f"import importlib\nfor name in {sorted(names)}: importlib.import_module(name)"
    ran = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert len(names) > 50
    assert (ran.returncode, ran.stderr) == (0, "")


def locked() -> dict[str, str]:
    """Every package of the two locked files that this Python and system take: name -> version."""
    pins = dict[str, str]()
    for path in (ROOT / "requirements.txt", ROOT / "requirements-dev.txt"):
        for line in re.findall(r"^[\w.-]+==.*$", path.read_text(encoding="utf-8"), re.MULTILINE):
            pin = Requirement(line.rstrip("\\ "))
            if pin.marker is None or pin.marker.evaluate():
                (exactly,) = pin.specifier
                pins[canonicalize_name(pin.name)] = exactly.version
    return pins


def test_what_is_locked_fits_together() -> None:
    """fundus and news-please ask for versions of lxml that exclude each other."""  # D15
    pins = locked()
    assert len(pins) > 50
    wrong = []
    for name, pinned in pins.items():
        try:
            needs = requires(name) or [] if version(name) == pinned else []
        except PackageNotFoundError:
            continue  # not one that an environment for running needs
        for need in map(Requirement, needs):
            if need.marker is None or need.marker.evaluate({"extra": ""}):
                found = pins.get(canonicalize_name(need.name))
                if found is None or not need.specifier.contains(found, prereleases=True):
                    wrong.append(f"{name} {pinned} needs {need}, locked is {found}")
    assert wrong == []


@pytest.mark.skipif(importlib.util.find_spec("pip") is None, reason="an environment without pip")
def test_what_is_installed_fits_together() -> None:
    """As above, and in the words of pip."""  # D15
    ran = subprocess.run(
        [sys.executable, "-m", "pip", "--disable-pip-version-check", "check"],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert (ran.returncode, ran.stdout) == (0, "No broken requirements found.\n")


def test_certificates_are_verified_and_no_option_says_otherwise() -> None:
    """Trafilatura asks again without verifying, Media Cloud and news-crawl never verify.

    That a site with a certificate of its own making, of another name, or an old one is sent no
    request at all, is in test_threats.py.
    """  # D17
    settings = Settings()
    settings.setmodule("crawler.settings")
    assert settings["DOWNLOAD_VERIFY_CERTIFICATES"] is True
    ran = CliRunner().invoke(main, ["crawl", "--help"])
    assert not re.search("verif|certif|insecure|tls|ssl", ran.output, re.IGNORECASE)


def test_what_was_fetched_is_on_disk_long_before_the_end_and_outlives_a_kill(
    web: Web, tmp_path: Path
) -> None:
    """fundus keeps every article in memory and writes them when it is done."""  # D18
    path = tmp_path / "tamis.db"
    sources = site_web(web, tmp_path, sites=1, articles=PAGES, seconds=SECONDS_A_PAGE)
    pages = "SELECT count(*) FROM pages"
    process = subprocess.Popen(
        [*command(sources, path), "--no-enrich"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    while process.poll() is None and not (before := counted(path, pages)):
        time.sleep(0.05)
    ended = process.poll()
    process.kill()
    process.wait()
    assert ended is None
    assert 0 < before <= counted(path, pages) < PAGES
