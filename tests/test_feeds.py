import csv
import os
import re
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import fields
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from web import feed

from crawler.errors import FeedError
from crawler.feeds import MAX_BYTES, parse
from crawler.feedxml import MAX_ENTRIES, mend_ampersands
from crawler.items import Harvest, Link

HERE = "https://quai.example.org/feed/"

RSS = """<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/"><channel>
<title>Le Quai</title><link>https://quai.example.org/</link><language>fr-BE</language>
<item>
  <title>Un abri &amp; &lt;b&gt;un repas&lt;/b&gt;</title>
  <link>https://quai.example.org/spip.php?article12</link>
  <description><![CDATA[<p>Une salle &amp; des   soins.</p>]]></description>
  <dc:creator>La rédaction du Quai</dc:creator>
  <category>Logement</category><category>Santé</category>
  <pubDate>Mon, 12 Oct 2026 09:15:00 +0200</pubDate>
</item>
</channel></rss>"""

ATOM = """<?xml version="1.0" encoding="utf-8"?>
<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="nl"><title>Het Huis</title>
<entry><title>Nieuwe opvang</title><link href="/nieuws/12"/><id>x:12</id>
<updated>2026-10-12T07:15:00Z</updated><author><name>Redactie</name></author></entry></feed>"""


def test_an_rss_item_becomes_a_link_with_plain_text_and_utc() -> None:
    assert parse(RSS.encode(), HERE).links == (
        Link(
            url="https://quai.example.org/spip.php?article12",
            title="Un abri & un repas",
            summary="Une salle & des soins.",
            published="2026-10-12T07:15:00Z",
            authors=("La rédaction du Quai",),
            categories=("Logement", "Santé"),
            language="fr-BE",
        ),
    )


def test_an_atom_entry_has_its_address_made_whole() -> None:
    (link,) = parse(ATOM.encode(), HERE).links
    assert (link.url, link.published, link.authors, link.language) == (
        "https://quai.example.org/nieuws/12", "2026-10-12T07:15:00Z", ("Redactie",), "nl",
    )  # fmt: skip


def test_an_ill_formed_feed_gives_its_links_byte_for_byte_and_its_defect() -> None:
    body = feed("http://x.test/?p=1&lang=fr", "http://x.test/?p=2&copy=1&sect=3", title="Riz & blé")
    found = parse(body, HERE)
    assert [link.url for link in found.links] == [
        "http://x.test/?p=1&lang=fr",
        "http://x.test/?p=2&copy=1&sect=3",
    ]
    assert found.defect is not None
    assert "not well-formed" in found.defect


def test_a_feed_cut_off_in_the_middle_gives_what_came() -> None:
    body = feed("http://x.test/1", "http://x.test/2", "http://x.test/3")
    found = parse(body[: body.index(b"http://x.test/3")], HERE)
    assert [link.url for link in found.links][:2] == ["http://x.test/1", "http://x.test/2"]
    assert found.defect


@pytest.mark.parametrize(
    ("text", "mended"),
    [
        ("a & b", "a &amp; b"),
        ("?a=1&lang=fr", "?a=1&amp;lang=fr"),
        ("caf&eacute;", "caf&#233;"),
        ("&amp; &lt; &#233; &#xE9;", "&amp; &lt; &#233; &#xE9;"),
        ("&unheardof;", "&amp;unheardof;"),
        ("<![CDATA[a & &nbsp;]]> & b", "<![CDATA[a & &nbsp;]]> &amp; b"),
    ],
)
def test_only_ampersands_that_mean_nothing_are_escaped(text: str, mended: str) -> None:
    assert mend_ampersands(text.encode()) == mended.encode()


def test_a_link_that_is_no_web_address_is_named_and_left_out() -> None:
    found = parse(feed("javascript:alert(1)", "http://x.test/1"), HERE)
    assert [link.url for link in found.links] == ["http://x.test/1"]
    assert found.refused == ("javascript:alert(1)",)


