"""Up to eight key phrases of an article: what it says in its title, early, often, and by name.

Phrases are runs of words between stop words and punctuation (as in RAKE), but a few small words may
stand inside ("aide à la jeunesse"), and what stands before a run says whether a noun begins there.
"""

import re
import tomllib
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
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
    ["bo", "dz", "ja", "km", "lo", "mnw", "my", "shn", "th", "wuu", "yue", "zh", "gan", "lzh", "nan"]
)
_UNSPACED = "\u0e00-\u0eff\u0f00-\u0fff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff"
_MARKS = "\u0300-\u036f\u0591-\u05bd\u0610-\u061a\u064b-\u065f\u0670\u0900-\u0963\u0966-\u0dff"
_WORD = rf"[^\W\d_{_UNSPACED}][\w{_MARKS}]*+(?:['’‐‑&-](?=\w)[\w{_MARKS}]++)*+"
_OTHER = r"\d\w*+(?:[.,:]\w++)*+|[^\w\s]|\n"
# A word (apostrophes, hyphens and `&` hold its parts together), a number, an end of a line or a
# sentence, or another sign.
TOKEN = re.compile(rf"{_WORD}|{_OTHER}")
_BEFORE = "[ldjmtsncLDJMTSNC]|(?:[Jj]us|[Ll]ors|[Pp]uis|[Qq]uel)?[Qq]u|(?:[Dd]e|[Dd]a|[Nn]e|[Ss]u|[Aa])ll?|[Uu]n"
ELIDING = re.compile(rf"(?:{_BEFORE})['’](?=\w)|{_WORD}|{_OTHER}")
TOKENS = {"fr": ELIDING, "it": ELIDING, "ca": ELIDING, "oc": ELIDING}
NO_WORD = re.compile(f"[{_UNSPACED}]")
AND_IN_ARABIC = re.compile(r"\bو(?=ال(?!د)\w\w\w)")
MARKUP = re.compile(r"<[^<>]{0,300}>|(?:https?://|www\.)\S+|\S+@\S+")
ENDS = frozenset(".!?:…«»\"“”•|\n")
LONGEST_WORD = 40  # letters; what is longer is no word but data


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
JOINED = frozenset([CONTENT, LINK])
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
    found = _candidates(said, language)
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
    lexis = _lexica().get(language)
    length = 0
    for part in (title, text[:READ]):
        plain = _plain(part, language)
        found = TOKENS.get(language, TOKEN).findall(plain)
        found.append("\n")
        read = [_word(token, language) for token in found]
        if _cased(plain):  # else nothing is known of names
            start = True
            for at, word in enumerate(read):
                if word.tall and (word.inner or not start):
                    if language != "de" and word.kind != CONTENT and _of_a_name(word, start, lexis):
                        read[at] = word._replace(kind=CONTENT, weak=True)
                    capital[word.key] += 1
                start = word.ends
        tokens += found
        words += read
        length = length or len(tokens)
    small = Counter([word.key for word in words if not word.tall and word.key in capital])
    names = frozenset([key for key, n in capital.items() if n >= small[key]])
    if lexis is None:
        words = _without_common(words, names)
    return Said(tokens, words, length, names)


def _of_a_name(word: Word, start: bool, lexis: Lexis | None) -> bool:
    """Whether a stop word with a capital may belong to one: "Médecins du Monde", "Los Teritos"."""
    if start or lexis is None or word.key in lexis.dates:
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
    return lower if len(word) > 4 or _word(lower, language).kind != CONTENT else word


def _shouted(part: str) -> bool:
    letters = "".join(filter(str.isalpha, part[:200]))
    return sum(map(str.isupper, letters)) > len(letters) * 0.6


def _cased(part: str) -> bool:
    """Whether capitals mean something, which they do not in an English Headline Like This."""
    words = [word for word in part[:300].split()[1:] if len(word) > 4 and word[0].isalpha()]
    tall = sum(word[0].isupper() for word in words)
    return tall <= len(words) * 0.7 and not _shouted(part)


