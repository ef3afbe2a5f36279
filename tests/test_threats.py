"""Harm no one, be harmed by no one: every threat that we know of, laid before a real crawl.

What each costs is printed by `python tests/hostile.py`.
"""

import json
import os
import re
import ssl
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from hostile import (
    LIMIT,
    Hostile,
    Run,
    answer,
    channel,
    costly_threats,
    crawl_command,
    feed_threats,
    fetch_threats,
    item,
    lay,
    page_threats,
    redirect,
    rss,
    slow_threats,
    stuck_feeds,
    stuck_pages,
    watched,
)
from sqlite_utils import Database
from web import article, feed

from crawler.frontier import OUTCOMES
from crawler.guard import allowed, refusal

# A crawl of one good page takes 97 MB and 1.6 s of CPU, its worker 155 MB; a page of 8 MB of
# plain words 475 MB. Times are the crawling process's own, whatever else the machine does.
CRAWL_MB, WORKER_MB = 300, 1024
CPU_SECONDS = 10.0

TEXT = "Le centre d'hébergement du quai rouvre ses portes avec quarante lits pour les familles."

# Runs a crawl in ways that the command line does not offer, and answers names by a table.
SCRIPT = """
import json, socket, sys
from pathlib import Path
from crawler import workers
from crawler.items import Address, Source
from spiders.run import crawl
told = json.loads(sys.argv[1])
workers.SECONDS_A_PAGE = told.get("seconds_a_page", workers.SECONDS_A_PAGE)
names = told.get("names", {})
byname, addrinfo = socket.gethostbyname, socket.getaddrinfo
def gethostbyname(name):
    if name in names:
        return names[name]
    return byname(name)
def getaddrinfo(host, *args, **kwargs):
    return addrinfo(names.get(host, host), *args, **kwargs)
socket.gethostbyname, socket.getaddrinfo = gethostbyname, getaddrinfo
sources = tuple(
    Source(id=name, name=name, homepage=url, country="BE", organisation="ngo", languages=("fr",),
           category="social", feeds=(Address(url=url, language="fr", grade="probed"),))
    for name, url in told["feeds"].items()
)
settings = {"TAMIS_CONTACT": "test@example.org", "DOWNLOAD_DELAY": 0, **told["settings"]}
print(crawl(sources, Path(told["db"]), settings=settings, enrich=told["enrich"], workers=1))
"""


def crawled(
    folder: Path,
    feeds: Mapping[str, str],
    *,
    limit: float = 60.0,
    enrich: bool = False,
    env: Mapping[str, str] = os.environ,
    settings: Mapping[str, Any] | None = None,
    **told: Any,
) -> Run:
    """A crawl by SCRIPT: any address may be a feed, and any setting be another."""
    told |= {"feeds": feeds, "db": str(folder / "tamis.db"), "enrich": enrich}
    told |= {"settings": settings or {}}
    command = [sys.executable, "-c", SCRIPT, json.dumps(told)]
    return watched(command, folder, limit=limit, env=env)


def rows(folder: Path, sql: str) -> list[dict[str, Any]]:
    db = Database(folder / "tamis.db")
    try:
        return list(db.query(sql))
    finally:
        db.close()


@dataclass(frozen=True, kw_only=True)
class Siege:
    """One crawl among many threats: what was seen of it, its ledger, and what its webs were asked.

    `urls` and `channels` have host name or path -> (outcome, reason).
    """

    run: Run
    web: Hostile
    canary: Hostile
    urls: dict[str, tuple[str, str]]
    channels: dict[str, tuple[str, str]]


def here(label: str, path: str) -> str:
    """An address of a web whose port is not known yet."""
    return f"http://{label}.localhost:0{path}"


def at_port(web: Hostile) -> None:
    for key, reply in web.pages.items():
        if isinstance(reply, bytes):
            web.pages[key] = reply.replace(b".localhost:0/", b".localhost:%d/" % web.port)