@pytest.mark.parametrize(
    ("body", "what"),
    [
        (b"<!doctype html><html><body>Accueil</body></html>", "an HTML page"),
        (b"", "not a feed"),
        (b"\x00\x01\x02", "not a feed"),
        (b'{"version": "https://jsonfeed.org/version/1.1"}', "not a feed"),
        (b" " * (MAX_BYTES + 1), "more than a feed's"),
    ],
    ids=["html", "nothing", "binary", "json", "too large"],
)
def test_what_is_no_feed_is_refused_with_its_address_and_the_reason(body: bytes, what: str) -> None:
    with pytest.raises(FeedError, match=what) as raised:
        parse(body, HERE)
    assert str(raised.value).startswith(HERE)


@pytest.mark.parametrize("encoding", ["utf-8", "iso-8859-1", "windows-1252"])
def test_a_declared_encoding_is_read(encoding: str) -> None:
    body = RSS.replace("UTF-8", encoding).encode(encoding)
    assert parse(body, HERE).links[0].authors == ("La rédaction du Quai",)


def test_half_emojis_are_joined_or_replaced_and_cost_no_link() -> None:
    body = feed("http://x.test/1").replace(b"Titre", b"A &#55357;&#56832; &#xD83D; &#2;")
    (link,) = parse(body, HERE).links
    assert link.title is not None
    assert link.title.startswith("A 😀 \ufffd")


def test_many_unclosed_sections_take_no_time() -> None:
    began = time.process_time()
    mend_ampersands(b"<![CDATA[" * 200_000)
    assert time.process_time() - began < 5


def rss(item: str, *, channel: str = "", spaces: str = "", rest: str = "") -> bytes:
    """A well-formed RSS feed with one item, in the namespaces that feeds of the press use."""
    return (
        '<?xml version="1.0" encoding="utf-8"?><rss version="2.0"'
        ' xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:atom="http://www.w3.org/2005/Atom"'
        ' xmlns:content="http://purl.org/rss/1.0/modules/content/"'
        ' xmlns:dcterms="http://purl.org/dc/terms/" xmlns:media="http://search.yahoo.com/mrss/"'
        ' xmlns:sy="http://purl.org/rss/1.0/modules/syndication/"'
        ' xmlns:creativeCommons="http://backend.userland.com/creativeCommonsRssModule"'
        ' xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd"'
        ' xmlns:feedburner="http://rssnamespace.org/feedburner/ext/1.0"'
        f"{spaces}><channel><title>Le Quai</title><link>https://quai.example.org/</link>{channel}"
        f"<item><link>https://quai.example.org/1</link>{item}</item>{rest}</channel></rss>"
    ).encode()


def atom(entry: str, *, head: str = "") -> bytes:
    return (
        '<?xml version="1.0" encoding="utf-8"?><feed xmlns="http://www.w3.org/2005/Atom"'
        f' xml:lang="fr"><title>Le Quai</title>{head}<entry><title>Un lit</title>{entry}</entry>'
        "</feed>"
    ).encode()


PAGE = '<link href="https://quai.example.org/1"/>'


def only(body: bytes) -> Link:
    (link,) = parse(body, HERE).links
    return link


# Fields


@pytest.mark.parametrize(
    ("body", "published", "updated"),
    [
        (rss("<pubDate>Mon, 12 Oct 2026 09:15:00 +0200</pubDate>"), "2026-10-12T07:15:00Z", None),
        (rss("<dc:date>2026-10-12</dc:date>"), "2026-10-12T00:00:00Z", None),
        (
            rss("<dcterms:modified>2026-10-13</dcterms:modified><dc:date>2026-10-12</dc:date>"),
            "2026-10-12T00:00:00Z",
            "2026-10-13T00:00:00Z",
        ),
        (
            rss("<pubDate>12 Oct 2026</pubDate><atom:updated>2026-10-13T01:00:00Z</atom:updated>"),
            "2026-10-12T00:00:00Z",
            "2026-10-13T01:00:00Z",
        ),
        (
            atom(PAGE + "<updated>2026-10-13T00:00:00Z</updated>"),
            "2026-10-13T00:00:00Z",
            "2026-10-13T00:00:00Z",
        ),
        (rss("<pubDate>Thu, 01 Jan 1970 00:00:00 +0000</pubDate>"), None, None),
        (rss(""), None, None),
    ],
    ids=["pubDate", "dc:date", "dcterms:modified", "atom:updated", "atom", "no date", "none"],
)
def test_an_update_is_only_what_the_feed_calls_one(
    body: bytes, published: str | None, updated: str | None
) -> None:
    link = only(body)
    assert (link.published, link.updated) == (published, updated)


