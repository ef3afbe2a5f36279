"""Up to eight key phrases of an article: what it says in its title, early, often, and by name.

Phrases are runs of words between stop words and punctuation (as in RAKE), but a few small words may
stand inside ("aide à la jeunesse"), and what stands before a run says whether a noun begins there.
"""

import re
import tomllib
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache, partial
from html import unescape
from pathlib import Path
from typing import NamedTuple

from enrich.text import UNPRINTABLE, fold

STOPWORDS = Path(__file__).parent / "data" / "stopwords.toml"
MOST = 8
LONGEST = 4  # words, small ones included
# What comes later says nothing new of the subject, and a book costs no more than a long article.
READ = 12_000
# They write no spaces between words, so that there are no words to count without a dictionary.
UNSPACED = frozenset(
    [
        "bo",
        "dz",
        "ja",
        "km",
        "lo",
        "mnw",
        "my",
        "shn",
        "th",
        "wuu",
        "yue",
        "zh",
        "gan",
        "lzh",
        "nan",
    ]
)
_UNSPACED = "\u0e00-\u0eff\u0f00-\u0fff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff"
_MARKS = "\u0300-\u036f\u0591-\u05bd\u0610-\u061a\u064b-\u065f\u0670\u0900-\u0963\u0966-\u0dff"
_WORD = rf"[^\W\d_{_UNSPACED}][\w{_MARKS}]*+(?:['’‐‑&-](?=\w)[\w{_MARKS}]++)*+"
_OTHER = r"\d\w*+(?:[.,:]\w++)*+|[^\w\s]|\n"
# A word (apostrophes, hyphens and `&` hold its parts together), a number, an end of a line or a
# sentence, or another sign.
TOKEN = re.compile(rf"{_WORD}|{_OTHER}")
_BEFORE = (  # what French, Italian and Catalan elide: a word of its own
    "[ldjmtsncLDJMTSNC]|(?:[Jj]us|[Ll]ors|[Pp]uis|[Qq]uel)?[Qq]u"
    "|(?:[Dd]e|[Dd]a|[Nn]e|[Ss]u|[Aa])ll?|[Uu]n"
)
ELIDING = re.compile(rf"(?:{_BEFORE})['’](?=\w)|{_WORD}|{_OTHER}")
TOKENS = {"fr": ELIDING, "it": ELIDING, "ca": ELIDING, "oc": ELIDING}
NO_WORD = re.compile(f"[{_UNSPACED}]")
AND_IN_ARABIC = re.compile(r"\bو(?=ال(?!د)\w\w\w)")
MARKUP = re.compile(r"<[^<>]{0,300}>|(?:https?://|www\.)\S+|\S+@\S+")
ENDS = frozenset('.!?:…«»"“”•|\n')
LONGEST_WORD = 40  # letters; what is longer is no word but data
ABBREVIATION = 4  # letters: capitals stay in a shouted line, where longer words get small ones
SHORT = 4  # letters: no word alone is worth much below them
INFLECTED_FROM = 5  # letters: shorter words have no ending to take off
# What is remembered of words, at most: 350 bytes each, most of which are met again within some
# pages.
KNOWN_WORDS, KNOWN_LANGUAGES = 16_000, 4
COMMON = 5  # letters: what is longer is no stop word in a language without a list


class Word(NamedTuple):
    """What is known of a word as written: `key` counts it, `kind` says what it is for."""

    key: str
    kind: int
    lead: bool = False
    verb: bool = False
    weak: bool = False
    determiner: bool = False
    tall: bool = False  # has a capital
    inner: bool = False  # has one that is not its first letter
    ends: bool = False  # a sign after which a sentence begins


CONTENT, STOP, LINK, ARTICLE, BRIDGE = range(5)
SMALL = frozenset([LINK, BRIDGE])
GO_ON = frozenset([CONTENT, LINK, BRIDGE])  # after a word of a phrase
_SIGN = Word("", STOP)
_AND = Word("&", BRIDGE)


@dataclass(frozen=True, slots=True)
class Lexis:
    """The stop words of a language, folded, by what they do (see the head of the data file)."""

    kinds: Mapping[str, int]
    determiners: frozenset[str]
    leads: frozenset[str]
    verbs: frozenset[str]
    weak: frozenset[str]
    dates: frozenset[str]
    words: frozenset[str]


