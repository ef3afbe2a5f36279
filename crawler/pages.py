"""What an archived page is: an article, or the reason why it is none."""

from dataclasses import replace

from crawler import archive, identity, urls
from crawler.readings import Reading, Unread
from enrich import annotate
from enrich.article import Attachment, Hints
from enrich.extract import bcp47, extract
from enrich.text import text_hash


def read(page: Unread) -> Reading:
    told = page.hints
    hints = Hints(
        title=told.get("title"),
        published=told.get("published"),
        authors=tuple(told.get("authors", ())),
        categories=tuple(told.get("categories", ())),
        language=told.get("language"),
        fetched=page.fetched,
    )
    body = archive.unpack(page.body)
    found = extract(body, page.url, content_type=page.content_type, hints=hints)
    if found.kind == "empty" and (content := told.get("content")):
        # The page shows its text to scripts only; what the feed has of it is better than nothing.
        found = extract(f"<article>{content}</article>", page.url, hints=hints)
    if found.kind != "article":
        none = {"empty": ("too_short", f"{found.words} words")}
        outcome, reason = none.get(found.kind, ("not_an_article", found.kind))
        return Reading(url_id=page.url_id, page_id=page.page_id, outcome=outcome, reason=reason)
    found = replace(
        found,
        image=found.image or told.get("image"),
        attachments=found.attachments
        or tuple(Attachment(url=url, label="") for url in told.get("attachments", ())),
    )
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
        origin_url=identity.origin(found.canonicals, page.url) or told.get("origin_url"),
        annotation=annotate.annotate(
            found.title, found.text, found.declared_language or bcp47(hints.language)
        ),
        text_hash=text_hash(found.text),
    )


def _other(claimed: str | None, url: str) -> str | None:
    return claimed if claimed and urls.key(claimed) != urls.key(url) else None