@pytest.mark.parametrize(
    ("written", "language", "utc"),
    [
        ("Thu,28 Jul 2022 4:35:5 GMT+9", "US", "2022-07-27T19:35:05Z"),
        ("Thu,28 Jul 2022 4:35:5 GMT-3", "en", "2022-07-28T07:35:05Z"),
        ("Mon, 12 Oct 2026 09:15:00 CEST", "fr", "2026-10-12T07:15:00Z"),
        ("Mon, 12 Oct 2026 09:15:00 GMT", "fr", "2026-10-12T09:15:00Z"),
        ("Mon, 12 Oct 2026 09:15:00 EST", "en", "2026-10-12T14:15:00Z"),
        ("lundi 12 octobre 2026 09:15", "fr-BE", "2026-10-12T09:15:00Z"),
        ("October 12, 2026 - 9:15pm", "fr", "2026-10-12T21:15:00Z"),
        ("12.10.2026 09:15", "de", "2026-10-12T09:15:00Z"),
        ("03/04/2026", "fr", "2026-04-03T00:00:00Z"),
        ("03/04/2026", "en", None),
        ("yesterday", "en", None),
        ("12 October", "en", None),
        ("October 2026", "en", None),
        ("09:15", "fr", None),
        ("2026", "fr", None),
        ("31 February 2026", "en", None),
        ("à paraître en 2026", "fr", None),
        ("12 octobre 2026", "tlh", "2026-10-12T00:00:00Z"),
        ("1" * 5000, "fr", None),
    ],
)
def test_a_date_is_read_as_it_was_meant_or_not_at_all(
    written: str, language: str, utc: str | None
) -> None:
    body = rss(f"<pubDate>{written}</pubDate>", channel=f"<language>{language}</language>")
    assert only(body).published == utc


@pytest.mark.parametrize(
    ("item", "content"),
    [
        (
            (
                "<description>Court.</description><content:encoded>"
                "<![CDATA[<p>Bien plus long.</p>]]></content:encoded>"
            ),
            "<p>Bien plus long.</p>",
        ),
        (
            (
                "<description>Un résumé qui est le plus long.</description><content:encoded>"
                "<![CDATA[<p>Court.</p>]]></content:encoded>"
            ),
            None,
        ),
        ("<description>Rien d'autre.</description>", None),
        (f"<description>&lt;p&gt;{'mot ' * 400}&lt;/p&gt;</description>", f"<p>{'mot ' * 400}</p>"),
    ],
    ids=["longer", "shorter", "none", "all of it in the description"],
)
def test_content_is_kept_where_the_summary_is_not_all_of_it(item: str, content: str | None) -> None:
    link = only(rss(item))
    assert link.content == content
    assert not link.whole


def test_content_in_atom_may_be_text_html_or_xhtml() -> None:
    xhtml = '<div xmlns="http://www.w3.org/1999/xhtml"><p>Un lit</p></div>'
    for kind, written, content in (
        ("text", "1 &lt; 2", "1 &lt; 2"),
        ("html", "&lt;p&gt;Un lit&lt;/p&gt;", "<p>Un lit</p>"),
        ("xhtml", xhtml, "<p>Un lit</p>"),
    ):
        entry = f'{PAGE}<summary>.</summary><content type="{kind}">{written}</content>'
        assert only(atom(entry)).content == content


@pytest.mark.parametrize(
    ("item", "image"),
    [
        ('<media:content url="/a" medium="image"/>', "/a"),
        ('<media:group><media:content url="/a.jpg"/></media:group>', "/a.jpg"),
        ('<media:thumbnail url="/t.jpg"/><media:content url="/a" type="image/webp"/>', "/a"),
        ('<media:thumbnail url="/t.jpg"/>', "/t.jpg"),
        ('<enclosure url="/a" type="image/jpeg" length="1"/>', "/a"),
        ('<enclosure url="/a.PNG?w=3" length="1"/>', "/a.PNG?w=3"),
        ('<itunes:image href="/a.jpg"/>', "/a.jpg"),
        ('<media:content url="https://0.gravatar.com/avatar/1" medium="image"/>', None),
        ('<media:content url="/a.mp4" medium="video"/>', None),
        ('<media:content url="data:image/png;base64,AA" medium="image"/>', None),
        ('<enclosure url="" type="image/jpeg"/>', None),
    ],
)
def test_the_image_of_an_entry(item: str, image: str | None) -> None:
    found = only(rss(item)).image
    assert found == (image and f"https://quai.example.org{image}")


