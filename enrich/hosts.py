"""Which hosts are one site's: the name that its owner registered."""

import re
from collections.abc import Callable
from functools import cache, lru_cache
from typing import Any

# Where everyone has a name of their own, and which the public suffix list (that of April 2025)
# lacks: hosts of blogs, associations and newsletters whose readers know them by that name.
BLOG_HOSTS = (
    "wordpress.com", "home.blog", "blogspot.be", "blogspot.fr", "blogspot.de", "blogspot.nl",
    "blogspot.ch", "blogspot.it", "blogspot.es", "blogspot.pt", "blogspot.ca", "blogspot.co.uk",
    "over-blog.com", "overblog.com", "over-blog-kiwi.com", "canalblog.com", "hautetfort.com",
    "blogspirit.com", "eklablog.com", "centerblog.net", "unblog.fr", "skyrock.com",
    "skynetblogs.be", "e-monsite.com", "hypotheses.org", "noblogs.org", "free.fr",
    "pagesperso-orange.fr", "tumblr.com", "typepad.com", "livejournal.com", "dreamwidth.org",
    "medium.com", "substack.com", "beehiiv.com", "ghost.io", "squarespace.com", "weebly.com",
    "weeblysite.com", "jimdo.com", "jimdofree.com", "jimdosite.com", "webnode.com", "webnode.fr",
    "strikingly.com", "mystrikingly.com", "nationbuilder.com",
)  # fmt: skip
# Kept for documentation (RFC 2606): what stands before them is another site each time.
EXAMPLES = ("example.com", "example.net", "example.org")
# Beyond this many hosts in turn a domain is looked up anew, which takes 10 microseconds.
HOSTS = 10_000


def site(hostname: str) -> str:
    """A host name without `www.` and the like, in ASCII: what names of one site share."""
    name = hostname
    if not name.isascii():
        try:
            name = name.encode("idna").decode("ascii")
        except UnicodeError:
            name = hostname
    return re.sub(r"^(?:www\d?|m|mobile|amp)\.(?=.+\.)", "", name.rstrip(".").lower())


@lru_cache(HOSTS)
def registered(name: str) -> str:
    """The name that an owner registered, or was given by a host of blogs, of a host (see `site`).

    By the public suffix list that comes with tldextract, its private part, BLOG_HOSTS and EXAMPLES.

    >>> registered("a.quai.org.uk"), registered("notes.wordpress.com")
    ('quai.org.uk', 'notes.wordpress.com')
    """
    if ":" in name or re.fullmatch(r"[\d.]+", name):
        return name  # an IP address
    found = _suffixes()(name)
    if not found.suffix:  # the list's own rule for a name that it does not know, such as `a.test`
        return ".".join(name.split(".")[-2:])
    return found.top_domain_under_public_suffix or name


@cache
def _suffixes() -> Callable[[str], Any]:
    # Only here, since importing it and reading the list take 0.4 seconds. The list is the one
    # in the package: nothing is asked of the network, nothing is written.
    from tldextract import TLDExtract  # noqa: PLC0415

    return TLDExtract(
        cache_dir=None,
        suffix_list_urls=(),
        include_psl_private_domains=True,
        extra_suffixes=BLOG_HOSTS + EXAMPLES,
    )
