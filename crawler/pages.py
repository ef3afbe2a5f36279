"""What an archived page is: an article, or the reason why it is none."""

from dataclasses import replace

from crawler import archive, identity, urls
from crawler.readings import Reading, Unread
from enrich import annotate, language
from enrich.article import Extracted, Hints
from enrich.attachments import Attachment
from enrich.extract import bcp47, extract
from enrich.images import LeadImage

# Kinds of pages that do not show their text to whoever comes by.
WALLED = ("empty", "shell", "consent", "paywall")
# A page of ours with all that there is to be found, and so short that the engine falls back on all
# it has.
FIRST = """<html lang="fr"><head><title>Une permanence au quai</title></head><body><article>
<h1>Une permanence au quai</h1><p class="byline">Par Anne Petit, le 3 mars 2026</p>
<p>Un service social ouvre ce soir au quai, à Bruxelles, pour les familles sans abri, annonce la
Croix-Rouge de Belgique.</p></article></body></html>"""


def ready() -> None:
    """Read a page, so that whatever that loads costs no other page its time."""
    found = extract(FIRST, "http://quai.example.org/avis")
    annotate.annotate(found.title, found.text, found.declared_language)


def read(page: Unread) -> Reading:
    found, _ = extracted(page)
    if not found.is_article:
        short = found.kind == "empty"
        return Reading(
            url_id=page.url_id, page_id=page.page_id,
            outcome="too_short" if short else "not_an_article",
            reason=found.reason if short else f"{found.kind}: {found.reason}",
        )  # fmt: skip
    said = claims(page, found)
    return Reading(
        url_id=page.url_id,
        outcome="stored",
        page_id=page.page_id,
        source=page.source,
        url=page.url,
        fetched=page.fetched,
        extracted=found,
        canonical=_other(
            identity.canonical((*found.canonicals, *filter(None, [found.og_url])), page.url),
            page.url,
        ),
        claims=said,
        annotation=annotate.annotate(found.title, found.text, found.declared_language, hints=said),
    )


def claims(page: Unread, found: Extracted) -> language.LanguageHints:
    """What is said of the page's language by others than its `html lang`."""
    return language.LanguageHints(
        feed=bcp47(page.hints.get("language")),
        alternate=found.alternate_language or bcp47(page.hints.get("alternate")),
        url=page.url,
        source=page.languages,
    )


def extracted(page: Unread) -> tuple[Extracted, bytes | str]:
    """What the page holds, and the body that says so: its own, or what its feed has of it."""
    told = page.hints
    hints = Hints(
        title=told.get("title"),
        published=told.get("published"),
        authors=tuple(told.get("authors", ())),
        categories=tuple(told.get("categories", ())),
        language=told.get("language"),
        publisher=told.get("publisher"),
        origin_url=told.get("origin_url"),
        fetched=page.fetched,
    )
    body: bytes | str = archive.unpack(page.body)
    found = extract(body, page.url, content_type=page.content_type, hints=hints)
    if found.kind in WALLED and (content := told.get("content")):
        # Only scripts or subscribers see it there; what the feed has of it is better than nothing.
        body = f"<article>{content}</article>"
        found = extract(body, page.url, hints=hints)
    return replace(
        found,
        image=found.image or _image(told.get("image")),
        attachments=found.attachments
        or tuple(Attachment(url=url, label="") for url in told.get("attachments", ())),
    ), body


def _image(url: str | None) -> LeadImage | None:
    return LeadImage(url=url, source="feed") if url else None


def _other(claimed: str | None, url: str) -> str | None:
    return claimed if claimed and urls.key(claimed) != urls.key(url) else None