@cache
def _lexica() -> dict[str, Lexis]:
    with STOPWORDS.open("rb") as file:
        found = tomllib.load(file)
    return {language: _lexis(record) for language, record in found.items()}


def _lexis(record: Mapping[str, str]) -> Lexis:
    def folded(name: str) -> frozenset[str]:
        return frozenset(map(fold, record.get(name, "").split()))

    kinds = dict.fromkeys(folded("bridges"), BRIDGE)
    kinds |= dict.fromkeys(folded("articles"), ARTICLE)
    kinds |= dict.fromkeys(folded("links"), LINK)
    names = ("determiners", "leads", "verbs", "weak", "dates", "words")
    return Lexis(kinds, *map(folded, names))


def keywords(title: str, text: str, language: str, most: int = MOST) -> tuple[str, ...]:
    """The key phrases of an article, best first, as it writes them most often.

    None in languages that write no spaces between words. A `language` without stop words of its
    own does with the length of words and how often they stand in the text.
    """
    if language in UNSPACED:
        return ()
    said = _said(title, text, language)
    found = _phrases(said, language)
    return tuple(_surface(each, said) for each in _best(found, said, language, most))


@dataclass(frozen=True, slots=True)
class Said:
    """An article in words: as written, what each is, and whether it is of the title."""

    tokens: Sequence[str]
    words: Sequence[Word]
    title: int  # so many of them
    names: frozenset[str]  # keys that have a capital where no sentence begins


def _said(title: str, text: str, language: str) -> Said:
    tokens: list[str] = []
    words: list[Word] = []
    capital: Counter[str] = Counter()
    lexis, german, known = _lexica().get(language), language == "de", _words(language)
    length = 0
    for part in (title, text[:READ]):
        plain = _plain(part, language)
        found = TOKENS.get(language, TOKEN).findall(plain)
        found.append("\n")
        read = [known[token] for token in found]
        if _cased(plain):  # else nothing is known of names
            for at in [at for at, word in enumerate(read) if word.tall]:  # the last is a sign
                word, start = read[at], at == 0 or read[at - 1].ends
                # At the head of a sentence it tells if another follows: "Brussels Airport".
                if word.inner or not start or read[at + 1].tall:
                    if not (german or start or word.kind == CONTENT) and _of_a_name(word, lexis):
                        read[at] = word._replace(kind=CONTENT, weak=True)
                    capital[word.key] += 1
        tokens += found
        words += read
        length = length or len(tokens)
    small = Counter([word.key for word in words if not word.tall and word.key in capital])
    names = frozenset([key for key, n in capital.items() if n >= small[key]])
    if lexis is None:
        words = _without_common(words, names)
    return Said(tokens, words, length, names)


def _of_a_name(word: Word, lexis: Lexis | None) -> bool:
    """Whether a stop word with a capital may belong to one: "Médecins du Monde", "Los Teritos"."""
    if lexis is None or word.key in lexis.dates:
        return False
    return word.determiner or (word.kind == STOP and not (word.lead or word.verb))


def _plain(part: str, language: str) -> str:
    """Without markup, addresses and what cannot be seen; shouted words in small letters."""
    if "<" in part or "://" in part or "www." in part or "@" in part:
        part = MARKUP.sub(" | ", part)
    if "&" in part:
        part = unescape(part)
    part = UNPRINTABLE.sub("", unicodedata.normalize("NFC", part)).replace("\u00ad", "")
    if _shouted(part):
        part = SHOUT.sub(lambda found: _calmed(found[0], language), part)
    return AND_IN_ARABIC.sub("و ", part) if language == "ar" else part


SHOUT = re.compile(r"\w+")


def _calmed(word: str, language: str) -> str:
    """In small letters, unless it may be an abbreviation: four letters and no stop word."""
    lower = word.lower()
    return lower if len(word) > ABBREVIATION or _words(language)[lower].kind != CONTENT else word


def _shouted(part: str) -> bool:
    letters = "".join(filter(str.isalpha, part[:200]))
    return sum(map(str.isupper, letters)) > len(letters) * 0.6


def _cased(part: str) -> bool:
    """Whether capitals mean something, which they do not in an English Headline Like This."""
    words = [
        word for word in part[:300].split()[1:] if len(word) > ABBREVIATION and word[0].isalpha()
    ]
    tall = sum(word[0].isupper() for word in words)
    return tall <= len(words) * 0.7 and not _shouted(part)