def test_attachments_are_documents_and_media_but_no_images() -> None:
    link = only(
        rss(
            '<enclosure url="https://x.test/a.pdf" type="application/pdf"/>'
            '<enclosure url="https://x.test/a.jpg" type="image/jpeg"/>'
            '<enclosure url="javascript:x" type="application/pdf"/><enclosure url=""/>'
            '<media:content url="https://x.test/a.mp3" type="audio/mpeg"/>'
            '<enclosure url="https://x.test/a.pdf"/>'
        )
    )
    assert link.attachments == ("https://x.test/a.pdf", "https://x.test/a.mp3")
    body = atom(PAGE + '<link rel="enclosure" href="https://x.test/b.odt"/>')
    assert only(body).attachments == ("https://x.test/b.odt",)


@pytest.mark.parametrize(
    ("item", "channel", "licence"),
    [
        (
            "<creativeCommons:license>https://cc.test/by</creativeCommons:license>",
            "",
            "https://cc.test/by",
        ),
        ('<atom:link rel="license" href="https://cc.test/by"/>', "", "https://cc.test/by"),
        ("<dc:rights>© Ana</dc:rights>", "<copyright>© Le Quai</copyright>", "© Ana"),
        ("", "<copyright>© Le Quai</copyright>", "© Le Quai"),
        (
            "",
            "<creativeCommons:license>https://cc.test/by</creativeCommons:license>",
            "https://cc.test/by",
        ),
        ("", "", None),
    ],
)
def test_the_licence_is_the_entrys_or_else_the_feeds(
    item: str, channel: str, licence: str | None
) -> None:
    assert only(rss(item, channel=channel)).licence == licence


def test_a_licence_of_the_creative_commons_vocabulary_is_read() -> None:
    spaces = (
        ' xmlns:cc="http://creativecommons.org/ns#"'
        ' xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"'
    )
    body = rss('<cc:license rdf:resource="https://cc.test/by"/>', spaces=spaces)
    assert only(body).licence == "https://cc.test/by"


@pytest.mark.parametrize(
    ("item", "publisher"),
    [
        ('<source url="https://port.example.com/feed">Le Port</source>', "Le Port"),
        ("<source>Le Port</source>", "Le Port"),
        ('<source url="https://www.quai.example.org/rss.xml">Quai - Nouvelles</source>', None),
        ('<source url="https://elsewhere.test/feed">Le Quai</source>', None),
        ('<source url=""/>', None),
        ("<dc:publisher>Le Port</dc:publisher>", "Le Port"),
        ("", None),
    ],
)
def test_the_publisher_of_a_re_posted_article_is_another_than_the_feeds(
    item: str, publisher: str | None
) -> None:
    link = only(rss(item))
    # A source's address is that of its feed, never of the article.
    assert (link.publisher, link.origin_url) == (publisher, None)


def test_the_original_of_an_atom_entry_is_what_it_came_by() -> None:
    link = only(
        atom(
            PAGE + '<link rel="via" href="https://port.example.com/7"/><source><title>Le Port'
            '</title><link rel="self" href="https://port.example.com/feed"/></source>'
        )
    )
    assert (link.publisher, link.origin_url) == ("Le Port", "https://port.example.com/7")


def test_all_authors_are_kept_and_no_mailbox_is_one() -> None:
    link = only(
        rss(
            "<dc:creator>Ana</dc:creator><dc:creator>Bo</dc:creator><author>c@x.test (Cid)</author>"
            "<author>d@x.test</author><dc:creator>Ana</dc:creator>"
        )
    )
    assert link.authors == ("Ana", "Bo", "Cid")


def test_an_atom_entry_without_author_has_those_of_the_feed() -> None:
    head = "<author><name>Ana</name></author><author><name>Bo</name></author>"
    assert only(atom(PAGE, head=head)).authors == ("Ana", "Bo")


