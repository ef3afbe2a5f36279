"""What is to be done here: tamis.toml, contact, sources, and whether the network reaches them."""

import socket
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

from crawler import guard, registry, settings
from crawler.doctor.case import Case, Finding, check, ok, problem, warning
from crawler.errors import ConfigError

MOST = 5  # mistakes that are shown; `tamis sources check` has all
SECONDS = 10.0  # for a name, and for an answer


@check("tamis.toml")
def toml(case: Case) -> Iterator[Finding]:
    """It was read before, or there would be no doctor."""
    if case.config.file is None:
        yield warning("there is none: all is as it comes", "`tamis init` writes one")
    else:
        yield ok(f"{case.config.file.resolve()} is valid")


@check("contact")
def contact(case: Case) -> Iterator[Finding]:
    told = case.config["contact"]
    try:
        guard.require_contact((source.homepage for source in case.sources), told)
    except ConfigError:
        yield problem(
            "none is set, and no public site is visited without",
            'write contact = "an e-mail address or a page" in tamis.toml',
        )
        return
    if told is None:
        yield ok("none, and none is needed for sites on this machine")
    elif urlsplit(f"//{told.rpartition('@')[2].removeprefix('https://')}").hostname in {
        "example.org", "example.com"
    }:  # fmt: skip
        yield warning(f"{told} is nobody's", "write how a webmaster reaches you")
    elif "@" not in told and not told.startswith(("http://", "https://")):
        yield warning(
            f"{told!r} is neither an e-mail address nor a page", "write how a webmaster reaches you"
        )
    else:
        yield ok(told)


@check("sources")
def sources(case: Case) -> Iterator[Finding]:
    errors = registry.check(case.config.path("files.sources"))
    for error in errors[:MOST]:
        yield problem(str(error), "mend it; `tamis sources check` lists all mistakes")
    if errors:
        return
    if not case.sources:
        yield problem(
            "none is enabled of those that [crawl] of tamis.toml chooses",
            "choose others; `tamis sources list --enabled` shows some",
        )
    else:
        yield ok(f"{len(case.sources):,} to visit")


@check("network")
def network(case: Case) -> Iterator[Finding]:
    """One name is resolved, and one robots.txt asked for: of the first source to visit."""
    if not case.online:
        yield ok("not asked (--online asks the first source for its robots.txt)")
        return
    homepage = case.sources[0].homepage if case.sources else None
    if homepage is None:
        yield warning("there is no source to ask", "choose one in [crawl] of tamis.toml")
        return
    told, loopback = case.config["contact"], case.config["crawl.loopback"]
    guard.require_contact([homepage], told)
    if why := guard.refusal(homepage, loopback=loopback) or _unresolved(homepage, loopback):
        yield problem(f"{homepage}: {why}", "see whether this machine reaches the network")
        return
    yield _asked(homepage, f"{settings.USER_AGENT} (+{told})" if told else settings.USER_AGENT)


def _unresolved(url: str, loopback: bool) -> str | None:  # noqa: FBT001 (as guard has it)
    """Why its name leads nowhere, if so. A resolver without a network takes its time."""
    name = urlsplit(url).hostname or ""
    if guard.is_loopback_name(name):
        return None
    pool = ThreadPoolExecutor(1)
    try:
        found = pool.submit(socket.getaddrinfo, name, None).result(SECONDS)
    except TimeoutError:
        return f"the name {name} is not resolved within {SECONDS:.0f} s"
    except OSError as error:
        return f"the name {name} is not resolved ({error.strerror})"
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
    address = str(found[0][4][0])
    allowed = guard.allowed(address, loopback=loopback)
    return None if allowed else f"{name} leads to {address}, which is not a public address"


def _asked(homepage: str, agent: str) -> Finding:
    url = f"{'://'.join(urlsplit(homepage)[:2])}/robots.txt"
    request = urllib.request.Request(url, headers={"User-Agent": agent})  # noqa: S310 (http, checked)
    try:
        with urllib.request.urlopen(request, timeout=SECONDS) as answer:  # noqa: S310
            return ok(f"{url} answers ({answer.status})")
    except urllib.error.HTTPError as error:
        error.close()
        return ok(f"{url} answers ({error.code})")
    except OSError as error:
        return problem(f"{url} does not answer: {error}", "see whether this machine reaches it")