# Every way to spell an address that is neither public nor loopback.
INSIDE = (
    "10.0.0.1", "10.255.255.255", "172.16.0.1", "172.31.255.255", "192.168.0.1", "100.64.0.1",
    "169.254.169.254", "0.0.0.0", "0", "224.0.0.1", "255.255.255.255", "167772161", "0xa000001",  # noqa: S104 (nobody binds to it)
    "0xA.1", "012.0.0.1", "10.1", "2852039166", "0xa9fea9fe", "0251.0376.0251.0376",
    "169.254.43518", "10.0.0.1.", "[::]", "[fe80::1]", "[fc00::1]", "[fd12::1]", "[fec0::1]",
    "[::ffff:10.0.0.1]", "[::ffff:a00:1]", "[::a00:1]", "[::ffff:0:10.0.0.1]", "[64:ff9b::a00:1]",
    "[64:ff9b:1::a00:1]", "[2002:a00:1::]", "[2001:0:a00:1::]", "[ff02::1]",
    "[::ffff:169.254.169.254]",
    "１０.０.０.１", "①⓪.0.0.1", "10。0。0。1", "１６９.２５４.１６９.２５４",
    "%31%30.0.0.1", "10%2e0%2e0%2e1",
)  # fmt: skip
# And of this machine; `{}` stands for the port.
LOOPBACK = (
    "127.0.0.1", "127.1", "127.255.255.254", "2130706433", "0x7f000001", "0x7F.1", "0177.0.0.1",
    "017700000001", "127.0.0.1.", "[::1]", "[0:0:0:0:0:0:0:1]", "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]", "[::7f00:1]", "[::ffff:0:127.0.0.1]", "[64:ff9b::7f00:1]",
    "[2002:7f00:1::]", "localhost", "localhost.", "LOCALHOST", "foo.localhost", "Foo.LocalHost.",
    "0.0.0.0", "0", "[::]", "１２７.０.０.１", "①②⑦.0.0.1", "127。0。0。1",  # noqa: S104 (nobody binds to it)
    "ｌｏｃａｌｈｏｓｔ", "ⓛⓞⓒⓐⓛⓗⓞⓢⓣ",
)  # fmt: skip
# Not even names; they are looked up at most, and nobody knows them.
NO_NAMES = ("%31%32%37.0.0.1", "127%2e0%2e0%2e1", "%6c%6f%63%61%6c%68%6f%73%74")
SCHEMES = (
    "file:///etc/passwd", "file:/etc/passwd", "file://localhost/etc/passwd", "data:text/html,x",
    "ftp://quai.localhost/x", "s3://bucket/x", "javascript:alert(1)", "gopher://quai.localhost/",
    "view-source:http://quai.localhost/", "//", "http://", "http://[::1", "http://[v1.x]/",
)  # fmt: skip


def linked(name: str, n: int) -> str:
    return f"http://{name}/inside-{n}"


@pytest.fixture(scope="module")
def siege(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Siege]:
    """`tamis crawl` on every threat that a host can be in one crawl, and on three good pages."""
    folder = tmp_path_factory.mktemp("siege")
    with Hostile() as web, Hostile(six=True) as canary:
        links = lay(web, fetch_threats(here))
        links += lay(web, {name: {"/a": answer(body)} for name, body in page_threats().items()})
        links += [linked(name, n) for n, name in enumerate(INSIDE)]
        for n, to in enumerate(INSIDE):
            links += lay(web, {f"to-inside-{n}": {"/a": redirect(linked(to, n))}})
        for n, to in enumerate(SCHEMES):
            links += lay(web, {f"to-scheme-{n}": {"/a": redirect(to)}})
        links += lay(
            web, {"as-user": {"/a": redirect(f"http://u:p@as-other.localhost:{web.port}/b")}}
        )
        links += lay(web, {"in-the-feed": {f"/{'x' * 100_000}": answer(b"")}})
        links += lay(web, {"cookies": {
            "/a": redirect(here("cookies", "/b?secret=1"), b"Set-Cookie: id=7; Path=/"),
        }})  # fmt: skip
        links += lay(web, {"leaving": {"/secret?token=1": redirect(here("elsewhere", "/b"))}})
        third = f"http://third.localhost:{canary.port}"
        parts = (
            f'<img src="{third}/i.png" srcset="{third}/2.png 2x">'
            f'<script src="{third}/s.js"></script>'
            f'<iframe src="{third}/f"></iframe><link rel="stylesheet" href="{third}/c.css">'
            f'<meta property="og:image" content="{third}/o.png"><video src="{third}/v.mp4"></video>'
            f'<link rel="preload" href="{third}/p"><link rel="amphtml" href="{third}/amp">'
            f'<meta http-equiv="refresh" content="0; url={third}/r">'
            f'<object data="{third}/d"></object>'
        )
        good = article("Titre", TEXT, f"Une permanence y ouvre chaque matin. {TEXT}", parts)
        for n in range(3):
            web.pages[f"good/{n}"] = answer(
                good.replace(b"quarante", b"%d" % n),
                b"Set-Cookie: id=7; Path=/",
                b"Refresh: 0; url=" + third.encode(),
                b"Link: <" + third.encode() + b"/l>; rel=preload",
            )
            links.append(web.url("good", f"/{n}"))
        for key in ("cookies/b?secret=1", "as-other/b", "elsewhere/b"):
            web.pages[key] = answer(article(f"Titre {key}", TEXT, key))
        web.pages["good/feed"] = rss(feed(*links), b"Set-Cookie: id=7; Path=/")
        feeds = {"good": web.url("good", "/feed")}
        for name, body in feed_threats().items():
            web.pages[f"{name}/feed"] = rss(body)
            feeds[name] = web.url(name, "/feed")
        at_port(web)
        proxy = f"http://127.0.0.1:{canary.port}"
        proxies = {
            name: proxy
            for short in ("http_proxy", "https_proxy", "all_proxy", "ftp_proxy")
            for name in (short, short.upper())
        }
        options = ("--loopback", "--contact", "test@example.org")
        run = watched(
            crawl_command(folder, feeds, *options), folder, limit=240, env={**os.environ, **proxies}
        )
        urls = {
            _threat(row["url"]): (row["outcome"], row["reason"] or "")
            for row in rows(folder, "SELECT url, outcome, reason FROM urls")
        }
        channels = {
            row["source"]: (row["outcome"], row["reason"] or row["defect"] or "")
            for row in rows(folder, "SELECT source, outcome, reason, defect FROM channels")
        }
        yield Siege(run=run, web=web, canary=canary, urls=urls, channels=channels)


