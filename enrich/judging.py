"""What the terms found in a text say together: how surely it is of the sector, and has a theme.

Two logistic regressions over the same evidence, learnt once for all languages by `make weights`
from texts that we wrote and from public posts (tests/learn.py); their weights are
data/theme_weights.json, made to be read. The first says whether a text is of the sector at all,
the second how sure each theme is. Most of what they know holds for any theme (a strong term in the
title is worth so much), so a theme that is added tomorrow works without having been learnt.
"""

import json
import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from operator import mul
from pathlib import Path
from typing import Any

from enrich.terms import Found, parts
from enrich.text import fold

WEIGHTS = Path(__file__).parent / "data" / "theme_weights.json"

PLACES = ("title", "lead", "text")
# What a strong term is worth in each place, then a weak one; coming back adds its logarithm.
# Only the order of such values matters: what they mean is learnt. (100 settings of their like moved
# the accuracy of the first theme by .02.)
STRONG = (1.5, 1.0, 0.8)
WEAK = (0.6, 0.4, 0.3)
# Weights of learnt words were learnt on so many first words of a text; further ones repeat them.
MOST_WORDS = 250
# Shorter words are mostly of grammar, and longer ones differ most in their ends.
SHORTEST, STEM = 4, 9
# Characters a word of what is folded for its first words: as most texts have, and at the most.
ORDINARY, LONGEST = 10, 20
# In a text of fewer different words, each counts as if there were so many.
FEWEST_WORDS = 10
# Texts shorter than this, in words, count as if they were as long; lengths are told from the usual
# one's. Round figures: the weights were learnt with them, and these alone would move with others.
SHORT, USUAL = 40, 150

THEME_FEATURES = (
    "found", "strong in title", "strong in lead", "strong in text", "weak in title", "weak in lead",
    "weak in text", "score", "share", "above the next", "length", "length x score", "terms",
    "any strong", "best",
)  # fmt: skip
SECTOR_FEATURES = (
    "best score", "all scores", "themes", "terms", "strong", "strong in title", "length",
    "length x scores", "best theme", "second theme", "best elsewhere", "all elsewhere",
    "elsewhere over here",
)  # fmt: skip