class _Words(dict[str, Word]):
    """The words of a language as they are written, each looked at when it is first met."""

    def __init__(self, language: str) -> None:
        super().__init__()
        self.language, self.lexis = language, _lexica().get(language)

    def __missing__(self, written: str) -> Word:
        if len(self) >= KNOWN_WORDS:
            self.clear()
        self[written] = found = _word(written, self.language, self.lexis)
        return found


@lru_cache(maxsize=KNOWN_LANGUAGES)
def _words(language: str) -> _Words:
    return _Words(language)


def _word(written: str, language: str, lexis: Lexis | None) -> Word:
    if not written[0].isalpha():
        return _AND if written == "&" else Word("", STOP, ends=written in ENDS)
    plain = written.isascii() and written.isalpha()
    folded = written.lower() if plain else fold(written)
    tall = written != written.lower()
    inner = tall and written[1:] != written[1:].lower()
    if not folded or len(folded) > LONGEST_WORD or (not plain and NO_WORD.search(written)):
        return _SIGN
    if lexis is None:
        long = 2 if "가" <= written[0] <= "힣" else 3 if written[0] > "\u0590" else 4
        return Word(folded, CONTENT if len(folded) >= long else STOP, tall=tall, inner=inner)
    kind = lexis.kinds.get(folded)
    lead, verb = folded in lexis.leads, folded in lexis.verbs
    if kind is None:
        stop = lead or verb or folded in lexis.words or folded in lexis.dates or not folded[1:]
        if not stop and "-" in written:  # "quatre-vingts", "five-week"
            stop = all(part in lexis.words for part in folded.split())
        kind = STOP if stop else CONTENT
    key = folded if kind != CONTENT else _stem(folded, language)
    weak = kind == CONTENT and folded in lexis.weak
    return Word(key, kind, lead, verb, weak, folded in lexis.determiners, tall, inner)


# Plural endings and what stands in their place, the first that fits; only for counting.
PLURALS = {
    "fr": ((re.compile(r"[sx]$"), ""),),
    "nl": ((re.compile(r"(?<=.{5})en$"), ""), (re.compile(r"(?<!s)s$"), "")),
    "en": ((re.compile(r"(?<=...)ies$"), "y"), (re.compile(r"(?<!s)s$"), "")),
    "de": ((re.compile(r"(?<=.{5})en$"), ""),),
    "es": ((re.compile(r"(?<=[nrldz])es$"), ""), (re.compile(r"s$"), "")),
    "pt": ((re.compile(r"(?<=[nrldz])es$"), ""), (re.compile(r"s$"), "")),
}
ARTICLE_IN_ARABIC = re.compile(r"^(?:[وبفك]?ال|لل)(?=...)")


def _stem(word: str, language: str) -> str:
    """Bring singular and plural, or with and without an article, together where that is easy."""
    if language == "ar":
        return ARTICLE_IN_ARABIC.sub("", word)
    if language == "en":
        word = word.removesuffix(" s")
    if len(word) < INFLECTED_FROM:
        return word
    for ending, other in PLURALS.get(language, ()):
        if (stem := ending.sub(other, word)) != word:
            return stem
    return word


def _without_common(words: list[Word], names: frozenset[str]) -> list[Word]:
    """The same, with what is short and everywhere in it as stop words."""
    counts = Counter(word.key for word in words if word.kind == CONTENT)
    least = max(3, len(words) * 0.012)
    common = {key for key, n in counts.items() if n >= least and len(key) <= COMMON} - names
    return [word if word.key not in common else Word(word.key, STOP) for word in words]