@pytest.mark.parametrize(
    ("body", "language"),
    [
        (rss("<dc:language>nl</dc:language>", channel="<language>fr</language>"), "nl"),
        (rss("<title>x</title>", channel="<language>fr_BE</language>"), "fr-BE"),
        (rss('<title xml:lang="de">x</title>', channel="<language>fr</language>"), "de"),
        (rss("<title>x</title>", channel="<language>français</language>"), None),
        (atom(PAGE), "fr"),
        (atom(PAGE).replace(b"<entry>", b'<entry xml:lang="nl">'), "nl"),
    ],
)
def test_the_language_is_the_entrys_own_or_the_feeds(body: bytes, language: str | None) -> None:
    assert only(body).language == language


def test_the_page_of_an_entry_is_none_of_its_other_links() -> None:
    others = "".join(
        f'<link rel="{rel}" href="https://quai.example.org/{rel}"/>'
        for rel in ("replies", "edit", "self", "enclosure", "via")
    )
    assert only(atom(others + PAGE)).url == "https://quai.example.org/1"
    assert only(atom(PAGE + others)).url == "https://quai.example.org/1"
    assert parse(atom(others), HERE).links == ()


def test_a_feed_counters_address_gives_way_to_the_publishers() -> None:
    item = "<feedburner:origLink>https://quai.example.org/12?a=1&amp;b=2</feedburner:origLink>"
    assert only(rss(item)).url == "https://quai.example.org/12?a=1&b=2"


@pytest.mark.parametrize(("permalink", "links"), [("", 1), (' isPermaLink="false"', 0)])
def test_a_guid_is_the_page_only_if_it_may_be(permalink: str, links: int) -> None:
    body = rss("").replace(
        b"<link>https://quai.example.org/1</link>",
        f"<guid{permalink}>https://quai.example.org/g</guid>".encode(),
    )
    assert len(parse(body, HERE).links) == links


# What the feed says of itself


@pytest.mark.parametrize("rel", ["next", "prev-archive"])
def test_a_paged_feed_goes_on_with_its_older_page_on_the_same_host(rel: str) -> None:
    def older(href: str) -> str | None:
        return parse(rss("", channel=f'<atom:link rel="{rel}" href="{href}"/>'), HERE).older

    assert older("/feed/?page=2") == "https://quai.example.org/feed/?page=2"
    assert older("https://elsewhere.test/feed") is None
    assert older(HERE) is None
    assert parse(atom(PAGE, head=f'<link rel="{rel}" href="?p=2"/>'), HERE).older == HERE + "?p=2"
    assert parse(RSS.encode(), HERE).older is None


@pytest.mark.parametrize(
    ("channel", "every"),
    [
        ("<ttl>30</ttl>", 1800),
        ("<sy:updatePeriod> hourly </sy:updatePeriod>", 3600),
        (
            "<sy:updatePeriod>daily</sy:updatePeriod><sy:updateFrequency>4</sy:updateFrequency>",
            21_600,
        ),
        ("<ttl>0</ttl>", None),
        ("<ttl>-5</ttl>", None),
        ("<ttl>soon</ttl>", None),
        ("<ttl>999999999999</ttl>", None),
        ("<sy:updatePeriod>yearly</sy:updatePeriod>", None),
        ("<sy:updateFrequency>2</sy:updateFrequency>", None),
        ("", None),
    ],
)
def test_how_often_a_feed_says_that_it_changes(channel: str, every: int | None) -> None:
    assert parse(rss("", channel=channel), HERE).every == every


# Salvage


@pytest.mark.parametrize("declared", ['encoding="utf-8"', ""])
@pytest.mark.parametrize("header", ["application/rss+xml", "text/xml; charset=utf-8", None])
@pytest.mark.parametrize("encoding", ["cp1252", "utf-8", "utf-8-sig", "utf-16"])
def test_the_bytes_decide_their_encoding(declared: str, header: str | None, encoding: str) -> None:
    text = rss("<title>Les élèves – et leurs maîtres</title>").decode()
    body = text.replace('encoding="utf-8"', declared).encode(encoding)
    found = parse(body, HERE, content_type=header)
    assert found.links[0].title == "Les élèves – et leurs maîtres"


