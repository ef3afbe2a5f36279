"""How articles and searches are cited: names, styles, languages, formats."""

import asyncio
import json
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import date
from pathlib import Path

import httpx
import pytest
import rispy
from published_fixture import make_news

from crawler import citing, clock
from crawler.article import Article, article
from crawler.exports.articles import FORMATS
from crawler.published import connect
from crawler.serving import site

DAY = date(2026, 11, 22)


@pytest.fixture(scope="module", name="db")
def _db(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_news(tmp_path_factory.mktemp("citing") / "news.db")


@pytest.fixture(scope="module", name="plain")
def _plain(db: Path) -> Article:
    """On the first of a month, by two persons."""
    with closing(connect(db)) as conn:
        found = article(conn, 1)
    assert found
    return replace(found, authors=("Jeanne Imaginaire", "Jan Van den Fictie"))


def cited(of: Article, language: str) -> dict[str, str]:
    return {each.style: each.text for each in citing.styles(of, language, DAY)}


@pytest.mark.parametrize(
    ("language", "style", "text"),
    [
        ("en", "APA", ("Imaginaire, J., & Van den Fictie, J. (2026, September 1). Le quai ouvre une"
         " halte de nuit. Quai Ouvert. https://quai.example.org/1")),
        ("fr", "APA", ("Imaginaire, J., et Van den Fictie, J. (2026, 1er septembre). Le quai ouvre"
         " une halte de nuit. Quai Ouvert. https://quai.example.org/1")),
        ("nl", "APA", ("Imaginaire, J., & Van den Fictie, J. (2026, 1 september). Le quai ouvre une"
         " halte de nuit. Quai Ouvert. https://quai.example.org/1")),
        ("en", "Chicago", ("Imaginaire, Jeanne, and Jan Van den Fictie. 2026. “Le quai ouvre une"
         " halte de nuit.” Quai Ouvert, September 1, 2026. https://quai.example.org/1.")),
        ("fr", "Chicago", ("Imaginaire, Jeanne et Jan Van den Fictie. 2026. «\u00a0Le quai ouvre"
         " une halte de nuit\u00a0». Quai Ouvert, 1er septembre 2026. https://quai.example.org/1.")),
        ("nl", "Chicago", ("Imaginaire, Jeanne en Jan Van den Fictie. 2026. ‘Le quai ouvre une"
         " halte de nuit’. Quai Ouvert, 1 september 2026. https://quai.example.org/1.")),
        ("fr", "ISO 690", ("IMAGINAIRE, Jeanne et VAN DEN FICTIE, Jan, 2026. Le quai ouvre une"
         " halte de nuit. Quai Ouvert [en ligne]. 1er septembre 2026. [Consulté le 22 novembre"
         " 2026]. Disponible à l’adresse : https://quai.example.org/1")),
        ("en", "ISO 690", ("IMAGINAIRE, Jeanne and VAN DEN FICTIE, Jan, 2026. Le quai ouvre une"
         " halte de nuit. Quai Ouvert [online]. 1 September 2026. [viewed 22 November 2026]."
         " Available from: https://quai.example.org/1")),
    ],
)  # fmt: skip
def test_an_article_is_cited_in_the_style_and_the_language(
    plain: Article, language: str, style: str, text: str
) -> None:
    assert cited(plain, language)[style] == text


@pytest.mark.parametrize(
    ("language", "style", "text"),
    [
        ("en", "APA", ("Quai Ouvert. (n.d.). Who pays? Retrieved November 22, 2026, from"
         " https://quai.example.org/1")),
        ("fr", "APA", ("Quai Ouvert. (s. d.). Who pays? Consulté le 22 novembre 2026, à l’adresse"
         " https://quai.example.org/1")),
        ("nl", "APA", ("Quai Ouvert. (z.d.). Who pays? Geraadpleegd op 22 november 2026, van"
         " https://quai.example.org/1")),
        ("en", "Chicago", ("Quai Ouvert. n.d. “Who pays?” Accessed November 22, 2026."
         " https://quai.example.org/1.")),
        ("fr", "ISO 690", ("QUAI OUVERT, [s. d.]. Who pays? [en ligne]. [Consulté le 22 novembre"
         " 2026]. Disponible à l’adresse : https://quai.example.org/1")),
    ],
)  # fmt: skip
def test_without_date_and_author_the_source_is_the_author(
    plain: Article, language: str, style: str, text: str
) -> None:
    unknown = replace(plain, authors=(), published=None, title="Who pays?")
    assert cited(unknown, language)[style] == text


def test_what_is_printed_in_italics_is_told_apart(plain: Article) -> None:
    italic = {each.style: each.italic for each in citing.styles(plain, "fr", DAY)}
    assert italic == {"APA": plain.title, "Chicago": "Quai Ouvert", "ISO 690": "Quai Ouvert"}


def test_only_a_web_address_is_cited(plain: Article) -> None:
    for text in cited(replace(plain, url="javascript:alert(1)"), "en").values():
        assert "javascript" not in text


@pytest.mark.parametrize(
    ("signed", "family", "given"),
    [
        ("Jeanne Imaginaire", "Imaginaire", "Jeanne"),
        ("Anne-Marie de la Fiction", "de la Fiction", "Anne-Marie"),
        ("Ben Inventé", "Inventé", "Ben"),
        ("Imaginaire, Jeanne", "Imaginaire", "Jeanne"),
        ("La rédaction", "La rédaction", ""),
        ("L'équipe de la Fiction", "L'équipe de la Fiction", ""),
        ("Relais fictif", "Relais fictif", ""),
        ("Quai Ouvert", "Quai Ouvert", ""),
        ("AFP Bruxelles", "AFP Bruxelles", ""),
        ("Quai & Fils", "Quai & Fils", ""),
        ("王小明", "王小明", ""),
        ("ليلى الخيالية", "ليلى الخيالية", ""),
        ("Madonna", "Madonna", ""),
    ],
)
def test_a_family_name_is_told_where_it_can_be(signed: str, family: str, given: str) -> None:
    told = citing.names_of([signed], "persons", source="Quai Ouvert")
    assert told == (citing.Name(family, given),)
    assert citing.names_of([signed], "organisation") == (citing.Name(signed),)


def test_bibtex_is_safe_for_tex_and_keeps_capitals(plain: Article) -> None:
    hard = replace(plain, title="50 % of {homes} & more_or_less\n#1", authors=("Quai & Fils",))
    lines = citing.bibtex(hard, DAY).splitlines()
    assert lines[0] == "@misc{quai-1,"
    assert r"  title = {{50 \% of \{homes\} \& more\_or\_less \#1}}," in lines
    assert r"  author = {{Quai \& Fils}}," in lines
    assert {"  year = {2026},", "  month = sep,", "  langid = {fr},"} < set(lines)
    assert lines[-1] == "}"


# --- A search -------------------------------------------------------------------------------------


def get(db: Path, path: str) -> httpx.Response:
    async def answer() -> httpx.Response:
        found: httpx.Response = await site(db).client.get(path)
        return found

    return asyncio.run(answer())


@pytest.mark.parametrize(
    ("prefix", "text"),
    [
        ("/en", ("Tamis. Search (Words: aide · Language: French · From: 1 January 2026):"
         " 2 articles. Snapshot a1b2c3 of 21 November 2026.")),
        ("/fr", ("Tamis. Recherche (Mots : aide · Langue : français · Du : 1er janvier 2026) :"
         " 2 articles. Instantané a1b2c3 du 21 novembre 2026.")),
        ("/nl", ("Tamis. Zoekopdracht (Woorden: aide · Taal: Frans · Van: 1 januari 2026):"
         " 2 artikelen. Momentopname a1b2c3 van 21 november 2026.")),
    ],
)  # fmt: skip
def test_a_search_is_cited_in_words_with_its_count_and_its_snapshot(
    tmp_path: Path, prefix: str, text: str
) -> None:
    db = make_news(tmp_path / "news.db")
    with closing(sqlite3.connect(db)) as conn, conn:
        conn.execute("INSERT INTO snapshot VALUES ('id', 'a1b2c3')")
    question = "?q=aide&language=fr&after=2026-01-01"
    page = get(db, f"{prefix}/cite{question}")
    address = question.replace("&", "&amp;")
    assert text in page.text.replace("&amp;", "&")
    assert f"https://news.example.org/{address}" in page.text
    assert f"https://news.example.org/feeds/search.atom{address}" in page.text
    for kind in FORMATS:
        assert f'href="{prefix}/export.{kind}{address}"' in page.text


def test_a_search_is_there_for_reference_managers(db: Path) -> None:
    question = "?q=aide&order=best&page=older~5"
    told = {
        "title": "Tamis (Words: aide)",
        "url": "https://news.example.org/?q=aide",
        "version": "2026-11-21T05:00:00Z",
    }
    (item,) = json.loads(get(db, f"/cite.json{question}").content)
    assert (item["title"], item["URL"], item["version"]) == tuple(told.values())
    assert item["issued"] == {"date-parts": [[2026, 11, 21]]}
    (entry,) = rispy.loads(get(db, f"/cite.ris{question}").text)
    assert (entry["title"], entry["urls"], entry["edition"]) == (
        told["title"], [told["url"]], told["version"],
    )  # fmt: skip
    lines = get(db, f"/cite.bib{question}").text.splitlines()
    assert {f"  url = {{{told['url']}}},", f"  urldate = {{{clock.now()[:10]}}},"} < set(lines)


def test_a_search_smuggles_nothing_into_the_page(db: Path) -> None:
    page = get(db, "/cite?q=%3Cscript%3Ealert(1)%3C/script%3E%7D%5Cinput%7Bx%7D")
    assert "<script" not in page.text
    assert r"\}\textbackslash\{\}input" not in page.text
    assert r"\}\textbackslash{}input\{x\}" in page.text