@lru_cache(maxsize=50_000)
def _word(token: str, language: str) -> Word:
    if not token[0].isalpha():
        return _AND if token == "&" else Word("", STOP, ends=token in ENDS)
    folded = fold(token)
    lexis = _lexica().get(language)
    tall, inner = token != token.lower(), token[1:] != token[1:].lower()
    if not folded or len(folded) > LONGEST_WORD or NO_WORD.search(token):
        return _SIGN
    if lexis is None:
        long = 2 if "가" <= token[0] <= "힣" else 3 if token[0] > "\u0590" else 4
        return Word(folded, CONTENT if len(folded) >= long else STOP, tall=tall, inner=inner)
    kind = lexis.kinds.get(folded)
    lead, verb = folded in lexis.leads, folded in lexis.verbs
    if kind is None:
        stop = lead or verb or folded in lexis.words or folded in lexis.dates or len(folded) < 2
        kind = STOP if stop else CONTENT
    key = folded if kind != CONTENT else _stem(folded, language)
    weak = kind == CONTENT and folded in lexis.weak
    return Word(key, kind, lead, verb, weak, folded in lexis.determiners, tall, inner)


def _stem(word: str, language: str) -> str:
    """Bring singular and plural together where that is easy; only for counting."""
    if language == "ar":
        for prefix in ("وال", "بال", "فال", "كال", "لل", "ال"):
            if word.startswith(prefix) and len(word) > len(prefix) + 2:
                return word[len(prefix) :]
        return word
    if language == "en":
        word = word.removesuffix(" s")
        if word.endswith("ies") and len(word) > 5:
            return word[:-3] + "y"
    if len(word) < 5:
        return word
    if language in {"es", "pt"} and word.endswith("es") and word[-3] in "nrldz":
        return word[:-2]
    if language in {"nl", "de"} and len(word) > 6 and word.endswith("en"):
        return word[:-2]
    if language in {"fr", "es", "pt", "en", "nl"} and word[-1] == "s" and word[-2] != "s":
        return word[:-1]
    return word[:-1] if language == "fr" and word[-1] == "x" else word


def _without_common(words: list[Word], names: frozenset[str]) -> list[Word]:
    """The same, with what is short and everywhere in it as stop words."""
    counts = Counter(word.key for word in words if word.kind == CONTENT)
    least = max(3, len(words) * 0.012)
    common = {key for key, n in counts.items() if n >= least and len(key) < 6} - names
    return [
        word if word.key not in common else Word(word.key, STOP)
        for word in words
    ]


# --- Candidates ----------------------------------------------------------------------------------

# What an occurrence is worth. Chosen on the half of tests/sector that does not judge.
IN_TITLE = 3.0
EARLY = 1.5  # in the first 40 words of the text
AFTER_LEAD = 1.25
AFTER_LINK = 0.8  # the rest of a longer phrase
# A phrase that is a piece of a longer run: where a noun comes first, its beginning is the better
# piece; where it comes last, its end.
CUT_LEFT = {"noun first": 0.4, "noun last": 0.75}
CUT_RIGHT = {"noun first": 0.75, "noun last": 0.5}
CUT_NAME = 0.3
# "La ville relève la prime": what stands before an article is mostly a verb, but Dutch and German
# put two nouns side by side there ("dat de stad de premie verhoogt"), and a noun after a verb too.
BEFORE_DETERMINER, IN_DUTCH = 0.3, 0.6
AFTER_VERB = 0.35
VERB_SECOND = frozenset(["nl", "de"])
NUMBER = re.compile(r"(?!(?:19|20)\d\d$)\d")  # a verb too, unless a year: "mobilise 600 secouristes"
NOUN_LAST = frozenset(["nl", "en", "de", "da", "sv", "no", "nb", "fi", "hu", "tr", "uk", "ru", "pl"])


class Candidate:
    """A phrase: where it stands, and what its occurrences are worth together.

    `bridged` says that it holds a small word which only names may hold.
    """

    __slots__ = ("bridged", "key", "places", "weight")

    def __init__(self, key: tuple[str, ...]) -> None:
        self.key = key
        self.places: list[tuple[int, int]] = []
        self.weight = 0.0
        self.bridged = False


