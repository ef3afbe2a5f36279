"""What a text is about: themes with their reasons, or none where it is not of the sector."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from enrich.embedding import Opinion, opinion
from enrich.judging import PLACES, Judgement, judge, logit, sigmoid, weighed
from enrich.terms import Found, terms_in
from enrich.text import Evidence
from enrich.vocabulary import lexicon

# How sure it must be that a text is of the sector at all. Of 39 French hard negatives that were not
# learnt from, 6 have a theme at .88 and 5 at .93; of ReliefWeb's Spanish posts 90 and 87 %.
# (`make quality`)
SECTOR = 0.88
# Themes beside the surest one have so much of its probability, and so much at the least. Less gives
# more right ones and more wrong ones: between .15 and .45 F moves by .03, best in between. Long
# texts (in words) are about more things: with .1, editors' themes of posts among our first three
# are 61 % instead of 57.
FURTHER, FURTHER_LONG, LONG, LEAST = 0.25, 0.1, 250, 0.03
# How much of the word the second opinion has, where there is one, in logits. Between .4 and .6 the
# first theme is right as often; hard negatives are fewest with more of it.
SHARE, SECTOR_SHARE = 0.5, 0.6
# More than six themes say nothing; editors of ReliefWeb seldom give more than three.
MOST = 6
# Learnt words that are named as reasons; they help to decide, but none decides alone.
MOST_LEARNT = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Theme:
    """A theme of one text; `score` is the probability, 0 to 1, that it is right.

    Evidence is first the lexicon's terms, by strength and place, then `learnt` words: stems that
    texts about the theme have more often than others; then how sure the second opinion is of its
    `meaning`.
    """

    theme: str
    score: float
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Themes:
    """What was found, and `method`, by what: `lexicon`, `embedding`, `lexicon, embedding`, `none`.

    `none`: there are no terms in that language, so that no themes means nothing.
    """

    themes: tuple[Theme, ...]
    method: str


def themes_of(title: str, text: str, language: str) -> Themes:
    """Return the themes of an article, best first, at most MOST.

    `language` is BCP 47; only its own terms are looked for, since a third of the words that
    mean something in one language mean something else in another. An empty `title` is allowed.
    Raises EmbeddingError where embeddings are wanted and not installed.
    """
    language = re.split("[-_]", language, maxsplit=1)[0].lower()
    second = opinion(title, text, language)
    if spoken(language):
        found = terms_in(title, text, language)
        evidence = weighed(found, title, text)
        judged = _together(judge(evidence, language), second)
        chosen = _chosen(judged, found, evidence.words, second)
        return Themes(themes=chosen, method="lexicon, embedding" if second else "lexicon")
    if second:
        judged = Judgement(sector=sigmoid(second.sector), themes=_sure(second.themes), words={})
        nothing = Found(terms={}, words=len(text.split()))
        return Themes(themes=_chosen(judged, nothing, {}, second), method="embedding")
    return Themes(themes=(), method="none")


def _together(judged: Judgement, second: Opinion | None) -> Judgement:
    if second is None:
        return judged
    sector = (1 - SECTOR_SHARE) * logit(judged.sector) + SECTOR_SHARE * second.sector
    themes = {
        slug: (1 - SHARE) * logit(probability) + SHARE * second.themes[slug]
        for slug, probability in judged.themes.items()
        if slug in second.themes
    }
    return replace(judged, sector=sigmoid(sector), themes={**judged.themes, **_sure(themes)})


def _sure(logits: Mapping[str, float]) -> dict[str, float]:
    return {slug: sigmoid(value) for slug, value in logits.items()}


def _chosen(
    judged: Judgement, found: Found, words: Mapping[str, int], second: Opinion | None
) -> tuple[Theme, ...]:
    if judged.sector < SECTOR:
        return ()
    surest = sorted((-probability, slug) for slug, probability in judged.themes.items())
    share = FURTHER if found.words < LONG else FURTHER_LONG
    least = max(LEAST, share * -surest[0][0])
    chosen = (
        Theme(
            theme=slug,
            score=round(judged.sector * -probability, 3),
            evidence=(*_evidence(slug, found, words, judged), *_meaning(slug, second)),
        )
        for probability, slug in surest[:MOST]
        if -probability >= least and slug in lexicon()
    )
    reasoned = tuple(theme for theme in chosen if theme.evidence)
    # Learnt words alone say what else a text is about, not that it is about something.
    return reasoned if any(map(_told, reasoned)) else ()


def _told(theme: Theme) -> bool:
    return any(evidence.where != "learnt" for evidence in theme.evidence)


def _meaning(slug: str, second: Opinion | None) -> tuple[Evidence, ...]:
    if second is None or slug not in second.themes:
        return ()
    probability = sigmoid(second.themes[slug])
    if probability < LEAST:
        return ()
    return (Evidence(term=f"{probability:.2f}", count=1, where="meaning"),)


def spoken(language: str) -> bool:
    """Whether themes have terms in a language, given as its ISO 639 code."""
    return any(language in record.terms for record in lexicon().values())


def _evidence(
    slug: str, found: Found, words: Mapping[str, int], judged: Judgement
) -> tuple[Evidence, ...]:
    own = sorted(
        (not term.strong, PLACES.index(where), -count, term.name, where)
        for term, counts in found.terms.items()
        if term.slug == slug
        for where, count in counts.items()
    )
    learnt = judged.words.get(slug, ())[:MOST_LEARNT]
    return (
        *(Evidence(term=name, count=-count, where=where) for _, _, count, name, where in own),
        *(Evidence(term=word, count=words[word], where="learnt") for word in learnt),
    )
