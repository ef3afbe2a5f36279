"""What the codes of the published database are called, in words for people."""

from crawler.translation import N_, gettext, word

# What decided on a language (enrich.language.Language.method).
METHODS = {
    "script": N_("Its script is of one language alone"),
    "agreed": N_("The detectors agreed"),
    "voted": N_("The detectors did not all agree, and were weighed"),
    "declared": N_("What its page or its source says of it decided"),
    "none": N_("Nothing decided: it has too few letters, or none that a detector knows"),
}
# Why an article stands for the others of its story (enrich.clusters.Row.reason).
REASONS = {
    "address": N_("The others name its address as their own."),
    "origin": N_("Another names it as where it comes from."),
    "agency": N_("It is signed by a news agency."),
    "date": N_("It is the earliest."),
    "found": N_("Nothing says which came first."),
}
# What it is to an older text that it names itself (articles.relation).
ORIGINS = {
    "reprint": N_("reprint of"),
    "translation": N_("translation of"),
    "adaptation": N_("adaptation of"),
    "excerpt": N_("excerpt of"),
    "source": N_("source"),
    "via": N_("found through"),
}
# What a copy is to the article that stands for it (duplicates.relation).
COPIES = {
    "same_page": N_("The same page"),
    "exact": N_("The same text, word for word"),
    "reprint": N_("A reprint"),
    "excerpt": N_("A shorter version"),
}
# What two articles of one story share (enrich.stories.WEIGHTS), and where a term was found.
SHARED = {
    "name": N_("name"),
    "number": N_("number"),
    "date": N_("date"),
    "country": N_("country"),
    "organisation": N_("organisation"),
    "theme": N_("theme"),
    "closeness": N_("closeness of meaning"),
    "title": N_("title"),
    "text": N_("text"),
}
# What said when an article was published (articles.published_source).
DATES = {
    "feed": N_("from its feed"),
    "json-ld": N_("from data in the page"),
    "meta": N_("from data in the page’s head"),
    "time": N_("from a time in the page"),
    "url": N_("from its address"),
    "page": N_("from the words of the page"),
}
# What may be shown of an article (articles.rights).
RIGHTS = {
    "full": N_("the whole text"),
    "extract": N_("an extract"),
    "metadata": N_("title and link only"),
}
# Of a source: what kind of body it is, and its field.
BODIES = {
    "media": N_("news media"),
    "ngo": N_("non-governmental organisation"),
    "igo": N_("intergovernmental organisation"),
    "public-body": N_("public body"),
    "research": N_("research centre"),
    "network": N_("network of organisations"),
    "federation": N_("federation of organisations"),
    "foundation": N_("foundation"),
    "aggregator": N_("aggregator"),
}
FIELDS = {
    "social": N_("social work"),
    "humanitarian": N_("humanitarian work"),
    "migration": N_("migration and asylum"),
    "human-rights": N_("human rights"),
    "health": N_("health"),
    "media": N_("general news"),
}
FACETS = {
    "language": N_("Language"),
    "theme": N_("Theme"),
    "country": N_("Country"),
    "source": N_("Source"),
    "organisation": N_("Organisation"),
    "month": N_("Month"),
}
PERIODS = {"month": N_("By month"), "week": N_("By week")}
SPLITS = {
    "language": N_("By language"),
    "theme": N_("By theme"),
    "source": N_("By source"),
    "country": N_("By country"),
}
# For templates: {{ code|label("rights") }}.
TABLES = {
    "origin": ORIGINS,
    "copy": COPIES,
    "reason": REASONS,
    "shared": SHARED,
    "date": DATES,
    "rights": RIGHTS,
    "body": BODIES,
    "field": FIELDS,
    "facet": FACETS,
    "period": PERIODS,
    "split": SPLITS,
}


def label(code: str | None, table: str) -> str:
    """A code in the words of the page's language; a code that has none stands for itself."""
    return word(TABLES[table], code)


def how(method: str) -> str:
    """What decided on an article's language (articles.language_method), as a sentence."""
    decided, *absent = method.split(", without ")
    without = (gettext("without %(detector)s") % {"detector": name} for name in absent)
    return "; ".join([word(METHODS, decided), *without])
