"""Which language a text is in: every detector votes, and the votes are kept.

A detector is a function from text to (code, probability) pairs, best first, and one line in
DETECTORS. langdetect is the first and, for now, the only one.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass

import langdetect
from langdetect import DetectorFactory, LangDetectException
from langdetect.detector_factory import init_factory

# Seeded, or 20 of 450 titles change label from pass to pass.
DetectorFactory.seed = 0
LOADING = threading.Lock()

UNDETERMINED = "und"
# langdetect costs 1.7 ms at 500 characters, 3.6 ms at 2,000 and 13 ms at 20,000, and is no
# surer of a longer text (tried on 56 languages of news).
SAMPLE_CHARACTERS = 2000
# What `html lang` is worth when no detector knows the script: it is right on 97.6 % of real
# news pages, but nothing confirms it on this one.
DECLARED_CONFIDENCE = 0.5
# langdetect's two Chinese profiles tell the scripts apart no better than chance (8 of 66
# traditional headlines), so only the language is taken from them.
BCP47 = {"zh-cn": "zh", "zh-tw": "zh"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Hints:
    """What is said of an article's language around it, as BCP 47; the page's own claim is apart.

    `feed` is the claim of the feed or channel that named it, `alternate` that of links to it
    (hreflang), `url` its address, `source` the languages that its source is known to write in.
    """

    feed: str | None = None
    alternate: str | None = None
    url: str = ""
    source: tuple[str, ...] = ()


NO_HINTS = Hints()


@dataclass(frozen=True, slots=True, kw_only=True)
class Vote:
    """What one detector said. `probability` is its own, and not comparable across detectors."""

    detector: str
    language: str
    probability: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """A language of some paragraphs, and which share of the letters they have."""

    language: str
    share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Language:
    """What language an article is in, and how that is known.

    `code` is a BCP 47 language (`zh`, `kmr`), or `und`; `script` is set where a language is written
    in several (`Hant`), and `tag` is both. `method` says what decided: `script`, `agreed` (the
    detectors did), `voted` (they did not), `declared` (the hints did) or `none`; `, without NAME`
    follows where a detector is not installed. `declared` is the claim of the page or, where it has
    none, of its feed. `shares` are the languages of its paragraphs, the most used first, if there
    are several.
    """

    code: str
    confidence: float
    method: str
    votes: tuple[Vote, ...] = ()
    script: str | None = None
    declared: str | None = None
    shares: tuple[Share, ...] = ()

    @property
    def tag(self) -> str:
        return f"{self.code}-{self.script}" if self.script else self.code


Detector = Callable[[str], list[tuple[str, float]]]


def by_langdetect(text: str) -> list[tuple[str, float]]:
    """55 languages; no answer for a script it does not know, or for no letters at all."""
    # langdetect publishes its factory before the profiles are in it: of 16 threads whose first call
    # came at once, 15 were answered wrongly. Not at import, since it takes 62 MB and the crawling
    # process never asks.
    with LOADING:
        init_factory()
    try:
        ranked = langdetect.detect_langs(text)
    except LangDetectException:
        return []
    return [(BCP47.get(guess.lang, guess.lang), guess.prob) for guess in ranked]


DETECTORS: dict[str, Detector] = {"langdetect": by_langdetect}


def identify(
    title: str, text: str, declared: str | None = None, *, hints: Hints = NO_HINTS
) -> Language:
    """The language of an article; `declared` (from `html lang` or a feed) only fills a silence."""
    declared = declared or hints.feed
    # The body first: a headline of names and English words misleads more than it helps.
    sample = f"{text}\n{title}"[:SAMPLE_CHARACTERS]
    votes = tuple(
        Vote(detector=name, language=code, probability=round(probability, 4))
        for name, detector in DETECTORS.items()
        for code, probability in detector(sample)[:3]
    )
    if votes:
        return Language(
            code=votes[0].language, confidence=votes[0].probability, method="detected", votes=votes
        )
    if declared and sample.strip():
        return Language(code=declared, confidence=DECLARED_CONFIDENCE, method="declared")
    return Language(code=UNDETERMINED, confidence=0.0, method="none")
