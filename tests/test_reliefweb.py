import json
import os
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from web import Answer as Served
from web import Web

from crawler.errors import ConfigError, FeedError
from crawler.items import Answer, Harvest, Link, Source
from spiders.channels import reliefweb

HERE = "https://api.reliefweb.int/v2/reports"
FRENCH = "filter[field]=language.code&filter[value]=fr"
OPTIONS = {"reliefweb_appname": "tamis-tests-x1"}
START = datetime(2022, 3, 1, 8, 0, tzinfo=UTC)
DAY = timedelta(days=1)


@dataclass
class Report:
    id: int
    changed: datetime
    language: str = "fr"
    version: int = 1


def fields_of(report: Report) -> dict[str, Any]:
    return {
        "title": f"v{report.version}",
        "url": f"https://reliefweb.int/node/{report.id}",
        "date": {"changed": report.changed.isoformat()},
        "language": [{"code": report.language}],
    }


@dataclass
class Api:
    """ReliefWeb as its documentation says, and as clients that were refused tell."""

    now: datetime = START
    reports: list[Report] = field(default_factory=list)
    next_is: str = "links"  # or "next", or nothing
    heeds_filters: bool = True
    asked: list[dict[str, str]] = field(default_factory=list)

    def write(self, language: str = "fr") -> Report:
        report = Report(id=len(self.reports) + 1, changed=self.now, language=language)
        self.reports.append(report)
        return report

    def edit(self, report: Report) -> None:
        report.changed, report.version = self.now, report.version + 1

    def seen(self, language: str = "fr") -> set[tuple[int, int]]:
        return {(r.id, r.version) for r in self.reports if r.language == language}

    def get(self, path: str, _default: Served) -> Served:
        parts = urlsplit(path)
        query = dict(parse_qsl(parts.query))
        self.asked.append(query)
        if parts.path.startswith("/v1/"):
            return served({"status": 410, "error": {"message": "Gone"}}, 410)
        if not (appname := query.get("appname")):
            return served({"status": 400, "error": {"message": "Missing appname"}}, 400)
        if appname != OPTIONS["reliefweb_appname"]:
            return served(UNAPPROVED, 403)
        found = [r for r in self.reports if not self.heeds_filters or heeds(r, query, "filter")]
        kind, _, order = query.get("sort[]", "date.changed:desc").partition(":")
        assert kind == "date.changed"
        found.sort(key=lambda r: (r.changed, r.id), reverse=order == "desc")
        first, size = int(query.get("offset", "0")), int(query.get("limit", "10"))
        assert size <= 1000
        page = found[first : first + size]
        body: dict[str, Any] = {
            "totalCount": len(found) + 3,
            "count": len(page),
            "data": [{"id": str(r.id), "fields": fields_of(r)} for r in page],
        }
        if first + size < len(found) and self.next_is:
            href = f"http://elsewhere.example.org{parts.path}?offset={first + size}"
            named = {"next": {"href": href}}
            body |= {"links": named} if self.next_is == "links" else {"next": href}
        return served(body)


UNAPPROVED = {
    "status": 403,
    "error": {"type": "AccessDeniedHttpException", "message": "You are not using an approved name"},
}


def served(body: Any, status: int = 200) -> Served:
    return Served(json.dumps(body).encode(), status, "application/json")


def heeds(report: Report, query: dict[str, str], at: str) -> bool:
    """A filter as the query string spells it, conditions within conditions."""
    inner: list[bool] = []
    while any(name.startswith(f"{at}[conditions][{len(inner)}]") for name in query):
        inner.append(heeds(report, query, f"{at}[conditions][{len(inner)}]"))
    if inner:
        return any(inner) if query.get(f"{at}[operator]") == "OR" else all(inner)
    if f"{at}[field]" not in query:
        return True
    if query[f"{at}[field]"] == "date.changed":
        return report.changed >= datetime.fromisoformat(query[f"{at}[value][from]"])
    assert query[f"{at}[field]"] == "language.code"
    return report.language == query[f"{at}[value]"]


@pytest.fixture
def api(web: Web) -> Api:
    api = Api()
    web.pages = api  # type: ignore[assignment] # it answers `get`, which is all that is asked
    return api