def _threat(url: str) -> str:
    """The name of the threat that an address was laid as."""
    if found := re.search(r"/inside-\d+$", url):
        return found[0]
    label, _, path = url.partition("://")[2].partition(".localhost:")
    return label + (path[path.index("/") :] if label == "good" else "")


def test_a_crawl_among_threats_comes_to_its_end_and_says_so(siege: Siege) -> None:
    assert siege.run.code == 0, siege.run.err[-2000:]
    assert b"URLs discovered" in siege.run.out


def test_what_others_do_wrong_leaves_no_traceback(siege: Siege) -> None:
    assert b"Traceback" not in siege.run.err


def test_no_threat_costs_the_crawl_or_its_worker_much_memory(siege: Siege) -> None:
    assert siege.run.peak < CRAWL_MB
    assert siege.run.workers_peak < WORKER_MB


def test_good_pages_among_threats_are_stored(siege: Siege) -> None:
    assert [siege.urls[f"good/{n}"] for n in range(3)] == [("stored", "")] * 3
    assert siege.channels["good"][0] == "ok"


LATER = {"pending", "failed"}
ENDED = LATER | {"fetched", "too_short", "not_an_article"}
FETCHED = {
    "gzip-1-gb": {"too_large"}, "deflate-1-gb": {"too_large"}, "brotli-300-mb": {"too_large"},
    "zstd-1-gb": {"too_large"}, "gzip-in-gzip-300-mb": {"too_large"},
    # No server packs a page fifty times; unpacking 8 MB as often would hold up every other host.
    "gzip-50-times": {"too_large", *ENDED},
    "gzip-cut-short": LATER, "endless-chunks": {"too_large"}, "endless-body": {"too_large"},
    "promised-exabyte": {"too_large"}, "one-byte-over-8-mb": {"too_large"},
    "header-of-200-kb": LATER, "20000-headers": {"stored", *LATER},
    "no-http": LATER, "impossible-length": LATER,
    "redirect-loop": LATER, "redirect-to-itself": LATER, "redirect-chain": LATER,
    "redirect-to-15-kb": {*LATER, "blocked", "not_found"},
    "robots-bomb": {"stored", "robots", *LATER},
    "robots-of-stars": {"stored", "robots"},
}  # fmt: skip


def test_every_threat_of_an_answer_has_its_expected_outcome() -> None:
    assert FETCHED.keys() == fetch_threats(here).keys()


@pytest.mark.parametrize("name", FETCHED)
def test_an_answer_that_means_harm_has_its_outcome(siege: Siege, name: str) -> None:
    outcome, reason = siege.urls[name]
    assert outcome in FETCHED[name], reason
    assert reason or outcome == "stored"


@pytest.mark.parametrize("name", ["redirect-loop", "redirect-to-itself", "redirect-chain"])
def test_redirects_are_followed_five_times_at_most(siege: Siege, name: str) -> None:
    asked = siege.web.hits(name)
    assert asked.total() - asked["/.well-known/tdmrep.json"] <= 6


@pytest.mark.parametrize("name", feed_threats())
def test_a_feed_that_means_harm_has_its_outcome(siege: Siege, name: str) -> None:
    outcome, reason = siege.channels[name]
    if name in {"feed-100000-deep", "feed-of-20000", "feed-external"}:
        assert outcome in {"ok", "unreadable"}
    elif name == "feed-of-3-mb":
        assert outcome == "unreadable"
        assert "3,1" in reason
    else:
        assert outcome in {"ok", "unreadable"}
        assert reason


def test_a_feed_reads_no_file_of_ours(siege: Siege) -> None:
    assert not rows_with(siege, "root:")


def rows_with(siege: Siege, text: str) -> list[str]:
    found = [name for name, (_, reason) in (siege.urls | siege.channels).items() if text in reason]
    return found + ([text] if text.encode() in siege.run.out + siege.run.err else [])


@pytest.mark.parametrize("name", page_threats())
def test_a_page_that_means_harm_is_read_or_its_failure_recorded(siege: Siege, name: str) -> None:
    outcome, reason = siege.urls[name]
    assert outcome in {"stored", "too_short", "not_an_article", "failed"}
    assert reason or outcome == "stored"


def test_an_address_too_long_is_not_even_asked_for(siege: Siege) -> None:
    assert "in-the-feed" not in siege.urls
    assert not siege.web.hits("in-the-feed")