# Nothing is surer than one in ten thousand either way: e ** 9.2.
MOST_SURE = 9.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """What was learnt: numbers to add up, by feature, theme, neighbouring theme and word.

    `alone` is what each theme has before anything is found, `base` what an unlearnt one has;
    `beside[a][b]` is what finding theme a says for theme b. Words are stems, by language.
    """

    theme_features: tuple[float, ...]
    base: float
    alone: Mapping[str, float]
    beside: Mapping[str, Mapping[str, float]]
    words: Mapping[str, Mapping[str, Mapping[str, float]]]
    sector: float
    sector_features: tuple[float, ...]
    sector_words: Mapping[str, Mapping[str, float]]

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> "Weights":
        theme, sector = data["theme"], data["sector"]
        return cls(
            theme_features=tuple(theme["features"][name] for name in THEME_FEATURES),
            base=theme["base"],
            alone=theme["alone"],
            beside=theme["beside"],
            words=theme["words"],
            sector=sector["base"],
            sector_features=tuple(sector["features"][name] for name in SECTOR_FEATURES),
            sector_words=sector["words"],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighed:
    """What was found of one theme, or of one subject: a sum for each place, strong then weak."""

    sums: tuple[float, ...]
    terms: int

    @property
    def score(self) -> float:
        return sum(worth * each for worth, each in zip(STRONG + WEAK, self.sums, strict=True))

    @property
    def strong(self) -> float:
        return sum(self.sums[: len(PLACES)])


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """All that is judged of a text: `themes` and `subjects` by slug.

    `words` is how often each of its first words occurs, cut to stems; `length` is in words.
    """

    themes: Mapping[str, Weighed]
    subjects: Mapping[str, Weighed]
    words: Mapping[str, int]
    length: int

    @property
    def word_values(self) -> dict[str, float]:
        size = math.sqrt(max(FEWEST_WORDS, len(self.words)))
        return {word: (1 + math.log(count)) / size for word, count in self.words.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """`sector`: probability that the text is of the sector; `themes`: of each theme, if it is.

    `words`: by theme, the learnt words that speak for it, the strongest first.
    """

    sector: float
    themes: Mapping[str, float]
    words: Mapping[str, tuple[str, ...]]


def weighed(found: Found, title: str, text: str) -> Evidence:
    """Sum up what was found in a text."""
    sums: dict[tuple[bool, str], list[float]] = {}
    terms = Counter[tuple[bool, str]]()
    for term, counts in found.terms.items():
        of = (term.elsewhere, term.slug)
        terms[of] += 1
        own = sums.setdefault(of, [0.0] * (2 * len(PLACES)))
        for where, count in counts.items():
            own[PLACES.index(where) + (0 if term.strong else len(PLACES))] += 1 + math.log(count)
    both: tuple[dict[str, Weighed], dict[str, Weighed]] = ({}, {})
    for (other, slug), each in sums.items():
        both[other][slug] = Weighed(sums=tuple(each), terms=terms[other, slug])
    words = Counter(
        word[:STEM]
        for word in _first_words(" ".join(parts(title, text).values()))
        if len(word) >= SHORTEST and not word.isdigit()
    )
    return Evidence(themes=both[0], subjects=both[1], words=words, length=found.words)


def _first_words(opening: str) -> list[str]:
    words = fold(opening[: MOST_WORDS * ORDINARY]).split()
    if len(words) <= MOST_WORDS:  # the last may be cut
        words = fold(opening[: MOST_WORDS * LONGEST]).split()
    return words[:MOST_WORDS]


def theme_features(evidence: Evidence) -> dict[str, tuple[float, ...]]:
    """THEME_FEATURES of every theme that has a term in the text."""
    scores = {slug: one.score for slug, one in evidence.themes.items()}
    total = sum(scores.values())
    first, second = (sorted((*scores.values(), 0.0, 0.0), reverse=True))[:2]
    length = math.log(max(SHORT, evidence.length) / USUAL)
    features = {}
    for slug, one in evidence.themes.items():
        score = scores[slug]
        other = second if score == first else first
        features[slug] = (
            1.0,
            *map(math.log1p, one.sums),
            math.log1p(score),
            score / total,
            math.log((score + 0.1) / (other + 0.1)),
            length,
            length * math.log1p(score),
            math.log1p(one.terms),
            float(one.strong > 0),
            float(score == first),
        )
    return features


def sector_features(evidence: Evidence, themes: Iterable[float]) -> tuple[float, ...]:
    """SECTOR_FEATURES of a text; `themes` are the probabilities of all themes."""
    scores = [one.score for one in evidence.themes.values()]
    total = sum(scores)
    others = [sum(one.sums[:3]) + 0.3 * sum(one.sums[3:]) for one in evidence.subjects.values()]
    length = math.log(max(SHORT, evidence.length) / USUAL)
    first, second = sorted((*themes, 0.0, 0.0), reverse=True)[:2]
    return (
        math.log1p(max(scores, default=0.0)),
        math.log1p(total),
        math.log1p(len(scores)),
        math.log1p(sum(one.terms for one in evidence.themes.values())),
        math.log1p(sum(one.strong for one in evidence.themes.values())),
        float(any(one.sums[0] for one in evidence.themes.values())),
        length,
        length * math.log1p(total),
        logit(first),
        logit(second),
        math.log1p(max(others, default=0.0)),
        math.log1p(sum(others)),
        math.log((1 + sum(others)) / (1 + total)),
    )


def judge(evidence: Evidence, language: str) -> Judgement:
    """Weigh the evidence of a text in a language, given as its ISO 639 code."""
    weights = _weights()
    sums = theme_sums(evidence, language, weights)
    themes = {slug: sigmoid(value) for slug, value in sums.items()}
    sector = weights.sector + sum(
        map(mul, weights.sector_features, sector_features(evidence, themes.values()))
    )
    known = weights.sector_words.get(language, {})
    sector += sum(known.get(word, 0.0) * value for word, value in evidence.word_values.items())
    return Judgement(
        sector=sigmoid(sector),
        themes=themes,
        words=_speaking(evidence, weights.words.get(language, {})),
    )


def theme_sums(evidence: Evidence, language: str, weights: Weights) -> dict[str, float]:
    """By theme, the logit of its probability, given that the text is of the sector."""
    features = theme_features(evidence)
    sums = {slug: weights.alone.get(slug, weights.base) for slug in {**weights.alone, **features}}
    for slug, own in features.items():
        sums[slug] += sum(map(mul, weights.theme_features, own))
        beside = math.log1p(evidence.themes[slug].score)
        for other, weight in weights.beside.get(slug, {}).items():
            sums[other] += weight * beside
    known = weights.words.get(language, {})
    for word, value in evidence.word_values.items():
        for slug, weight in known.get(word, {}).items():
            sums[slug] += weight * value
    return sums


def _speaking(
    evidence: Evidence, known: Mapping[str, Mapping[str, float]]
) -> dict[str, tuple[str, ...]]:
    speaking: dict[str, list[tuple[float, str]]] = {}
    for word, value in evidence.word_values.items():
        for slug, weight in known.get(word, {}).items():
            if weight > 0:
                speaking.setdefault(slug, []).append((-weight * value, word))
    return {slug: tuple(word for _, word in sorted(each)) for slug, each in speaking.items()}


def sigmoid(value: float) -> float:
    return 1 / (1 + math.exp(-max(-MOST_SURE, min(MOST_SURE, value))))


def logit(probability: float) -> float:
    """The inverse of `sigmoid`, within what it gives."""
    least = sigmoid(-MOST_SURE)
    probability = min(max(probability, least), 1 - least)
    return math.log(probability / (1 - probability))


@cache
def _weights() -> Weights:
    return Weights.of(json.loads(WEIGHTS.read_text(encoding="utf-8")))
