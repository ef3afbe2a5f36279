"""The templates, and what they call."""

from datetime import UTC, date, datetime
from email.utils import format_datetime
from functools import cache

from babel import Locale
from babel.dates import format_date
from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup

from crawler.demo.content import Article


def markup(article: Article) -> Markup:
    """The article's body, with its pull quote after the first paragraph."""
    first, *rest = (Markup("<p>{}</p>").format(text) for text in article.paragraphs)
    quote = Markup("<blockquote><p>{}</p></blockquote>")
    quotes = [quote.format(article.pull_quote)] if article.pull_quote else []
    return Markup("\n").join([first, *quotes, *rest])


def summary(article: Article) -> str:
    return article.lead or article.paragraphs[0]


def teaser(article: Article, words: int = 12) -> str:
    """The first words of the body and three dots, as related-article cards have them."""
    return " ".join(" ".join(article.paragraphs).split()[:words]) + "..."


def long_date(moment: date, language: str, pattern: str = "full") -> str:
    """The date as a person of that language writes it. `pattern` is CLDR's."""
    return str(format_date(moment, pattern, locale=Locale.parse(language, sep="-")))


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("crawler.demo"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "markup": markup,
        "summary": summary,
        "teaser": teaser,
        "long_date": long_date,
        "rfc822": format_datetime,
        "iso": datetime.isoformat,
        "utc": lambda moment: moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
    return environment


def template(name: str) -> Template:
    return _environment().get_template(name)
