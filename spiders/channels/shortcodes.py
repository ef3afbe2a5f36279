"""The marks of WordPress's page builders and plugins, `[vc_row type="x"]`, out of a text."""

import re

# Shortcodes that WordPress itself has (wp-includes/shortcodes.php, media.php), and two without
# underscore or arguments that are seen where their plugin has been removed.
KNOWN = frozenset(
    {"audio", "caption", "embed", "gallery", "playlist", "video", "toc", "contact-form-7"}
)
# Those whose content is encoded, or for machines.
RAW = re.compile(r"\[(vc_raw_html|vc_raw_js)\b[^\[\]]*\][^\[\]]*\[/\1\]")
CLOSING = re.compile(r"\[/([A-Za-z][\w-]*)\]")
# A tag, or what could be a mark; an excerpt may end within one, and then it has no end.
MARK = re.compile(
    r"<[^<>]*>|\[(?P<closing>/?)(?P<name>[A-Za-z][\w-]*)(?P<args>(?:\s[^\[\]]*|/)?)(?P<end>\]|(?=\[)|$)"
)
# The first argument, in any quotes that WordPress or an editor makes of straight ones.
QUOTED = re.compile(
    r"\s+[\w-]+=(?:[\"'“”„″‘’′«]"
    r"|&(?:quot|[lrb]dquo|[lr]squo|Prime|prime|laquo|apos|#\d+|#x[0-9A-Fa-f]+);)"
)
UNDERSCORED = re.compile(r"[a-z][a-z0-9-]*(?:_[a-z0-9-]+)+")


def without_shortcodes(html: str) -> str:
    """The page builder's marks taken out, what they enclose and other square brackets left.

    A mark is known by its shape: a closing `[/x]` and its opening, a name with an underscore
    (`vc_row`), quoted arguments in any quotes. Tags are stepped over: an address may have brackets.

    >>> without_shortcodes("<p>[vc_row type=&#8221;x&#8221;]Un abri [sic] [...][/vc_row]</p>")
    '<p>Un abri [sic] [...]</p>'
    """
    if "[" not in html:
        return html
    html = RAW.sub("", html)
    known = KNOWN.union(CLOSING.findall(html))
    return MARK.sub(lambda found: _unmarked(found, known), html)


def _unmarked(found: re.Match[str], known: frozenset[str]) -> str:
    name, args = found["name"], found["args"]
    if name is None:
        return found[0]
    if not found["end"]:
        # Cut off within its arguments: they end at the next tag.
        return "".join(args.partition("<")[1:]) if QUOTED.match(args) else found[0]
    sure = name in known or UNDERSCORED.fullmatch(name) or QUOTED.match(args)
    return "" if sure or found["closing"] else found[0]
