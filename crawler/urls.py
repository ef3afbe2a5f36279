"""Addresses: what is requested, and what makes two of them the same article.

`key` decides identity and is never requested; `clean` is requested and never decides. Both keep
queries without a value, since on a SPIP site `spip.php?article12` differs from its neighbour in
nothing else (courlan drops them and merges 31 of 2,634 distinct articles; `key` merges none).
"""

import re
from urllib.parse import quote, unquote_to_bytes, urljoin, urlsplit, urlunsplit

# Parameters that say how a reader came, never what is shown. Each was seen in feeds of the press
# or is named in its tool's documentation. `s`, `id`, `p`, `page`, `lang` are not among them.
TRACKING = re.compile(
    r"(?:utm_\w+|ga_\w+|at_(?:medium|campaign|custom\d|creation|link\w*)|pk_\w+|mtm_\w+|matomo_\w+"
    r"|mc_[ce]id|fbclid|gclid|gbraid|wbraid|dclid|msclkid|yclid|igshid|twclid|ttclid|xtor"
    r"|_ga|_gl|_hs\w+|hsCtaTracking|ref_src|ref_url|cmpid|ncid|wt_mc|spm|phpsessid|jsessionid)",
    re.IGNORECASE,
)
# What is kept as it stands when a path is compared; the rest is percent-encoded one way.
SAFE = "/:@!$&'()*+,;=-._~"
# What a feed's line breaks and indentation leave inside an address.
BREAK = re.compile(r"\s*[\t\r\n]\s*")
DEFAULT_PORTS = {"http": 80, "https": 443}
MAX_LENGTH = 2048  # longer ones are traps or data, as most servers and browsers hold
MAX_PORT = 65535


def web_url(url: str, base: str = "") -> str | None:
    """The absolute http(s) URL meant by `url` as found on a page or in a feed, or None.

    None stands for every address that must never be requested or shown as a link: another scheme
    (`javascript:`, `data:`, `file:`), no host, a user name in it, an impossible port, too long.
    """
    # `&amp;` left over from double escaping; other entities could be parameters (`&copy=3`).
    found = BREAK.sub("", url.strip()).replace("&amp;", "&").replace(" ", "%20")
    try:
        absolute = urljoin(base, found) if base else found
        parts = urlsplit(absolute)
        port = parts.port
        requested = quote(absolute, safe=f"{SAFE}%?#[]")
    except ValueError:  # UnicodeError, of a lone surrogate, among them
        return None
    if parts.scheme not in DEFAULT_PORTS or not parts.hostname or port == 0:
        return None
    if parts.username is not None or len(requested) > MAX_LENGTH:
        return None
    return absolute


def clean(url: str) -> str:
    """The URL to request: without fragment and tracking parameters, otherwise untouched.

    >>> clean("https://a.example/spip.php?article12&utm_source=rss#forum")
    'https://a.example/spip.php?article12'
    """
    parts = urlsplit(url)
    kept = [p for p in parts.query.split("&") if not TRACKING.fullmatch(p.partition("=")[0])]
    query = "&".join(kept) if len(kept) < parts.query.count("&") + 1 else parts.query
    return urlunsplit((parts.scheme, parts.netloc, parts.path or "/", query, ""))


def key(url: str) -> str:
    """What two addresses of the same article share: no scheme, `www.`, trackers, fragment.

    Raises ValueError on what is not a URL with a host.

    >>> key("HTTPS://www.a.example:443/x/?b=2&a=1&fbclid=9#top")
    'a.example/x?a=1&b=2'
    >>> key("http://a.example/spip.php?article12")
    'a.example/spip.php?article12'
    """
    parts = urlsplit(url.strip())
    if not parts.hostname:
        raise ValueError(f"not a web address: {url!r}")
    name = site(parts.hostname)
    if parts.port not in (None, *DEFAULT_PORTS.values()):
        name += f":{parts.port}"
    path = re.sub(r"/{2,}", "/", _spelled(parts.path))
    path = re.sub(r"/(?:amp|index\.(?:html?|php))/?$", "/", path)
    # `index.php?id=12` and `/?id=12` are the same page, but a bare `?` is nothing at all.
    pairs = (p for p in parts.query.split("&") if p)
    query = "&".join(
        sorted(
            _spelled(p.replace("+", " "))
            for p in pairs
            if not TRACKING.fullmatch(p.partition("=")[0])
        )
    )
    return name + (path.rstrip("/") or "/") + (f"?{query}" if query else "")


def _spelled(text: str) -> str:
    """Percent-encoded one way, byte for byte: `%E9` is not UTF-8 and still no other letter."""
    kept = re.sub("%2[Ff]", "%252F", text)  # an encoded slash is none
    return quote(unquote_to_bytes(kept), safe=SAFE).replace("%252F", "%2F")


def site(hostname: str) -> str:
    """A host name without `www.` and the like, in ASCII: what names of one site share."""
    name = re.sub(r"^(?:www\d?|m|mobile|amp)\.(?=.+\.)", "", hostname.rstrip(".").lower())
    try:
        return name.encode("idna").decode("ascii")
    except UnicodeError:
        return name


def host(url: str) -> str:
    """The part of a URL that shares one politeness budget: host name, and port where given."""
    return urlsplit(url).netloc.lower()
