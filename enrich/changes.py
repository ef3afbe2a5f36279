"""Whether an article changed in what it says, or only in how it is set, and its diff.

Paragraphs are compared first and words only inside those that differ, by anchors that occur once
(patience diff), so that the time grows with the length of the texts and not with its square.
"""

import re
import unicodedata
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import islice, takewhile

from enrich.text import fold_cased


def _set(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


# Cells of the tables that align what anchors leave: a block of 100 by 100 words, and in all what
# takes 0.2 s. What is beyond is said to be replaced as a whole.
MAX_BLOCK, MAX_CELLS = 10_000, 1_000_000
MAX_DEPTH = 20  # of anchors within what other anchors leave; texts of news need three
MAX_DIFF = 20_000  # characters; a page that changed that much is read, not compared
MAX_SENTENCES = 1000  # of one place, which fill it several times over
# Two dates with their times and a count are 21 words; no sentence is made of nothing else.
MAX_STAMP = 24
# Words between "Read also" and the title that follows; longer ones are a paragraph.
MAX_LINK = 25
MAX_BESIDE = 300  # characters of a line that holds a stamp or an address beside something else
# A menu written in a row: so many names of so many words each. Tables of figures have digits.
MIN_NAMES, MAX_LABEL = 3, 4
# Spelling: fewer letters, and one more or less makes another word (sans, dans; war, was), as it
# does at the beginning of any word (geen, een; million, billion). Scripts that leave vowels out,
# or put several letters into one, are denser.
MIN_SPELLED, MIN_SPELLED_DENSE = 5, 8
# Names differ by one letter (Irlande, Islande; Marin, Martin), long ones hardly ever.
MIN_NAME = 8
MIN_TURNED = 3  # two neighbouring letters in each other's place (teh, the)
# As in enrich.extract: written without spaces between words.
SPACELESS = (
    "\\u0e00-\\u0eff\\u1000-\\u109f\\u1780-\\u17ff\\u3040-\\u30ff\\u3400-\\u4dbf\\u4e00-\\u9fff"
)
RUN = re.compile(f"[{SPACELESS}]")
PIECE = re.compile(f"[{SPACELESS}]|[^{SPACELESS}]+")
PLAIN = re.compile(r"[\u0000-\u052f\u1e00-\u1fff]+")  # Latin, Greek, Cyrillic
SENTENCE = re.compile(r"(?<=[.!?…؟۔।])[\"'»”’)]*\s+|(?<=[。！？])")

# What folding would lose of a number: separators, the sign, what is counted. The letters ꞏ and ǀ
# stand in no number, and count as letters, so folding keeps them.
NUMBERS: tuple[tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]], ...] = (
    (
        re.compile(r"\b\d{1,3}(?:[.,'’ \u00a0\u202f\u2009]\d{3})+\b"),
        lambda found: re.sub(r"\D", "", found[0]),
    ),
    (re.compile(r"\b(\d{1,2})\s?[hH:]\s?(\d{2})\b"), r"\1h\2"),
    (re.compile(r"\b(\d{1,2})\s[hH]\b"), r"\1h"),
    (re.compile(r"(?<=\d)[.,٫](?=\d)"), "ꞏ"),
    (re.compile(r"(?<!\S)[-−](?=\d)"), "ǀ"),
    (re.compile(r"\s?%|٪"), " percent "),
    (re.compile("€"), " euros "),
    (re.compile(r"\$"), " dollars "),
    (re.compile("£"), " pounds "),
)
NUMERIC = re.compile(r"[\d%٪€$£]")
COMMAS = str.maketrans(",،、", "   ")

# Articles say little: one for another, or one more, changes nothing. `die` is also an English
# verb, and UN an organisation, so that capitals are no article.
ARTICLES = _set("le la les l un une des du de d het een the a an der das el los las il lo")
GENDERED = ARTICLES | {"die", "den", "dem", "dass", "ein", "eine", "einen", "una", "unos", "unas"}
# Never a misspelling of another word.
FIXED = _set(
    # Negations; words of four letters or less are never one.
    "jamais aucun aucune point nicht nichts niemals keine keinen keiner nooit niets niemand never"
    " nothing nunca ninguno ninguna ningun nadie jamas nenhum nenhuma cannot without"
    # Numbers.
    " trois quatre seize quinze treize douze trente quarante cinquante soixante cents mille"
    " million millions milliard milliards zeven zestig zestien zeventig zeventien tachtig negentig"
    " twaalf dertig dertien veertig veertien vijftig vijftien miljoen miljard duizend honderd"
    " three seven eight fifth sixth sixty sixteen seventy seventeen eighty eighth eighteen ninety"
    " nineteen ninth thirty thirteen forty fourteen fifty fifteen billion trillion hundred thousand"
    " sechs sieben sechzig siebzig dreissig dreizehn vierzig vierzehn millionen milliarde"
    " milliarden siete sesenta setenta ochenta noventa cuarenta cincuenta treinta veinte"
    " sessenta oitenta"
)

