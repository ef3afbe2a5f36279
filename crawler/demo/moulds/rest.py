"""WordPress says it all again in JSON: `/wp-json/`."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from markupsafe import escape

from crawler.demo.moulds.answers import Answer, json_answer
from crawler.demo.moulds.plan import Plan, Post
from crawler.demo.moulds.templates import markup, summary

MOST_PER_PAGE = 100  # WordPress's own limit


def posts(made: Plan, query: Mapping[str, str]) -> Answer:
    """`GET /wp-json/wp/v2/posts`: per_page, page, order, _fields, _embed, and the four below."""
    try:
        per_page, page = int(query.get("per_page", "10")), int(query.get("page", "1"))
        after = [_moment(query[name]) for name in ("after", "modified_after") if name in query]
        before = [_moment(query[name]) for name in ("before", "modified_before") if name in query]
    except ValueError:
        return json_answer(made, _error("rest_invalid_param", "Invalid parameter(s)."), 400)
    if not (1 <= per_page <= MOST_PER_PAGE and page >= 1):
        return json_answer(made, _error("rest_invalid_param", "Invalid parameter(s)."), 400)
    found = [
        post
        for post in (made.posts if query.get("order") != "asc" else reversed(made.posts))
        if all(post.article.published > moment for moment in after)
        and all(post.article.published < moment for moment in before)
    ]
    pages = -(-len(found) // per_page)
    if page > max(pages, 1):
        code = "rest_post_invalid_page_number"
        return json_answer(made, _error(code, "The page number is larger than there are."), 400)
    shown = [
        _post(made, post, embed="_embed" in query)
        for post in found[(page - 1) * per_page :][:per_page]
    ]
    if "_fields" in query:
        fields = {field.partition(".")[0] for field in query["_fields"].split(",")}
        shown = [{key: post[key] for key in post if key in fields} for post in shown]
    headers = {"X-WP-Total": str(len(found)), "X-WP-TotalPages": str(pages)}
    if page < pages:
        more = urlencode({**query, "page": page + 1})
        headers["Link"] = f'<{made.root}/wp-json/wp/v2/posts?{more}>; rel="next"'
    return json_answer(made, shown, headers=headers)


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _post(made: Plan, post: Post, *, embed: bool) -> dict[str, Any]:
    article = post.article
    # `date` is the site's own time without offset, as WordPress gives it.
    local = article.published.replace(tzinfo=None).isoformat()
    utc = article.published.astimezone(UTC).replace(tzinfo=None).isoformat()
    content = str(markup(article))
    if made.mould.shortcodes:
        mark = "[et_pb_section fb_built=&#8221;1&#8221;][et_pb_text]"
        content = f"{mark}{content}[/et_pb_text][/et_pb_section]"
    result: dict[str, Any] = {
        "id": post.number,
        "date": local,
        "date_gmt": utc,
        "guid": {"rendered": f"{made.root}/?p={post.number}"},
        "modified": local,
        "modified_gmt": utc,
        "slug": article.slug,
        "status": "publish",
        "type": "post",
        "link": post.url,
        "title": {"rendered": str(escape(article.title))},
        "content": {"rendered": content, "protected": False},
        "excerpt": {"rendered": f"<p>{escape(summary(article))}</p>\n", "protected": False},
        "author": 1,
        "categories": [post.section.number],
        "tags": [],
    }
    if embed:
        result["_embedded"] = {
            "author": [{"id": 1, "name": ", ".join(article.authors)}],
            "wp:term": [[{"id": post.section.number, "name": article.category}]],
        }
    return result


def root(made: Plan) -> dict[str, Any]:
    return {
        "name": made.site.name,
        "description": made.site.tagline,
        "url": made.root,
        "namespaces": ["oembed/1.0", "wp/v2"],
    }


def _error(code: str, message: str) -> dict[str, Any]:
    return {"code": code, "message": message, "data": {"status": 400}}