class Reader:
    """Visits the API as the spider does, remembering nothing but the cursor."""

    def __init__(self, web: Web, query: str = f"{FRENCH}&limit=5") -> None:
        self.url = f"{web.url}/v2/reports?{query}"
        self.cursor: str | None = None
        self.seen: set[tuple[int, int]] = set()
        self.asked: list[str] = []

    def visit(self, meanwhile: Callable[[], object] = lambda: None) -> int:
        """How many requests it took."""
        for requests in range(1, 300):
            url = reliefweb.ask(self.url, self.cursor, OPTIONS)
            self.asked.append(url)
            with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310 (our own loopback)
                found = reliefweb.read(Answer(url=url, body=answer.read(), cursor=self.cursor))
            self.cursor = found.cursor
            for each in found.links:
                number = int(each.url.rpartition("/")[2])
                self.seen.add((number, int((each.title or "v0")[1:])))
            if not found.again:
                return requests
            meanwhile()
        raise AssertionError("the visit does not end")


def test_the_first_visit_takes_the_newest_of_its_filter_and_no_more(web: Web, api: Api) -> None:
    for number in range(30):
        api.write("fr" if number % 2 else "en")
        api.now += DAY
    reader = Reader(web)
    assert reader.visit() == 1
    assert {report for report, _ in reader.seen} == {30, 28, 26, 24, 22}


@pytest.mark.parametrize("next_is", ["links", "next", ""])
def test_over_the_days_what_is_new_and_changed_comes_and_nothing_is_asked_twice(
    web: Web, api: Api, next_is: str
) -> None:
    api.next_is = next_is
    for _ in range(4):
        api.write()
        api.now += timedelta(minutes=1)
    reader = Reader(web)
    reader.visit()
    for day in range(6):
        api.now += DAY
        for _ in range(3 * day):
            api.write()
            api.write("en")
            api.now += timedelta(seconds=20)
        api.edit(api.reports[day])
        before = len(reader.asked)
        reader.visit()
        assert reader.seen >= api.seen()
        assert len(set(reader.asked[before:])) == len(reader.asked) - before
    assert not {report for report, _ in reader.seen} & {report for report, _ in api.seen("en")}


def test_a_quiet_day_is_one_request(web: Web, api: Api) -> None:
    api.write()
    reader = Reader(web)
    reader.visit()
    assert reader.visit() == 1
    cursor = reader.cursor
    api.reports.clear()
    assert [reader.visit(), reader.visit()] == [1, 1]
    assert reader.cursor == cursor


def test_weeks_without_a_visit_lose_nothing(web: Web, api: Api) -> None:
    api.write()
    reader = Reader(web)
    reader.visit()
    for _ in range(60):
        api.now += timedelta(hours=9)
        api.write()
    reader.visit()
    assert reader.seen == api.seen()


@pytest.mark.parametrize("next_is", ["links", ""])
def test_many_changes_in_one_second_neither_loop_nor_get_lost(
    web: Web, api: Api, next_is: str
) -> None:
    api.next_is = next_is
    api.write()
    reader = Reader(web)
    reader.visit()
    api.now += DAY
    for number in range(34):
        api.write()
        api.now += timedelta(seconds=number in (3, 28))
    assert reader.visit() <= 20
    assert reader.seen == api.seen()


def test_what_enters_the_index_late_is_still_found(web: Web, api: Api) -> None:
    api.write()
    reader = Reader(web)
    reader.visit()
    api.now -= timedelta(minutes=50)
    api.write()
    reader.visit()
    assert reader.seen == api.seen()


def test_a_filter_that_is_not_heeded_is_an_error_and_no_walk_through_a_million(
    web: Web, api: Api
) -> None:
    for _ in range(3):
        api.write()
        api.now += DAY
    reader = Reader(web)
    reader.visit()
    api.heeds_filters = False
    with pytest.raises(FeedError, match="the filter was not applied"):
        reader.visit()