def refused(outcome: tuple[str, str]) -> bool:
    """By the guard: never by trying."""
    return outcome[0] == "blocked" and outcome[1].startswith("not a public address")


def no_name(outcome: tuple[str, str]) -> bool:
    return outcome[0] in LATER and bool(re.search("invalid hostname|DNS", outcome[1]))


@pytest.mark.parametrize("n", range(len(INSIDE)), ids=INSIDE)
def test_a_link_to_an_address_inside_is_refused_however_it_is_spelled(siege: Siege, n: int) -> None:
    found = siege.urls.get(f"/inside-{n}")
    if "%" in INSIDE[n]:
        assert found is None or refused(found) or no_name(found), found
    else:
        assert found is None or refused(found), found


@pytest.mark.parametrize("n", range(len(INSIDE)), ids=INSIDE)
def test_a_redirect_inside_is_refused_however_it_is_spelled(siege: Siege, n: int) -> None:
    found = siege.urls[f"to-inside-{n}"]
    if "%" in INSIDE[n]:
        assert refused(found) or no_name(found), found
    else:
        assert refused(found), found


@pytest.mark.parametrize("n", range(len(SCHEMES)), ids=SCHEMES)
def test_a_redirect_out_of_the_web_is_not_followed(siege: Siege, n: int) -> None:
    outcome, reason = siege.urls[f"to-scheme-{n}"]
    assert outcome in {"blocked", *LATER}
    assert reason


def test_no_third_party_and_no_proxy_hears_of_the_crawl(siege: Siege) -> None:
    assert siege.canary.connections == 0
    assert siege.canary.asked == []


def test_cookies_and_passwords_are_not_sent_back(siege: Siege) -> None:
    assert {"cookies/b?secret=1", "good/2"} <= {key for key, _ in siege.web.asked}
    for _, head in siege.web.asked:
        assert b"\r\ncookie:" not in head.lower()
        assert b"\r\nauthorization:" not in head.lower()


def test_another_host_is_not_told_where_we_come_from(siege: Siege) -> None:
    (head,) = (head for key, head in siege.web.asked if key == "elsewhere/b")
    assert b"leaving" not in head
    assert b"token" not in head


def test_the_crawl_listens_to_nobody(siege: Siege) -> None:
    assert siege.run.listening == frozenset()


def test_a_server_is_seen_to_listen(tmp_path: Path) -> None:
    code = "import socket, time; s = socket.create_server(('127.0.0.1', 0)); time.sleep(0.5)"
    assert len(watched([sys.executable, "-c", code], tmp_path).listening) == 1


