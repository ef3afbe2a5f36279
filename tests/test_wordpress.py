import html
import json
import os
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from web import Answer as Served
from web import Web

from crawler.errors import FeedError
from crawler.items import Answer, Harvest, Link, Source
from spiders.channels import wordpress
from spiders.channels.shortcodes import without_shortcodes

HERE = "https://quai.example.org/wp-json/wp/v2/posts"
TEXT = "<p>" + "La permanence du quai accueille quarante familles chaque soir. " * 8 + "</p>"
# Long past, so that the clock of the machine that runs the tests is later.
START = datetime(2022, 3, 1, 8, 0)  # noqa: DTZ001 (a site's own time has no zone)
DAY = timedelta(days=1)


@dataclass
class Post:
    id: int
    date: datetime
    modified: datetime
    version: int = 1
    gone: bool = False


@dataclass
class Site:
    """A WordPress that answers as its documentation says; `now` is its own time."""

    now: datetime = START
    posts: list[Post] = field(default_factory=list)
    old: bool = False  # before 5.7
    headers: bool = True
    asked: list[dict[str, str]] = field(default_factory=list)

    def write(self, *, at: datetime | None = None) -> Post:
        """A post; with a date to come it is scheduled, and keeps the change date of today."""
        post = Post(id=len(self.posts) + 1, date=at or self.now, modified=self.now)
        self.posts.append(post)
        return post

    def edit(self, post: Post) -> None:
        post.modified, post.version = self.now, post.version + 1

    def seen(self) -> set[tuple[int, int]]:
        """What a reader of the site sees: each post and its version."""
        return {(p.id, p.version) for p in self.posts if not p.gone and p.date <= self.now}

    def get(self, path: str, _default: Served) -> Served:
        query = dict(parse_qsl(urlsplit(path).query))
        self.asked.append(query)
        shown = [p for p in self.posts if not p.gone and p.date <= self.now]
        if bound := query.get("before"):
            shown = [p for p in shown if p.date < datetime.fromisoformat(bound)]
        if bound := query.get("after"):
            shown = [p for p in shown if p.date > datetime.fromisoformat(bound)]
        if (bound := query.get("modified_after")) and not self.old:
            shown = [p for p in shown if p.modified > datetime.fromisoformat(bound)]
        by, down = query.get("orderby", "date"), query.get("order", "desc") == "desc"
        shown.sort(key=lambda p: (getattr(p, by), p.id), reverse=down)
        size, page = int(query.get("per_page", "10")), int(query.get("page", "1"))
        pages, first = -(-len(shown) // size), int(query.get("offset", (page - 1) * size))
        if shown and page > pages:
            refusal = {"code": "rest_post_invalid_page_number", "data": {"status": 400}}
            return Served(json.dumps(refusal).encode(), 400, "application/json")
        body = json.dumps([rendered(p) for p in shown[first : first + size]]).encode()
        told = {"X-WP-Total": str(len(shown)), "X-WP-TotalPages": str(pages)}
        return Served(body, 200, "application/json", told if self.headers else {})


def rendered(post: Post) -> dict[str, Any]:
    return plain(
        id=post.id,
        date=post.date.isoformat(),
        modified=post.modified.isoformat(),
        date_gmt=None,
        modified_gmt=None,
        link=f"https://quai.example.org/?p={post.id}",
        title={"rendered": f"v{post.version}"},
    )


def plain(**changed: Any) -> dict[str, Any]:
    """The plainest post there can be."""
    post: dict[str, Any] = {
        "id": 12,
        "date": "2026-10-12T09:15:00",
        "date_gmt": "2026-10-12T07:15:00",
        "modified": "2026-10-12T10:00:00",
        "modified_gmt": "2026-10-12T08:00:00",
        "status": "publish",
        "link": "https://quai.example.org/un-abri/",
        "title": {"rendered": "Un abri &amp; <em>un repas</em>"},
        "content": {"rendered": TEXT, "protected": False},
        "excerpt": {"rendered": "<p>Une salle &amp; des soins.</p>\n", "protected": False},
    }
    return post | changed


@pytest.fixture
def site(web: Web) -> Site:
    site = Site()
    web.pages = site  # type: ignore[assignment] # it answers `get`, which is all that is asked
    return site


class Reader:
    """Visits a site as the spider does, remembering nothing but the cursor."""

    def __init__(self, web: Web, path: str = "/wp-json/wp/v2/posts?per_page=5") -> None:
        self.url, self.cursor = web.url + path, None
        self.seen: set[tuple[int, int]] = set()
        self.asked: list[str] = []

    cursor: str | None

    def step(self) -> bool:
        url = wordpress.ask(self.url, self.cursor, {})
        self.asked.append(url)
        with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310 (our own loopback)
            headers = {name.lower(): value for name, value in answer.headers.items()}
            found = wordpress.read(
                Answer(url=url, body=answer.read(), headers=headers, cursor=self.cursor)
            )
        self.cursor = found.cursor
        for link in found.links:
            number = int(link.url.partition("?p=")[2])
            self.seen.add((number, int((link.title or "v0")[1:])))
        return found.again

    def visit(self, meanwhile: Callable[[], object] = lambda: None) -> int:
        """How many requests it took."""
        for requests in range(1, 500):
            again = self.step()
            if not again:
                return requests
            meanwhile()
        raise AssertionError("the visit does not end")


def test_the_first_visit_walks_to_the_oldest_post_and_asks_nothing_twice(
    web: Web, site: Site
) -> None:
    for _ in range(23):
        site.write()
        site.now += DAY
    reader = Reader(web)
    assert reader.visit() <= 6
    assert reader.seen == site.seen()
    assert len(set(reader.asked)) == len(reader.asked)


def test_over_the_days_each_post_comes_once_new_and_once_changed_for_two_requests_a_visit(
    web: Web, site: Site
) -> None:
    for _ in range(12):
        site.write()
        site.now += DAY
    reader = Reader(web, "/wp-json/wp/v2/posts")
    reader.visit()
    for day in range(8):
        site.now += timedelta(hours=3)
        site.write()
        site.edit(site.posts[day])
        site.write(at=site.now + 3 * DAY)
        site.now += timedelta(hours=21)
        assert reader.visit() == 2
        assert reader.seen >= site.seen()
    assert len({post for post, _ in reader.seen}) == len(site.seen())


def test_a_scheduled_post_is_found_though_its_change_date_is_old(web: Web, site: Site) -> None:
    site.write()
    later = site.write(at=site.now + 10 * DAY)
    reader = Reader(web)
    reader.visit()
    site.now += 9 * DAY
    for _ in range(30):
        site.write()
    reader.visit()
    assert later.id not in {post for post, _ in reader.seen}
    site.now += 2 * DAY
    reader.visit()
    assert reader.seen == site.seen()


def test_a_scheduled_post_is_found_after_days_without_a_visit(web: Web, site: Site) -> None:
    site.write(at=site.now + 6 * DAY)
    site.now += 3 * DAY
    site.write()
    reader = Reader(web)
    reader.visit()
    site.now += 5 * DAY
    site.write()
    site.now += DAY
    reader.visit()
    assert reader.seen == site.seen()


@pytest.mark.parametrize("visits", [0, 1])
def test_a_walk_that_is_stopped_for_days_loses_no_change(web: Web, site: Site, visits: int) -> None:
    for _ in range(12):
        site.write()
        site.now += DAY
    reader = Reader(web)
    for _ in range(visits):
        reader.visit()
    assert reader.step()  # of the walk through all, or through what changed
    site.edit(site.posts[8])
    site.now += 3 * DAY
    site.edit(site.posts[0])
    site.write()
    reader.visit()
    site.now += DAY
    reader.visit()
    assert reader.seen >= site.seen()


def test_days_without_a_visit_lose_nothing(web: Web, site: Site) -> None:
    reader = Reader(web)
    site.write()
    reader.visit()
    for _ in range(40):
        site.now += DAY
        site.write(at=site.now + 5 * DAY)
        site.edit(site.write())
    reader.visit()
    assert reader.seen >= site.seen()


def test_a_site_that_moves_to_the_other_side_of_the_world_loses_nothing(
    web: Web, site: Site
) -> None:
    site.write()
    reader = Reader(web)
    reader.visit()
    site.now -= timedelta(hours=25)  # from UTC+14 to UTC-11
    site.write()
    reader.visit()
    site.now += timedelta(hours=2)
    site.write()
    site.edit(site.posts[0])
    reader.visit()
    site.now += DAY * 3
    reader.visit()
    assert reader.seen >= site.seen()


@pytest.mark.parametrize("headers", [True, False])
def test_an_import_of_many_posts_in_one_second_is_walked_by_pages(
    web: Web, site: Site, *, headers: bool
) -> None:
    site.headers = headers
    for number in range(40):
        site.write()
        site.now += DAY * (number in (4, 33))
    reader = Reader(web)
    reader.visit()
    assert reader.seen == site.seen()
    for post in site.posts:
        site.edit(post)
    reader.visit()
    assert reader.seen >= site.seen()


def test_without_the_headers_that_count_pages_all_is_walked(web: Web, site: Site) -> None:
    site.headers = False
    for _ in range(20):
        site.write()
        site.now += DAY
    reader = Reader(web)
    reader.visit()
    assert reader.seen == site.seen()


def test_a_wordpress_that_does_not_know_changes_is_asked_for_the_last_changed(
    web: Web, site: Site
) -> None:
    site.old = True
    for _ in range(30):
        site.write()
        site.now += DAY
    reader = Reader(web)
    reader.visit()
    for day in range(5):
        site.now += DAY
        site.edit(site.posts[day])
        site.write(at=site.now + DAY)
        assert reader.visit() <= 3
        assert reader.seen >= site.seen()
    assert reader.visit() == 2


def test_an_empty_site_is_asked_again_until_it_has_a_post(web: Web, site: Site) -> None:
    reader = Reader(web)
    assert reader.visit() == 1
    site.write()
    reader.visit()
    assert reader.seen == site.seen()


def test_a_post_dated_far_ahead_does_not_hide_those_that_follow(web: Web, site: Site) -> None:
    site.now = datetime(2990, 1, 1)  # noqa: DTZ001
    site.posts = [Post(id=1, date=site.now, modified=site.now), Post(2, START, START)]
    reader = Reader(web)
    reader.visit()
    site.posts += [Post(3, START + DAY, START + DAY), Post(4, START + 9 * DAY, START)]
    reader.visit()
    assert reader.seen == site.seen()


EVENT = st.sampled_from(("write", "schedule", "edit", "delete", "hours", "days"))


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.integers(0, 14),
    st.lists(st.lists(st.tuples(EVENT, st.integers(0, 30)), max_size=4), max_size=14),
)
def test_whatever_happens_between_two_requests_all_posts_are_seen(
    web: Web, posts: int, happens: list[list[tuple[str, int]]]
) -> None:
    site = Site()
    web.pages = site  # type: ignore[assignment]
    for _ in range(posts):
        site.write()
        site.now += timedelta(hours=7)
    events: Iterator[list[tuple[str, int]]] = iter(happens)
    reader = Reader(web, "/wp-json/wp/v2/posts?per_page=3")

    def meanwhile() -> None:
        for kind, number in next(events, []):
            site.now += timedelta(seconds=1)
            post = site.posts[number % len(site.posts)] if site.posts else None
            if kind == "write":
                site.write()
            elif kind == "schedule":
                site.write(at=site.now + timedelta(hours=number))
            elif kind == "edit" and post:
                site.edit(post)
            elif kind == "delete" and post:
                post.gone = True
            elif kind in ("hours", "days"):
                site.now += timedelta(**{kind: number})

    reader.visit(meanwhile)
    meanwhile()
    reader.visit(meanwhile)
    reader.visit()
    assert reader.seen >= site.seen()