# --- Candidates ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What an occurrence is worth by its neighbours, in languages of one order of words.

    `before` and `after` are for a phrase that is a piece of a longer run, cut at its left or right.
    """

    before: float
    after: float
    after_verb: float
    before_determiner: float
    bridges: bool


# All chosen on the half of tests/sector that does not judge, by tests/keyphrases.py and by eye.
# Where a noun comes first, the beginning of a run is the better piece, elsewhere its end. "La ville
# relève la prime": what stands before an article is mostly a verb, but Dutch and German put two
# nouns side by side there ("dat de stad de premie verhoogt"), and a noun after a verb too.
NOUN_FIRST = Order(before=0.4, after=0.75, after_verb=0.35, before_determiner=0.3, bridges=True)
NOUN_LAST = Order(before=0.75, after=0.5, after_verb=0.35, before_determiner=0.3, bridges=False)
VERB_SECOND = Order(before=0.75, after=0.5, after_verb=0.6, before_determiner=0.6, bridges=False)
ORDERS = dict.fromkeys(("en", "da", "sv", "no", "fi", "hu", "tr", "uk", "ru", "pl"), NOUN_LAST)
ORDERS |= dict.fromkeys(("nl", "de"), VERB_SECOND)
IN_TITLE = 3.0
EARLY, BEGINNING = 1.5, 40  # in so many words of the text
AFTER_LEAD = 1.25
AFTER_LINK = 0.8  # the rest of a longer phrase
CUT_NAME = 0.3
NUMBER = re.compile(r"(?!(?:19|20)\d\d$)\d")  # stands after a verb, unless a year ("mobilise 600")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A phrase: where it stands, and what its occurrences are worth together.

    `bridged` says that it holds a small word which only names may hold.
    """

    key: tuple[str, ...]
    places: Sequence[tuple[int, int]]
    weight: float
    bridged: bool


@dataclass(frozen=True, slots=True)
class Phrases:
    """All phrases of an article, by their keys; `content` is how many of its words have a sense.

    A Candidate each would take most of the time: hardly any is looked at.
    """

    weights: Mapping[tuple[str, ...], float]
    places: Mapping[tuple[str, ...], Sequence[tuple[int, int]]]
    bridged: frozenset[tuple[str, ...]]
    content: int

    def candidate(self, key: tuple[str, ...]) -> Candidate:
        return Candidate(key, self.places[key], self.weights[key], key in self.bridged)


def _phrases(said: Said, language: str) -> Phrases:
    words, order = said.words, ORDERS.get(language, NOUN_FIRST)
    kinds = [word.kind for word in words]
    keys = tuple([word.key for word in words])
    tall = [False] * len(words)  # a name, where capitals mean one
    if language != "de":
        tall = [word.tall and word.key in said.names for word in words]
    content = [at for at, kind in enumerate(kinds) if kind == CONTENT]
    first = _at_starts(content, words, kinds, tall, order)
    last = dict(zip(content, _at_ends(content, said, kinds, tall, order), strict=True))
    early = said.title + BEGINNING
    weights: dict[tuple[str, ...], float] = {}
    places: dict[tuple[str, ...], list[tuple[int, int]]] = {}
    bridges: list[tuple[str, ...]] = []
    for at, worth in zip(content, first, strict=True):
        worth *= IN_TITLE if at < said.title else EARLY if at < early else 1.0  # noqa: PLW2901
        for end, bridged in _ends(kinds, at) if kinds[at + 1] in GO_ON else ((at + 1, False),):
            key = keys[at:end]
            there = places.get(key)
            if there is None:
                weights[key], places[key] = worth * last[end - 1], [(at, end)]
            else:
                weights[key] += worth * last[end - 1]
                there.append((at, end))
            if bridged:
                bridges.append(key)
    return Phrases(weights, places, frozenset(bridges), len(content))


def _ends(kinds: Sequence[int], at: int) -> list[tuple[int, bool]]:
    """Where phrases that begin here may end, and whether they hold a bridge by then."""
    end, bridged = at + 1, False
    ends = [(end, bridged)]
    while True:
        kind = kinds[end]  # the last of all is a sign
        if kind in SMALL:
            bridged = bridged or kind == BRIDGE
            end += 1
            kind = kinds[end]
            if kind == ARTICLE:
                end += 1
                kind = kinds[end]
        end += 1
        if kind != CONTENT or end - at > LONGEST:
            return ends
        ends.append((end, bridged))


def _at_starts(
    content: Sequence[int],
    words: Sequence[Word],
    kinds: Sequence[int],
    tall: Sequence[bool],
    order: Order,
) -> Iterator[float]:
    """What it is worth to begin at each word of `content`, by what stands before it."""
    for at in content:
        left = kinds[at - 1] if at else STOP
        if left == CONTENT:
            yield order.before if not tall[at] else CUT_NAME if tall[at - 1] else 1.0
        elif left in (LINK, ARTICLE) and kinds[at - 2] in (CONTENT, LINK):
            yield AFTER_LINK
        elif at and words[at - 1].lead:
            yield AFTER_LEAD
        else:
            yield order.after_verb if at and words[at - 1].verb else 1.0