@pytest.fixture(scope="module")
def shut(
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[Run, Hostile, dict[str, tuple[str, str]]]:
    """A crawl that may not visit this machine, told to by every spelling and by names."""
    folder = tmp_path_factory.mktemp("shut")
    with Hostile(six=True) as canary:
        port = canary.port
        feeds = {
            f"at-{n}": f"http://{to}:{port}/{n}" for n, to in enumerate((*LOOPBACK, *NO_NAMES))
        }
        feeds |= {f"user-{n}": f"http://u:p@{to}:{port}/u{n}" for n, to in enumerate(LOOPBACK[:3])}
        feeds |= {f"tls-{n}": f"https://{to}:{port}/t{n}" for n, to in enumerate(LOOPBACK[:3])}
        feeds |= {f"named-{n}": f"http://{name}:{port}/n{n}" for n, name in enumerate(NAMED)}
        feeds |= {"file": "file:///etc/passwd", "data": "data:text/html,x"}
        feeds |= {"ftp": f"ftp://127.0.0.1:{port}/x", "s3": "s3://bucket/x"}
        run = crawled(folder, feeds, names=NAMED, settings={"RETRY_TIMES": 0})
    found = rows(folder, "SELECT source, outcome, reason FROM channels")
    return run, canary, {row["source"]: (row["outcome"], row["reason"] or "") for row in found}


# What a name server that means harm answers.
NAMED = {
    "loop.example.org": "127.0.0.1", "ten.example.org": "10.0.0.1", "any.example.org": "0.0.0.0",  # noqa: S104 (nobody binds to it)
    "cloud.example.org": "169.254.169.254", "carrier.example.org": "100.64.0.1",
    "home.example.org": "192.168.1.1", "127.0.0.1.example.org": "127.0.0.1",
}  # fmt: skip


def test_a_crawl_that_may_not_visit_this_machine_never_connects_to_it(
    shut: tuple[Run, Hostile, dict[str, tuple[str, str]]],
) -> None:
    run, canary, _ = shut
    assert b"channels visited" in run.out
    assert canary.connections == 0


@pytest.mark.parametrize(
    "source",
    [*(f"at-{n}" for n in range(len(LOOPBACK))), *(f"user-{n}" for n in range(3)),
     *(f"tls-{n}" for n in range(3)), "file", "data", "ftp", "s3"],
    ids=[*LOOPBACK, *(f"u:p@{to}" for to in LOOPBACK[:3]), *(f"https {to}" for to in LOOPBACK[:3]),
         "file", "data", "ftp", "s3"],
)  # fmt: skip
def test_this_machine_is_blocked_however_it_is_spelled(
    shut: tuple[Run, Hostile, dict[str, tuple[str, str]]], source: str
) -> None:
    outcome, reason = shut[2][source]
    assert outcome == "blocked", reason
    assert reason


@pytest.mark.parametrize("n", range(len(NO_NAMES)), ids=NO_NAMES)
def test_a_name_that_is_none_leads_nowhere(
    shut: tuple[Run, Hostile, dict[str, tuple[str, str]]], n: int
) -> None:
    outcome, reason = shut[2][f"at-{len(LOOPBACK) + n}"]
    assert outcome in {"blocked", "failed"}
    assert reason


@pytest.mark.parametrize("n", range(len(NAMED)), ids=NAMED)
def test_a_public_name_with_an_address_inside_is_refused_by_the_resolver(
    shut: tuple[Run, Hostile, dict[str, tuple[str, str]]], n: int
) -> None:
    outcome, reason = shut[2][f"named-{n}"]
    assert outcome in {"blocked", "failed"}
    assert "public address" in reason or "DNS lookup failed" in reason


def test_the_names_of_these_tests_are_resolved_where_it_is_allowed(tmp_path: Path) -> None:
    with Hostile() as web:
        web.pages["loop/feed"] = rss(feed())
        url = f"http://loop.example.org:{web.port}/feed"
        crawled(tmp_path, {"named": url}, names=NAMED, settings={"TAMIS_LOOPBACK": True})
        assert web.hits("loop") == {"/feed": 1}


@pytest.mark.parametrize("name", dict.fromkeys((*LOOPBACK, *INSIDE)))
def test_every_spelling_in_ascii_is_known_without_a_look_up(name: str) -> None:
    if name.isascii() and "%" not in name:
        assert refusal(f"http://{name}/", loopback=False)


@pytest.mark.parametrize(
    "address",
    ["::ffff:10.0.0.1", "64:ff9b::a00:1", "64:ff9b:1::a00:1", "2002:a00:1::", "fe80::1%eth0",
     "::1%lo", "2001::a00:1", "198.18.0.1", "240.0.0.1", "2001:db8::1"],
)  # fmt: skip
def test_an_address_that_a_resolver_may_answer_is_not_public(address: str) -> None:
    assert not allowed(address, loopback=False)


# Slow and stuck.


@pytest.mark.slow
def test_an_answer_that_never_ends_is_left_at_the_time_limit(tmp_path: Path) -> None:
    with Hostile() as web:
        threats = slow_threats()
        links = lay(web, {name: {"/a": reply} for name, reply in threats.items()})
        web.pages["good/a"] = answer(article("Titre", TEXT))
        web.pages["good/feed"] = rss(feed(web.url("good", "/a"), *links))
        feeds = {"good": web.url("good", "/feed")}
        settings = {"TAMIS_LOOPBACK": True, "DOWNLOAD_TIMEOUT": 2, "RETRY_TIMES": 0}
        run = crawled(tmp_path, feeds, settings=settings, limit=40)
    found = {
        _threat(row["url"]): row["outcome"]
        for row in rows(tmp_path, "SELECT url, outcome FROM urls")
    }
    assert found == {"good/a": "fetched", **dict.fromkeys(threats, "pending")}
    assert run.cpu < CPU_SECONDS
    assert run.seconds < 30  # five at once, 2 s each
    assert run.peak < CRAWL_MB


@pytest.mark.slow
def test_no_trick_makes_the_crawl_unpack_or_keep_what_is_too_large(tmp_path: Path) -> None:
    with Hostile() as web:
        threats = costly_threats()
        links = lay(web, threats)
        web.pages["good/a"] = answer(article("Titre", TEXT))
        web.pages["good/feed"] = rss(feed(*links, web.url("good", "/a")))
        feeds = {"good": web.url("good", "/feed")}
        command = crawl_command(tmp_path, feeds, "--loopback", "--no-enrich")
        run = watched(command, tmp_path, limit=100)
    found = {
        _threat(row["url"]): row["outcome"]
        for row in rows(tmp_path, "SELECT url, outcome FROM urls")
    }
    assert found.keys() == {"good/a", *threats}
    assert found.pop("good/a") == "fetched"
    assert set(found.values()) <= {"too_large", "robots", *ENDED}
    assert run.code == 0
    assert run.peak < CRAWL_MB
    assert run.cpu < CPU_SECONDS


@pytest.mark.slow
@pytest.mark.parametrize("name", stuck_feeds())
def test_a_feed_that_keeps_its_reader_busy_holds_up_nobody(tmp_path: Path, name: str) -> None:
    with Hostile() as web:
        links = [web.url("good", f"/{n}") for n in range(5)]
        for n in range(5):
            web.pages[f"good/{n}"] = answer(article("Titre", TEXT))
        web.pages["good/feed"] = rss(feed(*links))
        web.pages[f"{name}/feed"] = rss(stuck_feeds()[name])
        feeds = {"bad": web.url(name, "/feed"), "good": web.url("good", "/feed")}
        command = crawl_command(tmp_path, feeds, "--loopback", "--no-enrich")
        run = watched(command, tmp_path, limit=60)
    found = rows(tmp_path, "SELECT outcome FROM urls WHERE url LIKE '%/good.%'")
    assert run.code == 0, f"still busy after {run.seconds:.0f} s"
    assert [row["outcome"] for row in found] == ["fetched"] * 5
    assert run.cpu < CPU_SECONDS
    assert run.peak < CRAWL_MB
    assert run.workers_peak < CRAWL_MB


@pytest.mark.slow
def test_pages_that_keep_their_reader_busy_cost_no_more_than_their_time_and_memory(
    tmp_path: Path,
) -> None:
    with Hostile() as web:
        threats = stuck_pages()
        assert all(len(body) <= LIMIT for body in threats.values())
        links = lay(web, {name: {"/a": answer(body)} for name, body in threats.items()})
        web.pages["good/a"] = answer(article("Titre", TEXT))
        web.pages["good/feed"] = rss(feed(*links, web.url("good", "/a")))
        feeds = {"good": web.url("good", "/feed")}
        run = crawled(
            tmp_path, feeds, enrich=True, seconds_a_page=5, limit=150,
            settings={"TAMIS_LOOPBACK": True},
        )  # fmt: skip
    found = {
        _threat(row["url"]): (row["outcome"], row["reason"])
        for row in rows(tmp_path, "SELECT url, outcome, reason FROM urls")
    }
    assert found.pop("good/a") == ("stored", None)
    assert found.keys() == threats.keys()
    # Read as far as can be in time, or not at all: each has its outcome.
    assert {outcome for outcome, _ in found.values()} <= OUTCOMES.keys() - {"pending", "fetched"}
    assert all(reason for outcome, reason in found.values() if outcome != "stored")
    assert run.code == 0
    assert run.peak < CRAWL_MB
    assert run.workers_peak < WORKER_MB


# Certificates.


def authority() -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
    key = ec.generate_private_key(ec.SECP256R1())
    return key, _certificate("Test CA", key, None, [], ca=True)


def _certificate(
    name: str,
    key: ec.EllipticCurvePrivateKey,
    issuer: tuple[ec.EllipticCurvePrivateKey, x509.Certificate] | None,
    hosts: list[str],
    *,
    ca: bool = False,
    days: int = 1,
) -> x509.Certificate:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer[1].subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=9))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        .add_extension(
            x509.SubjectAlternativeName([x509.DNSName(host) for host in hosts or ["ca.test"]]),
            critical=False,
        )
        .sign(issuer[0] if issuer else key, hashes.SHA256())
    )