@pytest.mark.parametrize(
    ("record", "asked"),
    [
        (HERE, f"{HERE}?per_page=50&"),
        (
            "https://quai.example.org/?rest_route=/wp/v2/posts",
            "https://quai.example.org/?rest_route=/wp/v2/posts&per_page=50&",
        ),
        (
            f"{HERE}?per_page=10&categories[]=3&categories[]=4&page=9",
            f"{HERE}?per_page=10&categories[]=3&categories[]=4&_embed=",
        ),
    ],
)
def test_what_the_record_asks_stays(record: str, asked: str) -> None:
    url = wordpress.ask(record, None, {})
    assert url.startswith(asked)
    assert "&orderby=date&order=desc" in url
    assert "page=9" not in url


def test_a_cursor_of_somebody_else_starts_anew() -> None:
    assert wordpress.ask(HERE, '{"page_token": 3}', {}) == wordpress.ask(HERE, None, {})
    assert wordpress.ask(HERE, "https://x.test/", {}) == wordpress.ask(HERE, None, {})


def read(*posts: Any, body: bytes | None = None) -> Harvest:
    return wordpress.read(
        Answer(url=HERE, body=json.dumps(posts).encode() if body is None else body)
    )


def link(**changed: Any) -> Link:
    (found,) = read(plain(**changed)).links
    return found