def _at_ends(
    content: Sequence[int], said: Said, kinds: Sequence[int], tall: Sequence[bool], order: Order
) -> Iterator[float]:
    """What it is worth to end with each word of `content`, by what stands after it."""
    for at in content:
        right = kinds[at + 1]
        if right == CONTENT:
            yield order.after if not tall[at] else CUT_NAME if tall[at + 1] else 1.0
        elif right == LINK or (right == BRIDGE and order.bridges):
            yield order.after if CONTENT in kinds[at + 2 : at + 4] else 1.0
        elif _after_verb(said.words[at + 1], said.tokens[at + 1]):
            yield order.before_determiner
        else:
            yield 1.0


def _after_verb(word: Word, token: str) -> bool:
    """Whether it stands after a verb rather than after a noun: an article, a number."""
    return word.determiner or (not word.key and NUMBER.match(token) is not None)


# --- Choosing ------------------------------------------------------------------------------------

BY_LENGTH = (0.0, 1.0, 1.7, 1.85, 1.6)  # by how many words of it mean something
LOOK = (0.0, 1.0, 1.7, 1.7, 1.8)  # the same at first sight, by all its words
CLOSELY = 24
NAME = 1.6
SHARE = 0.35  # of what its words are worth without it
RARE = 0.55  # said once, not in the title, no name
TITLE_ONLY = 0.6  # one word, in the title and not in the text
UNLISTED = 0.4  # several words, said once, in a language without stop words: a piece of a sentence
VERBAL = 0.3  # looks like a verb or an adverb
UNLIKELY = 0.5  # may be one
# Endings of verbs and adverbs that hardly any noun has.
VERBAL_ENDING = {
    "fr": re.compile(
        r"(aient|eront|erait|issent|amment|emment|ellement|ivement|iquement|alement)$"
    ),
    "en": re.compile(r"(ly|ed)$"),
    "nl": re.compile(r"(lijk|lijks|eerd|eert)$"),
    "es": re.compile(r"(mente|aron|ieron|aban|ando|iendo)$"),
    "pt": re.compile(r"(mente|aram|eram|avam|ando|endo)$"),
    "it": re.compile(r"(mente|arono|avano|ando|endo)$"),
}
INFINITIVE = re.compile(r"(er|ir)$")
# Dutch writes compounds in one word: two words are an adjective and a noun, or a noun and a verb.
INFLECTED = re.compile(r"(e|al|isch|baar|ief|eel|air|st)$")
# "And" is written as one with the verb or the noun that follows; these nouns begin so themselves.
AND_OR_VERB = re.compile(
    "و(?!ال|زار|زير|كال|باء|ضع|جب|ثائق|ثيق|لاي|فا|قود|حد|سائل|سيل|اد|رش|عي|ظي|ظائ|صول|قاي|لاد|سط"
    "|رد|اقع)"
)
VERB_IN_ARABIC = re.compile("[وس]?ي|وت")


