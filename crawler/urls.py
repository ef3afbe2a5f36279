"""Addresses: what is requested, and what makes two of them the same article.

`key` decides identity and is never requested; `clean` is requested and never decides. Both keep
queries without a value, since on a SPIP site `spip.php?article12` differs from its neighbour in
nothing else (courlan drops them and merges 31 of 2,634 distinct articles; `key` merges none).
Both, and `web_url`, first mend what people and programs get wrong when they write an address.
"""

import re
from urllib.parse import quote, unquote_to_bytes, urljoin, urlsplit, urlunsplit

from enrich.hosts import registered, site

# Parameters that say how a reader came, never what is shown. Each was seen in feeds of the press
# or is named in its tool's documentation. `s`, `id`, `p`, `page`, `lang`, `sort`, `sid` are not
# among them, nor is a prefix that a database could use too (`pk_id`, `ga_id`).
_NAMES = (
    r"utm_\w+|at_\w+|mtm_\w+|matomo_\w+"
    r"|pk_(?:campaign|kwd|keyword|source|medium|content|cid|vid)|piwik_(?:campaign|kwd|keyword)"
    r"|ga_(?:source|medium|term|content|campaign|place)|ns_(?:mchannel|source|campaign|linkname|fee)"
    r"|mc_[ce]id|mc_tc|fbclid|gclid|gclsrc|gbraid|wbraid|dclid|msclkid|yclid|ysclid|ttclid|twclid"
    r"|gad_(?:source|campaignid)|srsltid|igshid|igsh|li_fat_id|epik|tblci|dicbo|_openstat"
    r"|fb_(?:action_ids|action_types|source|ref)|__twitter_impression|_branch_match_id"
    r"|_ga|_gl|_hs(?:enc|mi|fp|tc)|__hs(?:sc|tc|fp)|hsCtaTracking|mkt_tok|vero_(?:id|conv)"
    r"|oly_(?:enc|anon)_id|ck_subscriber_id|ml_subscriber(?:_hash)?|sfmc_\w+"
    r"|ref_src|ref_url|cmpid|xtor|wt_z?mc|wt\.z?mc(?:_id|_ev)?|spm|intlink_from_url"
    r"|guccounter|guce_\w+|amp_js_v|amp_gsa|usqp|doing_wp_cron|replytocom"
    r"|phpsessid|jsessionid|aspsessionid\w*"
)
# Names that could hold an article's number elsewhere are dropped only with a tracker's value.
_PAIRS = (
    r"(?:ref|src|source|from|via|partner|emc)=rss|maca=[a-z]{2,3}-[^=]*"
    r"|(?:ncid|ocid|cmp)=(?:rss|share|soc|tw|fb|newslet|newsltr|txtlnk)[^=]*"
    r"|amp(?:=(?:1|true)?)?|outputtype=amp|no_cache=1"
)
TRACKING = re.compile(rf"(?:{_NAMES})(?:=.*)?|{_PAIRS}", re.IGNORECASE | re.DOTALL)
# A session in the path, as Java and PHP write it for readers without cookies.
SESSION = re.compile(r"(?<=[^/]);(?:jsessionid|phpsessid)=[^/;]*", re.IGNORECASE)
# Names of a folder's own page, after which nothing but the folder is meant; and its AMP version.
FOLDER_PAGE = re.compile(
    r"(?:/(?:amp|index\.(?:s?html?|php|aspx?|jsp|cfm)|[Dd]efault\.(?:aspx?|html?)))+/?$"
)
# FeedBurner's redirections, also under a publisher's name; their ids come in either case.
FEEDBURNER = re.compile(r"feeds\d?\..+|feedproxy\.google\.com")
# What is kept as it stands when a path is compared; the rest is percent-encoded one way.
SAFE = "/:@!$&'()*+,;=-._~"
# Spelled so already: letters, digits, SAFE, and the encoded bytes of other scripts. Possessive, as
# a faulty path would otherwise be tried in every division.
PLAIN = re.compile(r"(?:[\w/:@!$&'()*+,;=.~-]++|%(?:[89A-F][0-9A-F]|20))*+", re.ASCII)
DEFAULT_PORTS = {"http": 80, "https": 443}
MAX_LENGTH = 2048  # longer ones are traps or data, as most servers and browsers hold
MAX_MENDED = 4 * MAX_LENGTH  # no fault that is mended here makes an address four times longer