def test_a_post_becomes_a_link_with_all_it_says() -> None:
    embedded = {
        "author": [{"id": 3, "name": "Camille &amp; Noor"}],
        "wp:term": [
            [{"taxonomy": "category", "name": "Logement"}],
            [{"taxonomy": "post_tag", "name": "Sant&eacute;"}, {"name": "Logement"}],
            [{"taxonomy": "language", "name": "Français"}],
        ],
        "wp:featuredmedia": [{"source_url": "https://quai.example.org/abri.jpg"}],
    }
    assert link(_embedded=embedded, lang="fr") == Link(
        url="https://quai.example.org/un-abri/",
        title="Un abri & un repas",
        summary="Une salle & des soins.",
        published="2026-10-12T07:15:00Z",
        updated="2026-10-12T08:00:00Z",
        authors=("Camille & Noor",),
        categories=("Logement", "Santé"),
        language="fr",
        content=TEXT,
        whole=True,
        image="https://quai.example.org/abri.jpg",
    )


def test_what_could_not_be_embedded_is_left_out() -> None:
    error = {"code": "rest_user_invalid_id", "message": "Invalid user ID.", "data": {"status": 404}}
    embedded = {"author": [error], "wp:term": [error, [error]], "wp:featuredmedia": [error]}
    found = link(_embedded=embedded)
    assert (found.authors, found.categories, found.image) == ((), (), None)
    assert link(_embedded=[]).authors == ()