def _best(found: Phrases, said: Said, language: str, most: int) -> list[Candidate]:
    # Only the best of a first look are looked at closely, which would else take most of the time.
    looks = {key: -weight * LOOK[len(key)] for key, weight in found.weights.items()}
    likely = map(found.candidate, sorted(looks, key=looks.__getitem__)[:CLOSELY])
    # A note of three lines has fewer subjects than an article.
    most = min(most, 3 + found.content // 10)
    chosen: list[Candidate] = []
    taken, in_words = set[int](), set[str]()
    scored = [(_score(each, said, language, found.weights), each) for each in likely]
    for score, each in sorted(scored, key=lambda pair: -pair[0]):
        if score <= 0 or len(chosen) == most:
            break
        if not any(taken.isdisjoint(range(*place)) for place in each.places):
            continue  # a piece of another one, or of the same words
        if not in_words.isdisjoint(each.key) and any(
            _inside(each.key, other.key) or _inside(other.key, each.key) for other in chosen
        ):
            continue
        chosen.append(each)
        in_words.update(each.key)
        taken.update(at for place in each.places for at in range(*place))
    return chosen


def _score(
    each: Candidate, said: Said, language: str, weights: Mapping[tuple[str, ...], float]
) -> float:
    start, end = each.places[0]
    words = [word for word in said.words[start:end] if word.kind == CONTENT]
    once, named = len(each.places) == 1, all(word.key in said.names for word in words)
    if all(word.weak for word in words) or (each.bridged and once and not named):
        return 0.0
    mean = sum(weights[word.key,] for word in words) / len(words)
    score = (each.weight + SHARE * max(mean - each.weight, 0.0)) * BY_LENGTH[len(words)]
    score *= SHAPES.get(language, _other)(said.tokens[start:end], words, said.names)
    if named:
        return score * NAME if language != "de" else score
    if once and start >= said.title:
        score *= RARE
    if len(words) > 1:
        return score * (UNLISTED if once and language not in _lexica() else 1.0)
    if each.places[-1][0] < said.title:
        score *= TITLE_ONLY
    return score * (UNLIKELY if len(words[0].key) < SHORT else 1.0)


def _other(tokens: Sequence[str], words: Sequence[Word], names: frozenset[str]) -> float:  # noqa: ARG001
    """What the form of a phrase says, in a language of which nothing is known."""
    return 1.0


def _german(tokens: Sequence[str], words: Sequence[Word], names: frozenset[str]) -> float:  # noqa: ARG001
    return 1.0 if words[-1].tall else VERBAL


def _english(tokens: Sequence[str], words: Sequence[Word], names: frozenset[str]) -> float:  # noqa: ARG001
    return _ending("en", words)


def _dutch(tokens: Sequence[str], words: Sequence[Word], names: frozenset[str]) -> float:
    worth = _ending("nl", words)
    if len(words) == len(tokens) > 1 and any(word.key not in names for word in words):
        worth *= UNLIKELY if words[0].key in names else 1.0
        worth *= 1.0 if INFLECTED.search(words[0].key) else UNLIKELY
    return worth


def _arabic(tokens: Sequence[str], words: Sequence[Word], names: frozenset[str]) -> float:  # noqa: ARG001
    worth = VERBAL if AND_OR_VERB.match(tokens[0]) else 1.0
    if not tokens[-1].startswith(("ال", "لل", "بال")):
        worth *= UNLIKELY  # no noun with its article
    return worth * (VERBAL if any(map(VERB_IN_ARABIC.match, tokens)) else 1.0)


def _romance(
    language: str, tokens: Sequence[str], words: Sequence[Word], names: frozenset[str]
) -> float:
    worth = _ending(language, words)
    if all(word.key in names for word in words):
        return worth
    if words[0].key in names:
        # "Fonds du logement" is a name, "Genève refuse" holds one.
        worth *= NAME if len(tokens) > len(words) or len(words) > 2 else UNLIKELY  # noqa: PLR2004
    if len(words) > 1:
        if language == "fr" and INFINITIVE.search(words[-1].key):
            worth *= UNLIKELY
        # Noun and adjective are both plural or both not; noun and verb seldom are.
        one, two = tokens[-2][-1] in "sx", tokens[-1][-1] in "sx"
        if language in PLURALS and one != two and len(tokens) == len(words):
            worth *= UNLIKELY
    return worth


def _ending(language: str, words: Sequence[Word]) -> float:
    ending = VERBAL_ENDING[language]
    return VERBAL if ending.search(words[0].key) or ending.search(words[-1].key) else 1.0


SHAPES: dict[str, Callable[[Sequence[str], Sequence[Word], frozenset[str]], float]] = {
    "ar": _arabic,
    "de": _german,
    "en": _english,
    "nl": _dutch,
    **{language: partial(_romance, language) for language in ("fr", "es", "pt", "it")},
}


def _inside(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    size = len(one)
    return any(other[at : at + size] == one for at in range(len(other) - size + 1))


def _surface(each: Candidate, said: Said) -> str:
    """As it is written most often; of two, as first."""
    forms = Counter(_written(said.tokens[start:end]) for start, end in each.places)
    return max(forms, key=forms.__getitem__)


def _written(tokens: Sequence[str]) -> str:
    joined = "".join([token if token[-1] in "'’" else f"{token} " for token in tokens]).rstrip()
    return joined.removesuffix("'s").removesuffix("’s")
