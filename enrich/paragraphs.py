"""The paragraphs of an article that say something of the matter, as words to compare.

Left out are stamps of time, counts of readers and links elsewhere.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import takewhile

from enrich.text import fold_cased


def word_set(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


# Two dates with their times and a count are 21 words; no sentence is made of nothing else.
MAX_STAMP = 24
# Words between "Read also" and the title that follows; longer ones are a paragraph.
MAX_LINK = 25
MAX_BESIDE = 300  # characters of a line that holds a stamp or an address beside something else
# A menu written in a row: so many names of so many words each. Tables of figures have digits.
MIN_NAMES, MAX_LABEL = 3, 4
# As in enrich.extract: written without spaces between words.
SPACELESS = (
    "\\u0e00-\\u0eff\\u1000-\\u109f\\u1780-\\u17ff\\u3040-\\u30ff\\u3400-\\u4dbf\\u4e00-\\u9fff"
)
RUN = re.compile(f"[{SPACELESS}]")
PIECE = re.compile(f"[{SPACELESS}]|[^{SPACELESS}]+")

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
CALENDAR = word_set(
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


def lines(text: str) -> list[Line]:
    """The paragraphs that say something of the matter."""
    numbered = _numbered(enumerate(text.splitlines(), 1))
    return _without_links(list(filter(None, map(_without_stamps, numbered))))


def _numbered(lines: Iterable[tuple[int, str]]) -> list[Line]:
    return [
        Line(shown=shown, number=number, words=found, key=key)
        for number, line in lines
        for shown, found, key in (read(line),)
        if found
    ]


@lru_cache(4000)  # 20 MB: the lines of one comparison, of which most are the same on both sides
def read(line: str) -> tuple[str, tuple[Word, ...], str]:
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
        if len(kept) > 1 and all(_is_stamp(it, certain=True) for it in single(kept[place])):
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


def single(text: str) -> list[Line]:
    """A text that is one line, such as a title; none if it has no words."""
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