def _server(
    folder: Path,
    hosts: list[str],
    issuer: tuple[ec.EllipticCurvePrivateKey, x509.Certificate] | None,
    days: int = 1,
) -> ssl.SSLContext:
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = _certificate(hosts[0], key, issuer, hosts, days=days)
    path = folder / f"{hosts[0]}-{days}-{issuer is None}.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context


def test_a_site_is_believed_only_with_a_certificate_of_its_own_name(tmp_path: Path) -> None:
    trusted = authority()
    ca = tmp_path / "ca.pem"
    ca.write_bytes(trusted[1].public_bytes(serialization.Encoding.PEM))
    right = ["right.localhost"]
    with (
        Hostile(tls=_server(tmp_path, right, trusted)) as good,
        Hostile(tls=_server(tmp_path, right, None)) as own,
        Hostile(tls=_server(tmp_path, right, trusted, days=-1)) as old,
    ):
        feeds = {
            "right": good.url("right", "/feed", scheme="https"),
            "wrong-name": good.url("wrong", "/feed", scheme="https"),
            "self-signed": own.url("right", "/feed", scheme="https"),
            "expired": old.url("right", "/feed", scheme="https"),
        }
        for web in (good, own, old):
            web.pages |= {f"{name}/feed": rss(feed()) for name in ("right", "wrong")}
        env = {**os.environ, "SSL_CERT_FILE": str(ca)}
        settings = {"TAMIS_LOOPBACK": True, "RETRY_TIMES": 0}
        crawled(tmp_path, feeds, settings=settings, env=env)
        assert (own.asked, old.asked) == ([], [])
        assert [key for key, _ in good.asked if not key.endswith("robots.txt")] == ["right/feed"]
    found = {
        row["source"]: (row["outcome"], row["reason"] or "")
        for row in rows(tmp_path, "SELECT source, outcome, reason FROM channels")
    }
    assert found["right"][0] == "ok"
    for name in ("wrong-name", "self-signed", "expired"):
        outcome, reason = found[name]
        assert outcome == "failed"
        assert "ertificate" in reason or "VerificationError" in reason