# An address without any of the faults below: nearly all are, and looking is quick.
SOUND = re.compile(
    r"https?://[a-z0-9-]+(?:\.[a-z0-9-]+)+(?::\d+)?(?:[/?#][^\s\\\x00-\x20\x7f]*)?",
    re.IGNORECASE,
)
SUSPECT = (";", "/amp/", "ampproject")  # a session, `&amp;`, or an AMP document
# What no address is shown with: it would reach a terminal, a page or a feed.
CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u202d\u202e\ud800-\udfff\ufffe\uffff]")
# What a feed's line breaks and indentation leave inside an address, and around it.
BREAK = re.compile(r"[\t\r\n]")
BLANKS = "".join(c for c in map(chr, range(0x3001)) if c <= " " or c.isspace())
BLANK = re.compile(rf"[{re.escape(BLANKS)}\x7f]")
# Left over from double escaping; other entities could be parameters (`&copy=3`).
AMPERSAND = re.compile(r"&(?:amp;)+")
WRONG_SLASHES = re.compile(r"^(https?:)(?=/*\\)[/\\]{2,}", re.IGNORECASE)
_AFTER = "(?::/{1,2}|//|:$)"
PROTOCOLS = re.compile(rf"^(?:https?{_AFTER})*(https?){_AFTER}", re.IGNORECASE)
# On a page, `http:/dossier/x` leads to that site's folder; only a name with a dot can be a host.
LOCAL = re.compile(r"https?:/(?!/|www\.|[^/]+\.[^/.]+/)", re.IGNORECASE)
AUTHORITY = re.compile(r"^(https?://)([^/]+)", re.IGNORECASE)
REPEATED_PORT = re.compile(r"(:\d{1,5})\1+$")
# Copies that a search engine serves of an AMP document, whose own address follows in the path.
AMP_CACHE = re.compile(
    r"https?://(?:[a-z0-9-]+\.cdn\.ampproject\.org(?::443)?/(?:c|v|wp)"
    r"|(?:www\.)?(?:google\.(?:com?\.)?[a-z]{2,3}|bing\.com)(?::443)?/amp)"
    r"/(?P<secure>s/)?(?P<document>[\w-]+(?:\.[\w-]+)+(?::\d+)?(?:/.*)?)",
    re.IGNORECASE,
)
# What no host name holds: the guard compares names, so none may be spelled with escapes.
NO_HOST = re.compile(r"""[%<>"^`{|}\s]|^\.*$""")


def web_url(url: str, base: str = "") -> str | None:
    """The absolute http(s) URL meant by `url` as found on a page or in a feed, or None.

    None stands for every address that must never be requested or shown as a link: another scheme
    (`javascript:`, `data:`, `file:`), no host, a user name in it, an impossible port, too long.

    >>> web_url("http://https://www.a.example:/x")
    'https://www.a.example/x'
    """
    try:
        found = _mended(url, relative=bool(base))
        absolute = _mended(urljoin(base, found)) if base else found
        parts = urlsplit(absolute)
        port = parts.port
        requested = quote(absolute, safe=f"{SAFE}%?#[]")
    except ValueError:  # UnicodeError, of a lone surrogate, among them
        return None
    if CONTROL.search(absolute):
        return None
    if parts.scheme not in DEFAULT_PORTS or NO_HOST.search(parts.hostname or "") or port == 0:
        return None
    # A name and a colon without a port is another scheme behind ours: `http://javascript:/x`.
    if parts.username is not None or parts.netloc.endswith(":") or len(requested) > MAX_LENGTH:
        return None
    return absolute


def clean(url: str) -> str:
    """The URL to request: without fragment, tracking parameters and faults, otherwise untouched.

    >>> clean("https://a.example/spip.php?article12&utm_source=rss#forum")
    'https://a.example/spip.php?article12'
    """
    mended = _mended(url)
    parts = urlsplit(mended)
    if not parts.netloc:
        return mended
    query = parts.query
    if query and len(kept := _kept(query)) <= query.count("&"):
        query = "&".join(kept)
    return urlunsplit((parts.scheme, parts.netloc, parts.path or "/", query, ""))