def test_text_in_an_undeclared_alphabet_is_read_by_the_feeds_language() -> None:
    text = rss("<title>Жильё для всех</title>", channel="<language>ru</language>").decode()
    body = text.replace(' encoding="utf-8"', "").encode("cp1251")
    assert only(body).title == "Жильё для всех"


@pytest.mark.parametrize(
    ("before", "why"),
    [
        (b"\n\n  ", None),
        (b"<br />\n<b>Warning</b>: none in <b>/x.php</b><br />", "text before the feed"),
        (b"<!-- cached -->", None),
        (b"<!DOCTYPE rss [<!ENTITY x 'y'>]>", None),
    ],
    ids=["blank", "a warning", "a comment", "a document type"],
)
def test_what_stands_before_a_feed_costs_no_link(before: bytes, why: str | None) -> None:
    found = parse(before + rss("<title>Un lit</title>"), HERE)
    assert [link.title for link in found.links] == ["Un lit"]
    assert (why in (found.defect or "")) if why else found.defect is None


def test_entities_that_look_like_parameters_stay_parameters() -> None:
    url = "https://quai.example.org/?p=1&lang=fr&copy=3&sect=4&para=5&not=6"
    assert [link.url for link in parse(feed(url), HERE).links] == [url]


def test_words_of_neighbouring_paragraphs_stay_apart_and_letters_together() -> None:
    description = (
        "<description>&lt;p&gt;Un&lt;/p&gt;&lt;p&gt;&lt;b&gt;L&lt;/b&gt;it&lt;/p&gt;</description>"
    )
    assert only(rss(description)).summary == "Un Lit"


# Size


def many(kind: str, number: int) -> bytes:
    heads = {
        "rss": ("<rss version='2.0'><channel><title>t</title>", "item", "</channel></rss>"),
        "rdf": (
            "<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'"
            " xmlns='http://purl.org/rss/1.0/'><channel><title>t</title><items><rdf:Seq>"
            + "<rdf:li resource='http://x.test/1'/>" * number
            + "</rdf:Seq></items></channel>",
            "item",
            "</rdf:RDF>",
        ),
        "atom": ("<a:feed xmlns:a='http://www.w3.org/2005/Atom'>", "a:entry", "</a:feed>"),
    }
    head, name, tail = heads[kind]
    link = (
        "<a:link href='http://x.test/{0}'/>" if kind == "atom" else "<link>http://x.test/{0}</link>"
    )
    items = (f"<{name}>{link.format(i)}</{name}>" for i in range(number))
    noise = "<!-- <item> --><x><![CDATA[</item><item><entry>]]></x>"
    return (head + noise + "".join(items) + tail).encode()


@pytest.mark.parametrize("kind", ["rss", "rdf", "atom"])
def test_only_the_first_entries_of_an_endless_feed_are_read(kind: str) -> None:
    found = parse(many(kind, 12_000), HERE)
    assert len(found.links) == MAX_ENTRIES
    assert found.links[-1].url == "http://x.test/999"
    assert found.defect == "11,000 entries after the first 1,000 left out"


def test_an_enormous_entry_is_left_out_and_costs_no_other() -> None:
    large = f"<item><link>http://x.test/1</link>{'<category>c</category>' * 20_000}</item>"
    found = parse(rss("", rest=large + "<item><link>http://x.test/2</link></item>"), HERE)
    assert [link.url for link in found.links] == ["https://quai.example.org/1", "http://x.test/2"]
    assert found.defect == "1 entries of more than 100,000 bytes left out"


