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
    "lead": N_("beginning"),
    "learnt": N_("learnt"),
    "meaning": N_("meaning"),
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
# Why another day was not chosen (articles.candidates).
NOT_CHOSEN = {
    "another day from a less sure source": N_("another day from a less sure source"),
    "a year alone": N_("a year alone"),
    "the day it was modified": N_("the day it was modified"),
    "the day of the visit, above the headline": N_("the day of the visit, above the headline"),
}
# Why no more than an extract is shown (crawler.shown.Shown.withheld).
WITHHELD = {
    "age": N_("Its text was let go of when it was too old."),
    "nothing": N_("Its page asks that nothing of its text be shown."),
    "licence": N_("Its source has not licensed its texts for republication."),
    "robots": N_("Its page asks that no more be shown."),
    "mining": N_("Text and data mining of it is reserved."),
    "page": N_("It is not known whether the licence of its source covers this page."),
    "site": N_("This site shows no more of any text."),
}
# Whether text and data mining is reserved, and who says so (articles.tdm).
MINING = {
    "reserved (header)": N_("reserved, as its server says"),
    "reserved (meta)": N_("reserved, as its page says"),
    "reserved (file)": N_("reserved, as a file of its site says"),
    "reserved (record)": N_("reserved, as the terms of its source say"),
    "allowed (header)": N_("allowed, as its server says"),
    "allowed (meta)": N_("allowed, as its page says"),
    "allowed (file)": N_("allowed, as a file of its site says"),
    "allowed (record)": N_("allowed, as the terms of its source say"),
}
# Why a line was taken out of a text (removed_lines.rule: enrich.sieve, enrich.memory).
RULES = {
    "memory": N_("this site repeats it"),
    "memory-place": N_("this site repeats what stands in its place"),
    "headline": N_("it stands above the text: the title again"),
    "opening": N_("it stands above the text: a date or who signed"),
    "wording": N_("its words send the reader elsewhere"),
    "credits": N_("it credits a photographer or an agency"),
    "signature": N_("it says who signed"),
    "files": N_("it is a link to a document"),
    "captions": N_("it is the caption of a picture"),
    "tail": N_("it follows a heading of other articles"),
    "cards": N_("it is in a list of other articles"),
    "links": N_("it is nothing but a link"),
    "furniture": N_("its box is named as no part of the text"),
    "appeals": N_("it asks for money"),
    "outside": N_("it stands outside of the article’s box"),
    "region": N_("it stands outside of the box around title and text"),
    "standing": N_("it stands below what closes every article"),
    "origin": N_("it says where the text comes from"),
    "vote": N_("a second reading of the page does not have it"),
    "script": N_("the page gives machines a longer text"),
}
# Of documents, what a reader needs to open them (attachments.media_type).
MEDIA = {
    "application/pdf": "PDF",
    "application/msword": "Word",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "Word",
    "application/vnd.oasis.opendocument.text": "OpenDocument",
    "application/vnd.ms-excel": "Excel",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "Excel",
    "application/vnd.oasis.opendocument.spreadsheet": "OpenDocument",
    "application/vnd.ms-powerpoint": "PowerPoint",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": "PowerPoint",
    "application/epub+zip": "EPUB",
    "application/zip": "ZIP",
    "text/csv": "CSV",
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
# What became of an address (ledger.outcome), and what that means.
OUTCOMES = {
    "stored": N_("Stored"),
    "duplicate": N_("Same as another"),
    "not_an_article": N_("No article"),
    "too_short": N_("Too short"),
    "robots": N_("Refused by robots.txt"),
    "blocked": N_("Blocked"),
    "not_found": N_("Not found"),
    "gone": N_("Gone"),
    "too_large": N_("Too large"),
    "failed": N_("Failed"),
    "expired": N_("No longer kept"),
    "forgotten": N_("Taken down"),
    "fetched": N_("Not read yet"),
    "pending": N_("Not fetched yet"),
}
MEANINGS = {
    "stored": N_("an article of this database"),
    "duplicate": N_("it leads to another address that is counted here"),
    "not_an_article": N_("a list, a home page, a document or a media file"),
    "too_short": N_("the page has no text of an article’s length"),
    "robots": N_("the site asks robots not to fetch it"),
    "blocked": N_("the server refuses us, or the address is not a public one"),
    "not_found": N_("the server does not know it"),
    "gone": N_("the server says that it was removed for good"),
    "too_large": N_("longer than the limit"),
    "failed": N_("it could not be fetched in several tries, or not be read"),
    "expired": N_("an article that was let go of when it was too old"),
    "forgotten": N_("erased on request, with its address, and not collected again"),
    "fetched": N_("fetched and kept"),
    "pending": N_("discovered, or to be tried again"),
}
# What a source gave on a day (crawler.coverage.STATES), and how it does (crawler.portraits.HEALTH).
STATES = {
    "new": N_("something new"),
    "nothing_new": N_("nothing new"),
    "failed": N_("no answer"),
    "not_crawled": N_("not crawled"),
}
HEALTH = {
    "well": N_("answers"),
    "quiet": N_("answers, but has had nothing new for over a month"),
    "failing": N_("does not answer"),
    "never": N_("never visited"),
}
TDM = {
    "reserved": N_("reserved"),
    "allowed": N_("allowed"),
    "unknown": N_("its terms do not say"),
}
# What each limit of crawler.limits is, and those that `publish` adds.
LIMITS = {
    "seconds_between_requests": N_(
        "Seconds between two requests to one host, unless it asks for more"
    ),
    "largest_page_bytes": N_("Largest page that is fetched, in bytes"),
    "hours_between_visits": N_(
        "Hours between two visits to a feed or a list, by how often it changes"
    ),
    "tries": N_("Tries before an address has failed"),
    "days_until_looks": N_("Days after which an article is looked at again"),
    "pages_of_older_links": N_("Pages of older links that are followed when a source is new"),
    "fewest_words": N_("Words that a page must have to be an article"),
    "detectors": N_("Programs that say which language a text is in"),
    "least_sure_language": N_("Below this confidence, a language is undetermined"),
    "least_sure_sector": N_("Probability of being about the sector from which themes are given"),
    "most_themes": N_("Themes of an article, at the most"),
    "main_country_score": N_("Score from which a country is the one an article is about"),
    "share_of_a_copy": N_("Share of the words in common from which two texts are the same"),
    "days_of_a_story": N_("Days within which two articles can tell the same story"),
    "extract_characters": N_("Characters of an extract"),
    "open_licences": N_("Licences under which a text is shown whole"),
}
# For templates: {{ code|label("rights") }}.
TABLES = {
    "origin": ORIGINS,
    "copy": COPIES,
    "reason": REASONS,
    "shared": SHARED,
    "date": DATES,
    "media": MEDIA,
    "mining": MINING,
    "not_chosen": NOT_CHOSEN,
    "rights": RIGHTS,
    "rule": RULES,
    "withheld": WITHHELD,
    "body": BODIES,
    "field": FIELDS,
    "facet": FACETS,
    "period": PERIODS,
    "split": SPLITS,
    "outcome": OUTCOMES,
    "meaning": MEANINGS,
    "state": STATES,
    "health": HEALTH,
    "tdm": TDM,
    "limit": LIMITS,
}


def label(code: str | None, table: str) -> str:
    """A code in the words of the page's language; a code that has none stands for itself."""
    return word(TABLES[table], code)


def how(method: str) -> str:
    """What decided on an article's language (articles.language_method), as a sentence."""
    decided, *absent = method.split(", without ")
    without = (gettext("without %(detector)s") % {"detector": name} for name in absent)
    return "; ".join([word(METHODS, decided), *without])
