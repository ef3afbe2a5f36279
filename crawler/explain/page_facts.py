"""What is said to a person of how a page was read, a line at a time, each with its style."""

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

Report = dict[str, Any]
Said = Iterator[tuple[str, str]]

ASIDE = "dim"
MAX_OTHERS = 20  # of what lost of one choice; real pages have less
# What the signs of `enrich.kinds.signs` speak for.
FOR = {
    "for an article": ("article", "running text", "follows"),
    "for a listing": ("cards", "listing"),
    "for a standing page": ("static",),
}


def kind(report: Report) -> Said:
    if "kind" not in report:
        return
    cut = ", its end cut off" if report.get("cut") else ""
    yield f"{report['kind']} ({report['reason']})", ""
    yield f"{report['words']:,} words{cut}", ASIDE
    for what, names in FOR.items():
        signs = [sign for name in names for sign in report.get("signs", {}).get(name, ())]
        if signs:
            told = ", ".join(f"{sign['what']} ({sign['points']:g})" for sign in signs)
            yield f"{what}: {told}", ASIDE


def choice(name: str) -> Callable[[Report], Said]:
    def tell(report: Report) -> Said:
        if name not in report:
            return
        chosen = report[name]
        source = f" [{chosen['source']}]" if chosen["source"] else ""
        yield f"{value_of(chosen['value'])}{source}", ""
        yield chosen["why"], ASIDE
        if chosen.get("signed_by") == "organisation":
            yield f"signed by an organisation: {value_of(chosen['signed'])}", ""
        same = [other for other in chosen["candidates"] if other["value"] == chosen["value"]]
        if sources := sorted({other["source"] for other in same} - {chosen["source"]}):
            yield f"so has {value_of(sources)}", ASIDE
        others = [other for other in chosen["candidates"] if other not in same]
        for other in others[:MAX_OTHERS]:
            told = f"{value_of(other['value'])} [{other['source']}]"
            why_not = other["why_not"]
            yield (f"not {because(told, why_not)}" if why_not else f"also {told}"), ASIDE
        if len(others) > MAX_OTHERS:
            yield f"and {len(others) - MAX_OTHERS:,} others: see --json", ASIDE

    return tell


def language_of(report: Report) -> Said:
    if not (language := report.get("language")):
        return
    declared = f", the page declares {language['declared']}" if language["declared"] else ""
    yield f"{language['tag']} ({language['method']}, {language['confidence']:.2f}){declared}", ""
    if language["shares"]:
        shares = (f"{each['language']} {each['share']:.0%}" for each in language["shares"])
        yield f"paragraphs: {', '.join(shares)}", ASIDE
    for name in dict.fromkeys(vote["detector"] for vote in language["votes"]):
        votes = (
            f"{vote['language']} {vote['probability']:.2f}"
            for vote in language["votes"] if vote["detector"] == name
        )  # fmt: skip
        yield f"{name}: {', '.join(votes)}", ASIDE
    claims = [f"{who} {value_of(what)}" for who, what in language["claims"].items() if what]
    if claims:
        yield f"also claimed: {'; '.join(claims)}", ASIDE
    if language["likelier"]:
        times = (f"{code} {n} times" for code, n in language["likelier"].items())
        yield f"claims make likelier: {', '.join(times)}", ASIDE


def origin(report: Report) -> Said:
    if origin := report.get("origin"):
        where = " ".join(filter(None, [origin["publisher"], origin["url"]]))
        yield f"{origin['relation']}: {where}", ""
        yield f"known by: {origin['phrase']}", ASIDE
        yield from ((f"in the words: {words}", ASIDE) for words in origin["words"])


def attachments(report: Report) -> Said:
    for document in report.get("attachments", ()):
        size = f"{document['size']:,} bytes" if document["size"] else None
        about = ", ".join(filter(None, [document["label"], document["media_type"], size]))
        yield document["url"], ""
        yield about, ASIDE


def image(report: Report) -> Said:
    if image := report.get("image"):
        yield f"{image['url']} [{image['source']}]", ""
        for name in ("caption", "credit", "alt"):
            if image[name]:
                yield f"{name}: {image[name]}", ASIDE


def joined(name: str, mark: str) -> Callable[[Report], Said]:
    def tell(report: Report) -> Said:
        if report.get(name):
            yield mark.join(report[name]), ""

    return tell


def canonical(report: Report) -> Said:
    if report.get("canonical") and report["canonical"] != report["url"]:
        yield report["canonical"], ""


def counted(report: Report) -> Said:
    if lines := report.get("lines"):
        counts = Counter(line["what"] for line in lines)
        told = [
            f"{counts['kept']} kept",
            f"{counts['added']} put in",
            f"{counts['removed']} removed",
        ]
        yield ", ".join(told), ""


def because(what: str, why: str | None) -> str:
    return f"{what}: {why}" if why else what


def value_of(value: Any) -> str:
    """Names one after another; nothing is `none`."""
    return (", ".join(value) if isinstance(value, list) else str(value or "")) or "none"