def _candidates(said: Said, language: str) -> list[Candidate]:
    words = said.words
    kinds = [word.kind for word in words]
    tall = [False] * len(words)  # a name, where capitals mean one
    if language != "de":
        tall = [
            token[0].isupper() and word.key in said.names
            for token, word in zip(said.tokens, words, strict=True)
        ]
    keys = [word.key for word in words]
    order = "noun last" if language in NOUN_LAST else "noun first"
    before, after = CUT_LEFT[order], CUT_RIGHT[order]
    after_verb, verbal = AFTER_VERB, BEFORE_DETERMINER
    if language in VERB_SECOND:
        after_verb = verbal = IN_DUTCH
    early = said.title + 40
    # What an occurrence is worth by what stands after it, for each word that may be its last.
    last = [1.0] * len(words)
    content = [at for at, kind in enumerate(kinds) if kind == CONTENT]
    for at in content:
        right = kinds[at + 1]  # the last of all is a sign
        if right == CONTENT:
            last[at] = after if not tall[at] else CUT_NAME if tall[at + 1] else 1.0
        elif right == LINK:
            last[at] = after if kinds[at + 2] == CONTENT else 1.0
        elif right == BRIDGE and order == "noun first":
            last[at] = after if CONTENT in kinds[at + 2 : at + 4] else 1.0
        elif words[at + 1].determiner or NUMBER.match(said.tokens[at + 1]):
            last[at] = verbal
    found: dict[tuple[str, ...], Candidate] = {}
    for at in content:
        worth = IN_TITLE if at < said.title else EARLY if at < early else 1.0
        if at:
            left = words[at - 1]
            if left.kind == CONTENT:
                worth *= before if not tall[at] else CUT_NAME if tall[at - 1] else 1.0
            elif (left.kind == LINK or left.kind == ARTICLE) and kinds[at - 2] in JOINED:
                worth *= AFTER_LINK
            elif left.lead:
                worth *= AFTER_LEAD
            elif left.verb:
                worth *= after_verb
        end, bridged = at + 1, False
        while True:
            key = tuple(keys[at:end])
            known = found.get(key)
            if known is None:
                found[key] = known = Candidate(key)
            known.weight += worth * last[end - 1]
            known.places.append((at, end))
            known.bridged = known.bridged or bridged
            kind = kinds[end] if end < len(kinds) else STOP
            if kind == LINK or kind == BRIDGE:
                bridged = bridged or kind == BRIDGE
                end += 1
                kind = kinds[end]
                if kind == ARTICLE:
                    end += 1
                    kind = kinds[end]
            end += 1
            if kind != CONTENT or end - at > LONGEST:
                break
    return list(found.values())


# --- Choosing ------------------------------------------------------------------------------------

BY_LENGTH = (0.0, 1.0, 1.7, 1.85, 1.6)  # by how many words of it mean something
LOOK = (0.0, 1.0, 1.7, 1.7, 1.8)
CLOSELY = 24
NAME = 1.6
SHARE = 0.35  # of what its words are worth without it
RARE = 0.55  # said once, not in the title, no name
TITLE_ONLY = 0.6  # one word, in the title and not in the text
VERBAL = 0.3
NAME_AND_VERB = frozenset(["fr", "es", "pt", "it", "nl"])  # "Genève refuse"
ROMANCE = frozenset(["fr", "es", "pt", "it", "ca", "gl", "ro"])
# Dutch writes compounds in one word: two words are an adjective and a noun, or a noun and a verb.
INFLECTED = re.compile(r"(e|al|isch|baar|ief|eel|air|st)$")
# Endings of verbs and adverbs that hardly any noun has.
# Noun and adjective are both plural or both not; noun and verb seldom are ("clubs meurent").
AGREEING = frozenset(["fr", "es", "pt"])
# "And" is written as one with the verb or the noun that follows; these nouns begin so themselves.
AND_OR_VERB = re.compile(
    "و(?!ال|زار|زير|كال|باء|ضع|جب|ثائق|ثيق|لاي|فا|قود|حد|سائل|سيل|اد|رش|عي|ظي|ظائ|صول|قاي|لاد|سط|رد|اقع)"
)
INFINITIVE = re.compile(r"(er|ir)$")
VERBAL_ENDING = {
    "fr": re.compile(r"(aient|eront|erait|issent|amment|emment|ellement|ivement|iquement|alement)$"),
    "en": re.compile(r"(ly|ed)$"),
    "nl": re.compile(r"(lijk|lijks|eerd|eert)$"),
    "es": re.compile(r"(mente|aron|ieron|aban|ando|iendo)$"),
    "pt": re.compile(r"(mente|aram|eram|avam|ando|endo)$"),
    "it": re.compile(r"(mente|arono|avano|ando|endo)$"),
}