# Lines about the page rather than the matter. First what says so, in any of our languages ...
ABOUT = re.compile(
    r"\b(?:mis a jour|mise a jour|publie|modifie|actualise|il y a|commentaires?|partages?|partager"
    r"|vues?|lectures?|temps de lecture|imprimer"
    r"|bijgewerkt|gepubliceerd|geplaatst|gewijzigd|geleden|reacties?|gedeeld|leestijd|weergaven"
    r"|updated?|published|posted|modified|ago|comments?|shares?|shared|views?|min(?:utes?)? read"
    r"|aktualisiert|veroffentlicht|geandert|zuletzt|vor|kommentare?|aufrufe|lesezeit|geteilt"
    r"|actualizado|publicado|modificado|hace|comentarios?|compartidos?|compartir|visitas|lectura"
    r"|atualizado|ha|comentarios|partilhas"
    r"|تحديث|التحديث|نشر|النشر|منذ|قبل|تعليقات|تعليق|مشاركه|مشاركات|مشاهده|مشاهدات"
    r"|обновлено|опубликовано|назад|комментари\w+)\b"
    r"|更新|发布|發布|公開|前|评论|評論|コメント|阅读|閱讀|浏览|瀏覽"
)
# ... then what else such a line is made of.
CALENDAR = _set(
    "mis mise jour publie publiee modifie actualise commentaire commentaires partage partages"
    " partager vue vues lecture lectures temps de imprimer il y a le la les l a au en par derniere"
    " dernier fois aujourd hui hier lire"
    " bijgewerkt gepubliceerd geplaatst gewijzigd geleden reactie reacties gedeeld leestijd"
    " weergaven op om uur uren minuten dagen dag weken laatst laatste keer gisteren vandaag"
    " update updated published posted modified ago comment comments share shares shared view views"
    " read last on at the"
    " aktualisiert veroffentlicht geandert zuletzt vor kommentar kommentare aufrufe lesezeit"
    " geteilt am um uhr mal gestern heute stand stunde stunden tag tage tagen minute wochen"
    " actualizado publicado modificado hace comentario comentarios compartido compartidos compartir"
    " visitas lectura el los las hora horas minuto minutos dia dias semana semanas veces ayer hoy"
    " ultima ultimo actualizacion"
    " atualizado ha atras partilhas ontem hoje em"
    " h hs hrs min mins minutes heure heures hour hours jours day days semaine semaines week weeks"
    " mois month months maanden monate meses an ans annee year years jaar jahre anos s sec seconds"
    " secondes am pm gmt utc cet cest th st nd rd er e k m"
    " janvier fevrier mars avril mai juin juillet aout septembre octobre novembre decembre"
    " januari februari maart april mei juni juli augustus september oktober november december"
    " january february march may june july august october"
    " januar februar marz august dezember"
    " enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre"
    " janeiro fevereiro marco maio junho julho setembro outubro novembro dezembro"
    " jan feb fev mar apr avr jun jul aug sep sept okt oct nov dec dez"
    " lundi mardi mercredi jeudi vendredi samedi dimanche"
    " maandag dinsdag woensdag donderdag vrijdag zaterdag zondag"
    " monday tuesday wednesday thursday friday saturday sunday"
    " montag dienstag mittwoch donnerstag freitag samstag sonntag"
    " lunes martes miercoles jueves viernes sabado domingo"
    " اخر تحديث التحديث تم نشر النشر في منذ قبل تعليقات تعليق مشاركه مشاركات مشاهده مشاهدات ساعه"
    " ساعات دقيقه دقائق يوم ايام اسبوع شهر الساعه بتاريخ يناير فبراير مارس ابريل مايو يونيو يوليو"
    " اغسطس سبتمبر اكتوبر نوفمبر ديسمبر الاحد الاثنين الثلاثاء الاربعاء الخميس الجمعه السبت"
    " امس اليوم ساعتين دقيقتين يومين اسبوعين شهرين"
    " обновлено опубликовано назад часа часов час минут минуты дней"
) | frozenset(
    "更新日期时间時間年月日时時分秒前小天周星一二三四五六发布發於于条條则則评評论論阅閱读讀浏瀏览覽"
    "次公開件コメント最終"
)  # fmt: skip
DIGIT = re.compile(r"\d")
UNCOUNTED = re.compile(r"[\dꞏ]+")
BYLINE = re.compile(
    r"(?:par|by|door|von|por|publie|gepubliceerd|geplaatst|published|posted|written|veroffentlicht"
    r"|publicado|escrito|geschreven|ecrit|بقلم|كتب)\b"
)
TIME = re.compile(r"\d{1,2}h\d{2}\b|\d{1,2}h\b")
PARTS = re.compile(r"\s*[|·•()]\s*|\s+[-–—]\s+|:\s+")
READ_ALSO = re.compile(
    r"(?:a )?lire (?:aussi|egalement)|sur le meme (?:sujet|theme)|voir aussi|articles? lies"
    r"|a decouvrir"
    r"|lees (?:ook|meer|verder)|meer (?:over|nieuws)|zie ook|gerelateerd|read (?:also|more|next)"
    r"|related|see also|more (?:on|from|about)|you may also"
    r"|lesen sie (?:auch|mehr)|mehr zum|siehe auch"
    r"|weiterlesen|auch interessant|lea (?:tambien|mas)|mas (?:noticias|sobre|informacion)"
    r"|le puede interesar|ver tambien|leia (?:tambem|mais)"
    r"|اقرا (?:ايضا|المزيد)|مواضيع ذات|مقالات ذات"
    r"|读更多|相关|相關|関連"
)
ADDRESS = re.compile(r"(?:https?://|www\.)\S+|\S+@\S+\.\w+")
SENTENCE_END = re.compile(r"[.!?…؟۔।。！？:;][\"'»”’)]*$")
LINKS = re.compile(r"[|·•]|\s/\s")


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """An article as it stood: `text` has paragraphs as lines."""

    title: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What became of a text. `added` and `removed` are words, cosmetic ones too (see `words`).

    `diff` shows the sentences that changed in meaning, `-` before and `+` after, under
    `@@ title @@` or the numbers of the paragraphs they are in, before and after.
    """

    meaningful: bool
    added: int
    removed: int
    diff: str


@dataclass(frozen=True, slots=True)
class Word:
    """A folded word; `name` if it has a capital that no sentence's beginning explains."""

    key: str
    name: bool = False
    capitals: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A paragraph: as it reads, its place in the text (from 1), and what it is compared by."""

    shown: str
    number: int
    words: tuple[Word, ...]
    key: str


Run = tuple[list[Line], list[Line]]
Span = tuple[int, int, int, int]  # from, to on one side; from, to on the other


def compare(old: Text, new: Text) -> Change:
    """Whether `new` says something else than `old`, and what.

    Spacing, case, punctuation, accents, a word's spelling, articles, stamps of time, counts of
    readers, links at the end and the order of lines are no matter. Any other word is, and every
    number: comparing the other way round gives the same answer, turned round.
    """
    # One way round, so that ties are broken alike: who changed back has changed as much.
    if (old.title, old.text) > (new.title, new.text):
        back = _compare(new, old, turned=True)
        return Change(
            meaningful=back.meaningful, added=back.removed, removed=back.added, diff=back.diff
        )
    return _compare(old, new, turned=False)


def words(text: Text) -> int:
    """How many words of `text` are compared: without stamps and links at the end."""
    return sum(len(line.words) for line in (*_title(text), *_lines(text.text)))


def _compare(old: Text, new: Text, *, turned: bool) -> Change:
    budget = Budget()
    added = removed = 0
    shown: list[str] = []
    runs = [(_title(old), _title(new))] if old.title != new.title else []
    for before, after in (*runs, *_runs(_lines(old.text), _lines(new.text), budget)):
        a, b = _all_words(before), _all_words(after)
        matters = False
        for left, right in _differences([w.key for w in a], [w.key for w in b], budget):
            removed += len(left)
            added += len(right)
            if not matters:
                matters = not _cosmetic(a[left.start : left.stop], b[right.start : right.stop])
        if matters and (not shown or sum(map(len, shown)) < MAX_DIFF):
            shown += _shown(*((after, before) if turned else (before, after)), budget)
    return Change(meaningful=bool(shown), added=added, removed=removed, diff=_cut(shown))


# --- Lines and words -----------------------------------------------------------------------------


def _title(text: Text) -> list[Line]:
    return _one(text.title)


def _lines(text: str) -> list[Line]:
    """The paragraphs that say something of the matter."""
    lines = _numbered(enumerate(text.splitlines(), 1))
    told = [matter for line in lines if (matter := _without_stamps(line))]
    return _without_links(told)


def _numbered(lines: Iterable[tuple[int, str]]) -> list[Line]:
    return [
        Line(shown=shown, number=number, words=found, key=key)
        for number, line in lines
        for shown, found, key in (_read(line),)
        if found
    ]


@lru_cache(4000)  # 20 MB: the lines of one comparison, of which most are the same on both sides
def _read(line: str) -> tuple[str, tuple[Word, ...], str]:
    shown = " ".join(unicodedata.normalize("NFC", line).split())
    found = _words(shown)
    return shown, found, " ".join(word.key for word in found)


def _words(line: str) -> tuple[Word, ...]:
    if NUMERIC.search(line):
        for pattern, spelled in NUMBERS:
            line = pattern.sub(spelled, line)
    # A comma is no end of a sentence, after which a capital would say nothing.
    line = fold_cased(line.translate(COMMAS))
    found = []
    begins = True
    for word in line.split(" "):
        if word in (";", ""):
            begins = begins or word == ";"
            continue
        key = word.lower()
        if key == word:
            name = capitals = False
        else:
            name, capitals = not begins, len(word) > 1 and word.isupper()
        begins = False
        if key.isascii() or not RUN.search(key):
            found.append(Word(key, name, capitals))
        else:
            found += [Word(piece) for piece in PIECE.findall(key)]
    return tuple(found)


def _all_words(lines: Sequence[Line]) -> list[Word]:
    return [word for line in lines for word in line.words]


def _joined(words: Sequence[Word]) -> str:
    """Equal for words that differ in spaces only; numbers stay apart from each other."""
    keys = (word.key for word in words)
    return re.sub(r"(?<=\d) (?=\d)", "\n", " ".join(keys)).replace(" ", "")


def _without_stamps(line: Line) -> Line | None:
    """The line without what only says when it was written, or how often it was read."""
    if _is_stamp(line):
        return None
    # Only a line of some length holds a stamp beside something else, and no paragraph does.
    if len(line.shown) > MAX_BESIDE:
        return line
    parts = [part for part in PARTS.split(line.shown) if part]
    kept = parts[:]
    for place in (0, -1):
        if len(kept) > 1 and all(_is_stamp(it, certain=True) for it in _one(kept[place])):
            del kept[place]
    if len(kept) == len(parts):
        return _without_date(line)
    return next(iter(_numbered([(line.number, " | ".join(kept))])), None)


def _without_date(line: Line) -> Line:
    """A line that says who wrote, without when."""
    if not BYLINE.match(line.key) or SENTENCE_END.search(line.shown[-5:]):
        return line
    dated = len(list(takewhile(_is_calendar, reversed(line.words))))
    kept = line.words[: len(line.words) - dated]
    if not kept or not any(DIGIT.search(word.key) for word in line.words[len(kept) :]):
        return line
    return replace(line, words=kept, key=" ".join(word.key for word in kept))


def _is_calendar(word: Word) -> bool:
    return all(rest in CALENDAR for rest in UNCOUNTED.split(word.key) if rest)


def _one(text: str) -> list[Line]:
    return _numbered([(0, text)])


def _is_stamp(line: Line, *, certain: bool = False) -> bool:
    """Made of date, time and number alone; `certain` if it must also say so (`updated`, `ago`)."""
    if len(line.words) > MAX_STAMP or not all(map(_is_calendar, line.words)):
        return False
    if ABOUT.search(line.key) or ABOUT.search(line.key.replace(" ", "")):
        return True
    # Two times are opening hours, which are the matter.
    return not certain and DIGIT.search(line.key) is not None and len(TIME.findall(line.key)) <= 1


def _without_links(lines: list[Line]) -> list[Line]:
    """The lines without those that only lead elsewhere: "read also", and the list at the end."""
    end = len(lines)
    for at in range(len(lines) - 1, -1, -1):
        if _leads_elsewhere(lines[at]):
            end = at
        elif SENTENCE_END.search(lines[at].shown[-5:]) or len(lines[at].words) > MAX_LINK:
            break
    kept = [line for line in lines[:end] if not _leads_elsewhere(line)]
    while kept and _is_link(kept[-1]):
        kept.pop()
    return kept


def _leads_elsewhere(line: Line) -> bool:
    return len(line.words) <= MAX_LINK and bool(READ_ALSO.match(line.key))


def _is_link(line: Line) -> bool:
    """An address, or a row of short names (Accueil | Contact | Plan du site)."""
    if len(line.words) > MAX_LINK:
        return False
    if not any(char.isalnum() for char in ADDRESS.sub("", line.shown[:MAX_BESIDE])):
        return True
    names = [part for part in LINKS.split(line.shown) if part.strip()]
    return (
        len(names) >= MIN_NAMES
        and not SENTENCE_END.search(line.shown[-5:])
        and all(len(name.split()) <= MAX_LABEL and not DIGIT.search(name) for name in names)
    )


# --- What differs --------------------------------------------------------------------------------


class Budget:
    """What is left of MAX_CELLS for one comparison."""

    def __init__(self) -> None:
        self.cells = MAX_CELLS

    def takes(self, cells: int) -> bool:
        if cells > MAX_BLOCK or cells > self.cells:
            return False
        self.cells -= cells
        return True


def _runs(old: list[Line], new: list[Line], budget: Budget) -> Iterator[Run]:
    """Paragraphs that differ, those of one place together. What only moved does not differ."""
    runs = [
        (old[left.start : left.stop], new[right.start : right.stop])
        for left, right in _differences([a.key for a in old], [b.key for b in new], budget)
    ]
    gone = Counter(line.key for before, _ in runs for line in before)
    come = Counter(line.key for _, after in runs for line in after)
    moved = gone & come
    left, right = Counter(moved), Counter(moved)
    kept = [(_without(before, left), _without(after, right)) for before, after in runs]
    return (run for run in kept if run[0] or run[1])


def _without(lines: list[Line], moved: Counter[str]) -> list[Line]:
    """The lines less those of `moved`, which are taken from it."""
    found = []
    for line in lines:
        if moved[line.key]:
            moved[line.key] -= 1
        else:
            found.append(line)
    return found


def _differences(
    a: Sequence[str], b: Sequence[str], budget: Budget
) -> Iterator[tuple[range, range]]:
    """The places in `a` and in `b` between what both have in the same order."""
    i = j = 0
    for m, n in [*_common(a, b, budget), (len(a), len(b))]:
        if i < m or j < n:
            yield range(i, m), range(j, n)
        i, j = m + 1, n + 1


def _common(a: Sequence[str], b: Sequence[str], budget: Budget) -> list[tuple[int, int]]:
    """Pairs of equal places, in order: by anchors, and by a table where there are none."""
    pairs: list[tuple[int, int]] = []
    waiting = [(0, len(a), 0, len(b), 0)]
    while waiting:
        low, high, left, right, depth = waiting.pop()
        while low < high and left < right and a[low] == b[left]:
            pairs.append((low, left))
            low, left = low + 1, left + 1
        while low < high and left < right and a[high - 1] == b[right - 1]:
            high, right = high - 1, right - 1
            pairs.append((high, right))
        if low == high or left == right:
            continue
        anchors = _anchors(a, b, (low, high, left, right)) if depth < MAX_DEPTH else []
        if anchors:
            i, j = low, left
            for m, n in anchors:
                waiting.append((i, m, j, n, depth + 1))
                i, j = m, n  # the anchor itself is taken with what follows
            waiting.append((i, high, j, right, depth + 1))
        elif budget.takes((high - low) * (right - left)):
            pairs += _table(a, b, (low, high, left, right))
    return sorted(pairs)


def _anchors(a: Sequence[str], b: Sequence[str], span: Span) -> list[tuple[int, int]]:
    """The longest row of what occurs once on both sides, in the same order."""
    low, high, left, right = span
    counts, others = Counter(a[low:high]), Counter(b[left:right])
    place = {key: n for n, key in enumerate(b[left:right], left) if others[key] == 1}
    once = [
        (m, place[key])
        for m, key in enumerate(a[low:high], low)
        if counts[key] == 1 and key in place
    ]
    ends: list[int] = []  # the smallest place in b at which a row of this length can end
    tails: list[int] = []
    before: list[int] = []
    for at, (_, n) in enumerate(once):
        length = bisect_left(ends, n)
        before.append(tails[length - 1] if length else -1)
        ends[length : length + 1] = [n]
        tails[length : length + 1] = [at]
    row = []
    at = tails[-1] if tails else -1
    while at >= 0:
        row.append(once[at])
        at = before[at]
    return row[::-1]


def _table(a: Sequence[str], b: Sequence[str], span: Span) -> list[tuple[int, int]]:
    """The longest common subsequence, by the book."""
    low, high, left, right = span
    width = right - left
    rows = [[0] * (width + 1)]
    for m in range(high - 1, low - 1, -1):
        below, row = rows[-1], [0] * (width + 1)
        for n in range(width - 1, -1, -1):
            if a[m] == b[left + n]:
                row[n] = below[n + 1] + 1
            else:
                row[n] = max(below[n], row[n + 1])
        rows.append(row)
    rows.reverse()
    pairs, m, n = [], low, left
    while m < high and n < right:
        if a[m] == b[n]:
            pairs.append((m, n))
            m, n = m + 1, n + 1
        elif rows[m - low + 1][n - left] >= rows[m - low][n - left + 1]:
            m += 1
        else:
            n += 1
    return pairs


# --- What matters --------------------------------------------------------------------------------


def _cosmetic(old: Sequence[Word], new: Sequence[Word]) -> bool:
    """Whether the one put for the other (or for nothing) leaves the sense as it was."""
    if _joined(old) == _joined(new):
        return True
    if len(old) == len(new) and all(map(_alike, old, new)):
        return True
    left, right = [w for w in old if _carries(w)], [w for w in new if _carries(w)]
    return len(left) == len(right) and all(map(_alike, left, right))


def _carries(word: Word) -> bool:
    return word.capitals or word.key not in ARTICLES


def _alike(a: Word, b: Word) -> bool:
    """Two articles, or two spellings of one word."""
    if a.key == b.key:
        return True
    if a.key in GENDERED and b.key in GENDERED:
        return not (a.capitals or b.capitals)
    if FIXED & {a.key, b.key} or a.key[0] != b.key[0] or not (a.key + b.key).isalpha():
        return False
    short, long = sorted((a.key, b.key), key=len)
    at = next((n for n, (x, y) in enumerate(zip(short, long, strict=False)) if x != y), len(short))
    dense = not PLAIN.fullmatch(long)
    if short[:at] + short[at : at + 2][::-1] + short[at + 2 :] == long:
        return len(long) >= (MIN_SPELLED_DENSE if dense else MIN_TURNED)
    replaced = len(short) == len(long) and short[at + 1 :] == long[at + 1 :]
    longer = short[at:] == long[at + 1 :]
    enough = MIN_SPELLED_DENSE if dense else MIN_NAME if a.name and b.name else MIN_SPELLED
    return (replaced or longer) and len(short) >= enough


# --- What is shown -------------------------------------------------------------------------------


def _shown(before: Sequence[Line], after: Sequence[Line], budget: Budget) -> list[str]:
    """The sentences of a run that differ, under the numbers of its paragraphs."""
    old, new = _sentences(before), _sentences(after)
    lines = [_heading(before, after)]
    for left, right in _differences(_keys(old), _keys(new), budget):
        lines += [f"- {sentence}" for sentence in old[left.start : left.stop]]
        lines += [f"+ {sentence}" for sentence in new[right.start : right.stop]]
    return lines


def _sentences(lines: Sequence[Line]) -> list[str]:
    parts = (part.strip() for line in lines for part in SENTENCE.split(line.shown))
    return [part for part in islice(parts, MAX_SENTENCES) if part]


def _keys(sentences: Sequence[str]) -> list[str]:
    return [_read(sentence)[2] for sentence in sentences]


def _heading(before: Sequence[Line], after: Sequence[Line]) -> str:
    if any(line.number == 0 for line in (*before, *after)):
        return "@@ title @@"
    return "@@ " + " ".join(
        sign + (f"{side[0].number}-{side[-1].number}" if len(side) > 1 else str(side[0].number))
        for sign, side in (("-", before), ("+", after))
        if side
    ) + " @@"  # fmt: skip


def _cut(lines: list[str]) -> str:
    diff = "\n".join(lines)
    return diff if len(diff) <= MAX_DIFF else f"{diff[: MAX_DIFF - 2].rstrip()}\n…"