@pytest.mark.parametrize("given", ["0000-00-00T00:00:00", "-0001-11-30T00:00:00", "", None])
def test_a_date_without_its_time_in_utc_is_the_sites_own(given: str | None) -> None:
    assert link(date_gmt=given).published == "2026-10-12T09:15:00"
    assert link(date_gmt=given, date="0000-00-00T00:00:00").published is None


@pytest.mark.parametrize(
    ("said", "language"),
    [
        ({"lang": "nl"}, "nl"),
        ({"yoast_head_json": {"og_locale": "fr_BE"}}, "fr-BE"),
        ({"lang": "pt_BR", "yoast_head_json": {"og_locale": "fr_BE"}}, "pt-BR"),
        ({"lang": {"code": "fr"}}, None),
        ({"lang": ""}, None),
    ],
)
def test_the_language_is_what_the_translation_plugins_say(
    said: dict[str, Any], language: str | None
) -> None:
    assert link(**said).language == language


@pytest.mark.parametrize(
    ("content", "whole"),
    [
        ({"rendered": TEXT, "protected": False}, True),
        ({"rendered": TEXT, "protected": True}, False),
        ({"rendered": "<p>Une salle.</p>", "protected": False}, False),
        ({"rendered": "<div>" * 200 + "Une salle.", "protected": False}, False),
        ({"rendered": f"{TEXT[:-4]} [&hellip;]</p>\n"}, False),
        ({"rendered": f'{TEXT}<a class="btn more-link" href="/x">La suite</a>'}, False),
        ({"rendered": "[vc_row type=&#8221;in_container&#8221;]" * 20}, False),
        (None, False),
        ("", False),
    ],
)
def test_only_a_whole_text_spares_fetching_the_page(content: Any, *, whole: bool) -> None:
    assert link(content=content).whole is whole


def test_a_protected_text_is_not_taken() -> None:
    assert (
        link(content={"rendered": "<form>Mot de passe</form>", "protected": True}).content is None
    )


def test_what_is_not_published_or_has_no_link_is_refused() -> None:
    found = read(
        plain(status="draft"), plain(link=None), plain(link="javascript:x", id=13), plain()
    )
    assert len(found.links) == 1
    assert found.refused == (
        "https://quai.example.org/un-abri/ (draft)",
        "post 12 has no link",
        "post 13 has no link",
    )