# Characters that are not text.

BAD = {
    "ESC": "\x1b]0;pwned\x07", "NUL": "\x00", "DEL": "\x7f", "C1": "\x9b31m", "override": "\u202e",
    "surrogate": "\ud800",
}  # fmt: skip
NOT_TEXT = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202d\u202e\ud800-\udfff\ufffe\uffff]")


def scribbles(web: Hostile) -> dict[str, str]:
    """Feeds and pages with characters that are not text, everywhere they can be."""
    esc = BAD["ESC"].encode()
    feeds: dict[str, str] = {}
    links: list[str] = []

    def page(name: str, body: bytes, *headers: bytes, kind: bytes | None = b"text/html") -> str:
        web.pages[f"{name}/a"] = answer(body, *headers, content_type=kind)
        links.append(web.url(name))
        return web.url(name, "/a")

    def put(name: str, body: bytes, *headers: bytes, kind: bytes = b"application/rss+xml") -> None:
        web.pages[f"{name}/feed"] = answer(body, *headers, content_type=kind)
        feeds[name] = web.url(name, "/feed")

    def plain(n: int, title: str = "Titre") -> bytes:
        return article(title, TEXT.replace("quarante", str(n + 100)))

    def with_json(n: int, **told: str) -> bytes:
        about: dict[str, object] = {
            "@context": "https://schema.org",
            "@type": "NewsArticle",
            **told,
        }
        about["author"] = {"@type": "Person", "name": told["author"]}
        data = json.dumps(about).encode()
        script = b'<script type="application/ld+json">' + data + b"</script></head>"
        title = plain(n).replace(b"<title>Titre</title>", b"").replace(b"<h1>Titre</h1>", b"")
        return title.replace(b"</head>", script)

    named: list[bytes] = []
    every = "".join(BAD.values()).replace("\ud800", "")
    references = "".join(f"&#{ord(char)};" for char in "".join(BAD.values()))
    twice = references.replace("&", "&amp;")
    bodies = {
        "raw-title": plain(1, f"Ti{every}tre"),
        "entity-title": plain(2, f"Ti{references}tre"),
        "meta-title": plain(3).replace(
            b"<head>", f'<head><meta property="og:title" content="Ti{references}tre">'
            f'<meta name="author" content="An{references}na">'
            f'<meta property="og:image" content="http://x.test/{references}.png">'
            f'<meta property="article:tag" content="ta{references}g">'
            f'<link rel="canonical" href="http://x.test/{references}">'.encode(),
        ),
        "text": plain(4).replace(b"Le centre", f"Le {every}{references}centre".encode()),
        "document": plain(5).replace(
            b"</p>",
            f'</p><p>Le <a href="/{references}.pdf">plan{references}</a> est prêt.</p>'.encode(),
        ),
        "lang": plain(6).replace(b'lang="fr"', f'lang="fr{references}"'.encode()),
    }  # fmt: skip
    for key, bad in BAD.items():
        bodies[f"json-{key.lower()}"] = with_json(
            10 + len(bodies), headline=f"Ti{bad}tre", author=f"An{bad}na", articleSection=f"a{bad}",
            datePublished=f"2026-11-21{bad}", image=f"http://x.test/{bad}",
        )  # fmt: skip
    for name, body in bodies.items():
        named.append(item(page(name, body)))
    for name, value in {"esc": esc, "nul": b"\0", "c1": b"\x9b31m", "del": b"\x7f"}.items():
        named += [
            item(page(f"type-{name}", plain(40), kind=b"text/html; charset=" + value)),
            item(page(f"kind-{name}", plain(41), kind=b"image/" + value)),
            item(page(f"encoding-{name}", plain(42), b"Content-Encoding: x" + value)),
            item(page(f"server-{name}", plain(43), b"Server: " + value, b"ETag: " + value)),
            item(page(f"status-{name}", plain(44), b"Retry-After: " + value)),
            item(page(f"location-{name}", plain(45))),
        ]
        web.pages[f"location-{name}/a"] = redirect(b"http://10.0.0.1/" + value)
        web.pages[f"status-{name}/a"] = answer(b"", b"Retry-After: " + value, status=429)
        put(
            f"feed-head-{name}", channel(b""), b"ETag: " + value, b"Last-Modified: " + value,
            kind=b"text/" + value + b"; charset=" + value,
        )  # fmt: skip
        put(
            f"feed-charset-{name}",
            b'<?xml version="1.0" encoding="' + value + b'"?>' + channel(b""),
        )
        put(f"feed-encoding-{name}", channel(b""), b"Content-Encoding: x" + value)
        put(f"feed-raw-{name}", channel(
            b"<item><title>Ti%btre</title><link>%b/%b</link><category>c%b</category>"
            b"<author>An%bna</author><guid>g%b</guid></item>"
            % (value, web.url("good").encode(), value, value, value, value)
            + b"<item><title>T</title><link>javascript:%b</link></item>" % value
            + b"<item><title>No%b link</title></item>" % value
        ))  # fmt: skip
    put("feed-once", channel(item(web.url("good", "/1"), f"Ti{references}tre".encode())))
    put("feed-twice", channel(
        item(web.url("good", f"/2{twice}"), f"Ti{twice}tre".encode())
        + f"<item><title>&lt;b&gt;{twice}</title><link>javascript:{twice}</link></item>".encode()
    ))  # fmt: skip
    put("feed-override", channel(
        item(web.url("good", "/3\u202e"), "Ti\u202etre \u0085 \u2028".encode())
        + item("javascript:\u202e")
    ))  # fmt: skip
    put(
        "feed-utf16",
        channel(item(web.url("good", "/4"))).decode().encode("utf-16-be") + b"\xd8\x00",
    )
    put("feed-wtf8", channel(item(web.url("good", "/5"), b"Ti\xed\xa0\x80tre")))
    for n in range(1, 6):
        web.pages[f"good/{n}"] = answer(plain(60 + n))
    put("scribbled", channel(b"".join(named)))
    return feeds