ITEM = b"<rss><channel><item><title>T</title><link>http://x.test/1</link>"
HOSTILE = {
    "twenty thousand entries": many("rss", 20_000),
    "billion laughs": b"<!DOCTYPE l [<!ENTITY a 'aaaaaaaaaa'>"
    + b"".join(b"<!ENTITY a%d '%s'>" % (n, b"&a;" * 10) for n in range(9))
    + b"]>"
    + ITEM.replace(b"T<", b"&a8;<"),
    "quadratic": b"<!DOCTYPE l [<!ENTITY a '" + b"a" * 10**6 + b"'>]>" + ITEM + b"&a;" * 10**5,
    "deep": ITEM + b"<a>" * 100_000,
    "one line": ITEM + b"<description>" + b"a" * 2_000_000,
    "unclosed section": ITEM + b"<description><![CDATA[" + b"<a " * 600_000,
    "comments": ITEM + b"<description><![CDATA[" + b"<!-- -" * 300_000 + b"]]></description>",
    "blank lines": b"<?xml version='1.0'?>" + b"\n" * 2_000_000 + ITEM,
    "declarations": b"<!DOCTYPE x [" + b"\n<!ENTITY" * 200_000,
    "less than": ITEM + b"<" * 2_000_000,
    "ampersands": ITEM + b"&#" * 1_000_000,
    "mailboxes": ITEM + b"<author>" + b"a" * 90_000 + b"</author></item></channel></rss>",
    "attributes": ITEM + b"<x" + b" a='" * 500_000,
}


@pytest.mark.parametrize("body", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_feed_takes_little_time(body: bytes) -> None:
    began = time.process_time()
    with suppress(FeedError):
        parse(body[:MAX_BYTES], HERE)
    assert time.process_time() - began < 3


# Whatever the bytes


FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
SEEDS = [
    RSS.encode(),
    ATOM.encode(),
    rss(
        "<title>a&#0;&#1;&#55357;</title><dc:creator>b\x7f</dc:creator><description>&lt;p&gt;&amp;#3;"
        "\u0085</description><content:encoded><![CDATA[<p>long &#2; text</p>]]></content:encoded>"
        "<pubDate>Thu,28 Jul 2022 4:35:5 GMT+9</pubDate><source url='https://x.test'>p</source>"
    ),
    (
        b'{"version":"https://jsonfeed.org/version/1","items":[{"url":"/1","title":"\\ud800\\u0000",'
        b'"tags":["a\\u0001"],"content_html":"<p>\\u0007long</p>","date_published":"12 Oct 26 x"}]}'
    ),
]


def values(found: Harvest) -> Iterator[str]:
    yield from (found.defect or "", found.older or "", *found.refused)
    for link in found.links:
        for value in (getattr(link, field.name) for field in fields(link)):
            yield from (str(part) for part in (value if isinstance(value, tuple) else (value,)))


@pytest.mark.parametrize("seed", SEEDS)
def test_mutilated_feeds_are_read_or_refused_and_nothing_else(seed: bytes) -> None:
    random = Random(12)
    for _ in range(80):
        body = bytearray(seed)
        for _ in range(random.randint(1, 6)):
            at = random.randrange(len(body))
            piece = random.choice([b"", b"<", b">", b"&", b"\0", b"\xed\xa0\x80", b"]]>", b"\xff"])
            body[at : at + random.choice([0, 1, 1, 20])] = piece
        with suppress(FeedError):
            for value in values(parse(bytes(body), HERE)):
                assert not FORBIDDEN.search(value)


@settings(max_examples=50, deadline=None)
@given(st.binary(max_size=200), st.sampled_from(SEEDS))
def test_any_bytes_are_read_or_refused(noise: bytes, seed: bytes) -> None:
    for body in (noise, noise + seed, seed[: len(seed) // 2] + noise + seed[len(seed) // 2 :]):
        with suppress(FeedError):
            for value in values(parse(body, HERE)):
                assert not FORBIDDEN.search(value)


# Feeds of others


FEED_KINDS = ("rss", "atom", "rdf", "json-feed", "xml-feed")


@pytest.mark.skipif("TAMIS_CORPORA" not in os.environ, reason="TAMIS_CORPORA names no folder")
def test_every_document_of_the_corpus_is_read_or_refused_with_a_reason() -> None:
    folder = Path(os.environ["TAMIS_CORPORA"]) / "web"
    with (folder / "index.tsv").open(encoding="utf-8") as index:
        rows = list(csv.DictReader(index, delimiter="\t"))
    assert rows
    for row in rows:
        body = (folder / row["file"]).read_bytes()
        if row["kind"].startswith(FEED_KINDS) or row["kind"] == "feed":
            found = parse(body, HERE)
            assert found.links or found.refused, row["file"]
        else:
            with pytest.raises(FeedError, match=r"not a feed|an HTML page"):
                parse(body, HERE)
