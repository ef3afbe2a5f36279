import time

import pytest
from web import feed

from crawler.errors import FeedError
from crawler.feeds import MAX_BYTES, mend_ampersands, parse
from crawler.items import Link

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