@pytest.fixture(scope="module")
def scribbled(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Run, str]:
    """A crawl of them, published and exported; with what its commands printed."""
    folder = tmp_path_factory.mktemp("scribbled")
    with Hostile() as web:
        feeds = scribbles(web)
        run = watched(crawl_command(folder, feeds, "--loopback"), folder, limit=60)
    printed = run.out + run.err
    news, out = str(folder / "news.db"), str(folder / "feeds")
    for command in (
        ["publish", "--db", str(folder / "tamis.db"), "--news", news, "--private",
         "--base-url", "https://tamis.example.org"],
        ["export", "feeds", "--news", news, "--out", out],
    ):  # fmt: skip
        done = subprocess.run(
            [sys.executable, "-m", "crawler", *command],
            capture_output=True,
            check=False,
            timeout=60,
        )
        printed += done.stdout + done.stderr
        assert done.returncode == 0, printed
    return folder, run, printed.decode("utf-8", "replace")


def test_a_crawl_of_scribbles_comes_to_its_end(scribbled: tuple[Path, Run, str]) -> None:
    folder, run, printed = scribbled
    assert run.code == 0, printed[-2000:]
    assert "Traceback" not in printed
    assert not rows(folder, "SELECT url, reason FROM urls WHERE outcome = 'fetched'")


def test_an_article_whose_page_has_scribbles_is_stored_all_the_same(
    scribbled: tuple[Path, Run, str],
) -> None:
    found = {
        _threat(row["url"]): (row["outcome"], row["reason"])
        for row in rows(scribbled[0], "SELECT url, outcome, reason FROM urls")
    }
    names = ["raw-title", "entity-title", "meta-title", "text", "document", "lang"]
    names += [f"json-{name.lower()}" for name in BAD]
    assert {name: found[name] for name in names} == dict.fromkeys(names, ("stored", None))


def strings(value: object) -> Iterator[str]:
    """Every string of a value that was read from a database, those within JSON too."""
    if isinstance(value, str):
        yield value
        if value[:1] in "[{" and value:
            try:
                yield from strings(json.loads(value))
            except ValueError:
                return
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield name
            yield from strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from strings(inner)


def columns_with(path: Path, is_bad: Callable[[str], object]) -> dict[str, str]:
    """Of each column of text that has a bad string, one."""
    found: dict[str, str] = {}
    db = Database(path)
    db.conn.text_factory = lambda raw: raw.decode("utf-8", "surrogatepass")
    for table in db.table_names():
        if "_fts" in table:
            continue
        for row in db.query(f"SELECT * FROM [{table}]"):
            for column, value in row.items():
                for text in strings(value):
                    if is_bad(text):
                        found.setdefault(f"{table}.{column}", ascii(text[:120]))
    db.close()
    return found


def test_nothing_but_text_reaches_the_private_database(scribbled: tuple[Path, Run, str]) -> None:
    assert columns_with(scribbled[0] / "tamis.db", NOT_TEXT.search) == {}


def test_nothing_but_text_reaches_the_published_database(scribbled: tuple[Path, Run, str]) -> None:
    assert columns_with(scribbled[0] / "news.db", NOT_TEXT.search) == {}


def test_nothing_but_text_reaches_a_feed_of_ours(scribbled: tuple[Path, Run, str]) -> None:
    files = [path for path in (scribbled[0] / "feeds").rglob("*") if path.is_file()]
    assert files
    for path in files:
        text = path.read_text(encoding="utf-8")
        parsed = list(strings(text)) if path.suffix == ".json" else [text]
        assert [ascii(NOT_TEXT.findall(one)) for one in parsed if NOT_TEXT.search(one)] == []


def test_nothing_but_text_reaches_the_terminal(scribbled: tuple[Path, Run, str]) -> None:
    lines = scribbled[2].splitlines()
    assert [ascii(line[:200]) for line in scribbled[2].split("\n") if NOT_TEXT.search(line)] == []
    assert lines