def key(url: str) -> str:
    """What two addresses of the same article share: no scheme, `www.`, trackers, fragment.

    Raises ValueError on what is not a URL with a host, or far too long for one.

    >>> key("HTTPS://www.a.example:443/x/?b=2&a=1&fbclid=9#top")
    'a.example/x?a=1&b=2'
    >>> key("http://a.example/spip.php?article12")
    'a.example/spip.php?article12'
    """
    parts = urlsplit(_mended(url))
    name = site(parts.hostname or "")
    if not name:
        raise ValueError(f"not a web address: {url!r}")
    if parts.port not in (None, *DEFAULT_PORTS.values()):
        name += f":{parts.port}"
    path = re.sub("/{2,}", "/", _spelled(parts.path, as_is="%2F"))
    path = FOLDER_PAGE.sub("/", path).rstrip("/") or "/"
    if path.startswith("/~r/") and FEEDBURNER.fullmatch(name):
        path = path.lower()
    if not parts.query:
        return name + path
    # `index.php?id=12` and `/?id=12` are the same page, but a bare `?` is nothing at all.
    query = "&".join(
        sorted(_spelled(p.replace("+", " "), as_is="%26") for p in _kept(parts.query) if p)
    )
    return f"{name}{path}?{query}" if query else name + path


def domain(url: str) -> str:
    """The name that the owner of a site registered, or was given by a host of blogs.

    As `enrich.hosts.registered` has it. Raises ValueError as `key` does.

    >>> domain("https://observers.a.example/x"), domain("https://notes.wordpress.com/x")
    ('a.example', 'notes.wordpress.com')
    """
    name = site(urlsplit(_mended(url)).hostname or "")
    if not name:
        raise ValueError(f"not a web address: {url!r}")
    return registered(name)


def host(url: str) -> str:
    """The part of a URL that shares one politeness budget: host name, and port where given."""
    return urlsplit(url).netloc.lower()


def _mended(url: str, *, relative: bool = False) -> str:
    """The URL as it was meant: with one protocol, and of a site, not of a search engine's copy.

    To mend twice is to mend once. `relative`: `url` stands on a page, which says what `//x` and
    `http:/x` mean.
    """
    if SOUND.fullmatch(url) and not any(sign in url.lower() for sign in SUSPECT):
        return url
    text = "".join(part.strip(BLANKS) for part in BREAK.split(url))
    if len(text) > MAX_MENDED:
        raise ValueError(f"too long for a web address: {text[:80]!r}...")
    text = AMPERSAND.sub("&", BLANK.sub(lambda blank: quote(blank[0]), text))
    end = re.search("[?#]|$", text).start()  # type: ignore[union-attr]  # `$` is always found
    address, rest = text[:end], text[end:]
    if "\\" in address:
        address = WRONG_SLASHES.sub(r"\1//", address.replace("\\/", "/")).replace("\\", "/")
    address = SESSION.sub("", address)
    if not relative and address.startswith("//"):
        address = f"http:{address}"
    if not (relative and LOCAL.match(address)):
        address = PROTOCOLS.sub(r"\1://", address)
    address = AUTHORITY.sub(_authority, address)
    while cached := AMP_CACHE.fullmatch(address):
        address = f"{'https' if cached['secure'] else 'http'}://{cached['document']}"
    return address + rest


def _authority(found: re.Match[str]) -> str:
    name = found[2].rstrip(":") if "." in found[2] or "]" in found[2] else found[2]
    return found[1] + REPEATED_PORT.sub(r"\1", name)


def _kept(query: str) -> list[str]:
    return [pair for pair in query.split("&") if not TRACKING.fullmatch(pair)]


def _spelled(text: str, *, as_is: str) -> str:
    """Percent-encoded one way, byte for byte: `%E9` is not UTF-8 and still no other letter.

    `as_is` is the one encoding that means something else than its letter: an encoded slash
    parts no folders, and an encoded `&` no parameters.
    """
    if PLAIN.fullmatch(text):
        return text
    parts = re.split(as_is, text, flags=re.IGNORECASE)
    return as_is.join(quote(unquote_to_bytes(part), safe=SAFE) for part in parts)