def test_conditions_of_the_record_are_kept_within_ours(web: Web, api: Api) -> None:
    either = "&".join(
        f"filter[conditions][{n}][field]=language.code&filter[conditions][{n}][value]={language}"
        for n, language in enumerate(("fr", "nl"))
    )
    reader = Reader(web, f"filter[operator]=OR&{either}")
    for language in ("fr", "en", "nl"):
        api.write(language)
    reader.visit()
    api.now += DAY
    for language in ("fr", "en", "nl"):
        api.write(language)
    reader.visit()
    assert reader.seen == api.seen("fr") | api.seen("nl")


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.integers(0, 20),
    st.lists(
        st.lists(
            st.tuples(st.sampled_from(("write", "edit", "second", "day")), st.integers(0, 20)),
            max_size=3,  # half of an answer: so many may leave a second that fills answers
        ),
        max_size=14,
    ),
)
def test_whatever_changes_between_two_requests_all_reports_are_seen(
    web: Web, at_once: int, happens: list[list[tuple[str, int]]]
) -> None:
    api = Api()
    web.pages = api  # type: ignore[assignment]
    api.write()
    events: Iterator[list[tuple[str, int]]] = iter(happens)
    reader = Reader(web, f"{FRENCH}&limit=6")
    reader.visit()
    for _ in range(at_once):
        api.write()

    def meanwhile() -> None:
        api.now += timedelta(seconds=1)  # no host is asked more often
        for kind, number in next(events, []):
            if kind == "write":
                api.write()
            elif kind == "edit":
                api.edit(api.reports[number % len(api.reports)])
            else:
                api.now += DAY if kind == "day" else timedelta(seconds=1)

    for _ in range(3):
        reader.visit(meanwhile)
        meanwhile()
    reader.visit()
    assert reader.seen >= api.seen()


def test_without_an_appname_nothing_is_asked_and_the_message_says_where_to_get_one() -> None:
    with pytest.raises(ConfigError, match=r"apidoc\.reliefweb\.int/parameters#appname"):
        reliefweb.ask(HERE, None, {})


def test_the_appname_of_the_operator_goes_before_that_of_the_record() -> None:
    asked = dict(parse_qsl(urlsplit(reliefweb.ask(f"{HERE}?appname=old", None, OPTIONS)).query))
    assert asked["appname"] == OPTIONS["reliefweb_appname"]
    asked = dict(parse_qsl(urlsplit(reliefweb.ask(f"{HERE}?appname=own", None, {})).query))
    assert asked["appname"] == "own"


def test_what_is_kept_and_what_is_said_does_not_name_the_appname(web: Web, api: Api) -> None:
    api.write()
    reader = Reader(web)
    reader.visit()
    assert "tamis-tests" not in (reader.cursor or "")
    with pytest.raises(FeedError) as raised:
        read(b"<html>Too many requests</html>", url=f"{HERE}?appname=tamis-tests-x1&limit=2")
    assert "tamis-tests" not in str(raised.value)


def test_what_the_record_asks_stays_but_for_the_order_and_the_place() -> None:
    url = reliefweb.ask(
        f"{HERE}?query[value]=abri%20d%27urgence&sort[]=score&offset=90&limit=5000&preset=latest",
        '{"since": "2026-10-12T07:15:00Z", "offset": 0}',
        OPTIONS,
    )
    assert dict(parse_qsl(urlsplit(url).query)) == {
        "query[value]": "abri d'urgence",
        "preset": "latest",
        "appname": "tamis-tests-x1",
        "profile": "full",
        "fields[exclude][]": "body",
        "filter[operator]": "AND",
        "filter[conditions][0][field]": "date.changed",
        "filter[conditions][0][value][from]": "2026-10-12T07:15:00+00:00",
        "sort[]": "date.changed:asc",
        "limit": "200",
    }


def read(body: bytes | Any, url: str = HERE, cursor: str | None = None) -> Harvest:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return reliefweb.read(Answer(url=url, body=raw, cursor=cursor))


PLAIN: dict[str, Any] = {
    "title": "Inondations : l'abri du quai &amp; ses voisins",
    "status": "published",
    "body": "**Texte** en *Markdown*",
    "body-html": "<p>Quarante familles ont trouvé un abri.</p>",
    "origin": "https://quai.example.org/inondations",
    "url": "https://reliefweb.int/node/12",
    "url_alias": "https://reliefweb.int/report/belgium/inondations",
    "date": {
        "original": "2026-10-11T00:00:00+00:00",
        "created": "2026-10-12T06:00:00+00:00",
        "changed": "2026-10-12T09:15:00+02:00",
    },
    "source": [{"name": "Le Quai", "shortname": "LQ"}, {"shortname": "Relais"}],
    "language": [{"code": "fr", "name": "French"}],
    "theme": [{"name": "Shelter and Non-Food Items"}],
    "format": [{"name": "Situation Report"}],
    "country": [{"name": "Belgium", "iso3": "bel"}, {"name": "Belgium"}],
    "file": [{"url": "https://reliefweb.int/attachments/12.pdf", "filename": "12.pdf"}],
    "image": {"url": "https://reliefweb.int/images/12.jpg"},
}


def link(**changed: Any) -> Link:
    (found,) = read({"data": [{"id": "12", "fields": PLAIN | changed}]}).links
    return found