def _best(
    found: Sequence[Candidate], said: Said, language: str, most: int
) -> list[Candidate]:
    single = {each.key[0]: each.weight for each in found if len(each.key) == 1}
    # Only the best of a first look are looked at closely, which would else take most of the time.
    likely = sorted(found, key=lambda each: each.weight * LOOK[len(each.key)], reverse=True)[:CLOSELY]
    scored = sorted(
        ((_score(each, said, language, single), -number) for number, each in enumerate(likely)),
        reverse=True,
    )
    # A note of three lines has fewer subjects than an article.
    content = sum(word.kind == CONTENT for word in said.words)
    most = min(most, 3 + content // 10)
    chosen: list[Candidate] = []
    taken: set[int] = set()
    for score, number in scored:
        if score <= 0 or len(chosen) == most:
            break
        each = likely[-number]
        if all(any(at in taken for at in range(*place)) for place in each.places):
            continue  # a piece of another one, or of the same words
        if any(_inside(each.key, other.key) or _inside(other.key, each.key) for other in chosen):
            continue
        chosen.append(each)
        for place in each.places:
            taken.update(range(*place))
    return chosen


def _score(each: Candidate, said: Said, language: str, single: Mapping[str, float]) -> float:
    start, end = each.places[0]
    words = [word for word in said.words[start:end] if word.kind == CONTENT]
    count = len(each.places)
    named = all(word.key in said.names for word in words)
    # "Fonds du logement": in Romance languages only the first word need have a capital.
    short = end - start == 2
    headed = words[0].key in said.names and language in ROMANCE and not short
    if each.bridged and count == 1 and not named:
        return 0.0
    if all(word.weak for word in words):
        return 0.0
    mean = sum(single[word.key] for word in words) / len(words)
    score = (each.weight + SHARE * max(mean - each.weight, 0.0)) * BY_LENGTH[len(words)]
    if language == "de":
        tall = said.tokens[end - 1][0].isupper()
        score *= 1.0 if tall else 0.25
    elif named or headed:
        score *= NAME
    if short and words[0].key in said.names and not named and language in NAME_AND_VERB:
        score *= 0.5
    if language == "nl" and len(words) > 1 and end - start == len(words) and not named:
        score *= 1.0 if INFLECTED.search(words[0].key) else 0.4
    if len(words) == 1 and not named and each.places[-1][0] < said.title:
        score *= TITLE_ONLY
    if count == 1 and start >= said.title and not named:
        score *= RARE
    if len(words) == 1 and len(words[0].key) < 4 and not said.tokens[start].isupper():
        score *= 0.5
    ending = VERBAL_ENDING.get(language)
    if ending and (ending.search(words[0].key) or ending.search(words[-1].key)):
        score *= VERBAL
    if language in AGREEING and len(words) > 1 and not named:
        one, two = said.tokens[end - 2], said.tokens[end - 1]
        if said.words[end - 2].kind == CONTENT and (one[-1] in "sx") != (two[-1] in "sx"):
            score *= 0.5
    if language == "ar":
        if AND_OR_VERB.match(said.tokens[start]):
            score *= VERBAL
        if not said.tokens[end - 1].startswith(("ال", "لل", "بال")):
            score *= 0.6
        if any(token.startswith(("ي", "وي", "وت", "سي")) for token in said.tokens[start:end]):
            score *= VERBAL
    if language == "fr" and len(words) > 1 and INFINITIVE.search(words[-1].key):
        score *= 0.5
    return score


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