@pytest.mark.parametrize(
    ("body", "what"),
    [
        (b"<!doctype html><html><body>Maintenance</body></html>", "an HTML page"),
        (b"", "no JSON"),
        (b"[" * 100_000, "no JSON"),
        (b'{"code": "rest_no_route", "message": "No route."}', "rest_no_route: No route."),
        (b'{"routes": {}}', "should end in /wp/v2/posts"),
        (b"[1, 2]", "no list of posts"),
        (b"3", "no list of posts"),
    ],
)
def test_what_is_no_list_of_posts_is_refused_with_the_reason(body: bytes, what: str) -> None:
    with pytest.raises(FeedError, match=what) as raised:
        read(body=body)
    assert str(raised.value).startswith(HERE)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("[vc_row type=&#8221;x&#8221; y=&#8243;3&#8243;][vc_column]Un[/vc_column][/vc_row]", "Un"),
        ("[et_pb_section fb_built=”1″ custom=“a”]Un[/et_pb_section]", "Un"),
        ('[vc_empty_space height="20px"]Un [avia_x/]', "Un "),
        ("[vc_column width='1/2' css='.x{a:b}']Un", "Un"),
        ('[caption id="a_1" width="300"]<img src="/a.jpg" /> La salle[/caption]',
         '<img src="/a.jpg" /> La salle'),
        ("[gallery ids=1,2,3]Un [gallery]", "Un "),
        ("[encadre]Un[/encadre] [encadre couleur=bleu]Deux[/encadre]", "Un Deux"),
        ("<p>[vc_raw_html]JTNDc2NyaXB0JTNF[/vc_raw_html]Un</p>", "<p>Un</p>"),
        ("<p>Un [vc_column width=&#8221;1/1&#8243; [&hellip;]</p>", "<p>Un [&hellip;]</p>"),
        ("<p>Un [vc_column width=&#8221;1/1</p>", "<p>Un </p>"),
        ("[et_pb_text admin_label=”x”<br />\n a=”y”]Un", "Un"),
    ],
)  # fmt: skip
def test_the_marks_of_page_builders_go_and_what_they_enclose_stays(given: str, kept: str) -> None:
    assert without_shortcodes(given) == kept


@pytest.mark.parametrize(
    "text",
    [
        "[...]", "[…]", "[&hellip;]", "[sic]", "[1]", "[12, 13]", "[NDLR : le texte date de 2020]",
        "[porte-parole]", "[Mise à jour du 3 mars = correction]", "[a]", "[]", "[ndlr]", "[x",
        "l'an [2026] et [M. Dupont] dit", '<a href="/?tx_news[article_id]=3">Un</a>',
        "[Vidéo] Un abri", "[le «quai»]", "a[0] = b[i]",
    ],
)  # fmt: skip
def test_square_brackets_of_the_text_stay(text: str) -> None:
    assert without_shortcodes(text) == text


def test_the_excerpt_loses_its_marks_too() -> None:
    found = link(excerpt={"rendered": "<p>[vc_row type=&#8221;x&#8221;][vc_column]Une salle [...]"})
    assert found.summary == "Une salle [...]"


def test_many_brackets_take_no_time() -> None:
    for text in (
        "[" * 300_000,
        '[a b="' * 60_000,
        "[/x]" * 60_000,
        "<" * 300_000,
        "[vc_raw_html]" * 30_000,
    ):
        without_shortcodes(text)
    without_shortcodes("".join(f"[/x{n}]" for n in range(60_000)))


def test_no_control_or_half_character_comes_through() -> None:
    body = json.dumps([plain(title={"rendered": "Un\x00 abri&#1; \ud83d"})]).encode()
    assert read(body=body).links[0].title == "Un abri"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(("rendered", "author", "wp:term", "name", "code", "og_locale")), inner
    ),
    max_leaves=6,
)  # fmt: skip


@given(st.dictionaries(st.sampled_from((*plain(), "_embedded", "lang", "yoast_head_json")), JSON))
def test_whatever_a_field_holds_the_answer_is_read(changed: dict[str, Any]) -> None:
    found = read(plain(**changed))
    assert len(found.links) + len(found.refused) == 1


def test_a_source_names_its_wordpress(source: Source) -> None:
    assert wordpress.addresses(source) == source.wordpress


CORPUS = Path(os.environ.get("TAMIS_CORPORA", "")) / "web"


@pytest.mark.skipif("TAMIS_CORPORA" not in os.environ, reason="TAMIS_CORPORA names no corpora")
def test_a_real_post_loses_the_marks_of_its_page_builder() -> None:
    post = json.loads((CORPUS / "wp-rest-post-enciv.json").read_bytes())
    (found,) = read(post).links
    assert found.whole
    assert "[" not in html.unescape(f"{found.content}{found.summary}")