def test_a_report_becomes_a_link_with_all_it_says() -> None:
    assert link() == Link(
        url="https://reliefweb.int/report/belgium/inondations",
        title="Inondations : l'abri du quai & ses voisins",
        published="2026-10-11T00:00:00Z",
        updated="2026-10-12T07:15:00Z",
        authors=("Le Quai", "Relais"),
        categories=("Shelter and Non-Food Items", "Situation Report", "Belgium"),
        language="fr",
        content="<p>Quarante familles ont trouvé un abri.</p>",
        whole=True,
        image="https://reliefweb.int/images/12.jpg",
        attachments=("https://reliefweb.int/attachments/12.pdf",),
        publisher="Le Quai, Relais",
        origin_url="https://quai.example.org/inondations",
    )


@pytest.mark.parametrize(
    ("body", "whole"),
    [
        ("<p>Quarante familles ont trouvé un abri.</p>", True),
        ("<p>Voir le rapport en pièce jointe. " + "Quarante familles y ont un abri. " * 9, True),
        ("<p>Please refer to the attached file.</p>", False),
        ("<p>Please refer to the attached Infographic.</p>", False),
        ("<p>Veuillez consulter les fichiers joints.</p>", False),
        ("<p>Véase el archivo adjunto.</p>", False),
        ("<p> </p>", False),
        (None, False),
    ],
)
def test_a_body_that_only_points_to_a_file_is_not_the_text(
    body: str | None, *, whole: bool
) -> None:
    assert link(**{"body-html": body}).whole is whole


def test_a_report_in_two_languages_names_none() -> None:
    assert link(language=[{"code": "fr"}, {"code": "en"}]).language is None


def test_without_its_alias_a_report_is_at_its_number() -> None:
    assert link(url_alias=None).url == "https://reliefweb.int/node/12"
    assert link(date={"created": "2026-10-12T06:00:00+00:00"}).published == "2026-10-12T06:00:00Z"


def test_a_document_without_address_is_refused_and_the_others_come() -> None:
    found = read({"data": [{"id": "3", "fields": {"title": "Un"}}, {"id": "12", "fields": PLAIN}]})
    assert len(found.links) == 1
    assert found.refused == ("document 3 has no address",)


@pytest.mark.parametrize(
    ("body", "what"),
    [
        (
            b"<!DOCTYPE html><html><body>Too many requests</body></html>",
            "an HTML page.*1,000 calls",
        ),
        (b"", "no JSON"),
        (b"[" * 100_000, "no JSON"),
        (b"[]", "no answer"),
        (b"{}", "no documents"),
        (UNAPPROVED, r"AccessDenied.*request an appname at .*#appname"),
        ({"status": 410, "error": {"message": "Gone"}}, "should have /v2/"),
        ({"status": 400, "error": {"type": "BadRequest", "message": "Unknown field"}}, "Unknown"),
        ({"error": "down", "data": []}, "down"),
    ],
)
def test_what_is_no_answer_of_the_api_is_refused_with_what_to_do(body: Any, what: str) -> None:
    with pytest.raises(FeedError, match=what) as raised:
        read(body)
    assert str(raised.value).startswith(HERE)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(("name", "code", "url", "changed", "original", "summary")), inner
    ),
    max_leaves=6,
)  # fmt: skip


@given(st.dictionaries(st.sampled_from((*PLAIN, "headline")), JSON))
def test_whatever_a_field_holds_the_answer_is_read(changed: dict[str, Any]) -> None:
    found = read({"data": [{"id": "12", "fields": PLAIN | changed}]})
    assert len(found.links) + len(found.refused) == 1


def test_a_source_names_its_reliefweb(source: Source) -> None:
    assert reliefweb.addresses(source) == source.reliefweb


CORPUS = Path(os.environ.get("TAMIS_CORPORA", "")) / "web"


@pytest.mark.skipif("TAMIS_CORPORA" not in os.environ, reason="TAMIS_CORPORA names no corpora")
@pytest.mark.parametrize(
    "name",
    [
        "deep-relief-web-page-1.json",
        "deep-relief-web-page-2.json",
        "hdx-reliefweb-disasters-25466.json",
        "hdx-reliefweb-disasters-25846.json",
    ],
)
def test_real_answers_are_read_whole(name: str) -> None:
    body = (CORPUS / name).read_bytes()
    found = read(body)
    assert len(found.links) == len(json.loads(body)["data"])
    assert not found.refused
    assert all(each.title and each.published for each in found.links)
