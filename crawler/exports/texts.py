"""Texts of others made safe for feeds, and the names by which these know things."""

import html
import re
from datetime import UTC, datetime
from urllib.parse import urlsplit

# RFC 4151 wants a day on which the authority held its name; fixed, or every id would change.
TAG_DATE = "2026"
# When a feed without entries last changed: when its identity began.
BEGINNING = datetime(int(TAG_DATE), 1, 1, tzinfo=UTC)
# Readers show a line or two of a title; more than twice as much is data, or an attack.
MOST_OF_A_LINE = 500
# What XML 1.0 cannot hold, other controls, and what turns the direction of what follows: an
# override, embedding or isolate left open turns the rest of a reader's page around. The marks
# (U+200E, U+200F) and joiners of Arabic and Persian stay.
UNFIT = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff\u202a-\u202e\u2066-\u2069]"
)
# Not those that keep words on one line, which French has before its colons.
BLANKS = re.compile("[ \t\r\n\u2028\u2029]+")
MEDIA_TYPE = re.compile(r"[\w.+-]+/[\w.+-]+", re.ASCII)


def tag(base_url: str, path: str) -> str:
    """An identifier for ever (RFC 4151): it names, and need not be found where it points."""
    return f"tag:{urlsplit(base_url).hostname},{TAG_DATE}:{path}"


def line(text: str) -> str:
    """`text` in one line, of at most MOST_OF_A_LINE characters."""
    # Cut before it is looked at, and again once blanks are gone.
    cut = BLANKS.sub(" ", UNFIT.sub("", text[: 4 * MOST_OF_A_LINE])).strip()
    return cut if len(cut) <= MOST_OF_A_LINE else f"{cut[: MOST_OF_A_LINE - 1].rstrip()}…"


def paragraphs(text: str) -> str:
    """Plain text as HTML: each of its lines a paragraph."""
    lines = (BLANKS.sub(" ", part).strip() for part in UNFIT.sub("", text).splitlines())
    return "".join(f"<p>{html.escape(part, quote=False)}</p>" for part in lines if part)
