"""Learn data/theme_weights.json anew; run by `make weights CORPORA=folder`.

From the half of tests/sector that does not judge, all of tests/sector/lessons, the demo's articles,
the examples of the lexicon, and two public sets in `CORPORA/tagging`: posts of ReliefWeb with the
themes that its editors gave, and news about sport, shows and technology (MasakhaNEWS), which have
none. With `--vectors`, data/embedding_weights.json too. tests/tagging.py judges.
"""

import argparse
import gzip
import hashlib
import json
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from scipy import sparse
from sklearn.linear_model import LogisticRegression

from crawler.demo.content import load
from crawler.progress import Progress
from enrich import embedding
from enrich.judging import (
    SECTOR_FEATURES,
    THEME_FEATURES,
    WEIGHTS,
    Evidence,
    sector_features,
    theme_features,
    weighed,
)
from enrich.terms import terms_in
from enrich.vocabulary import LANGUAGES, lexicon

HERE = Path(__file__).parent
GOLD = HERE / "sector"
# MasakhaNEWS's labels of what is off the sector; its politics and business are neither.
OFF = frozenset({"sports", "entertainment", "technology"})
FOLDS = 5
# How much each kind of text counts. ReliefWeb's editors gave some themes of a post only, so that a
# theme they did not give says little; hard negatives are few and count four times.
UNSAID, NEVER_SAID, OFF_SECTOR, EXAMPLE, POST, NEGATIVE = 0.3, 0.1, 0.5, 0.3, 0.8, 4.0
DEMO = 2.0  # the demo is there to show what can be found
# How freely weights may grow, by their kind (the spread of the prior of each): what holds for all
# themes, each theme's own, what themes say of each other, words.
SPREAD = {"any": 1.0, "alone": 0.5, "beside": 0.5, "words": 2.0, "sector words": 0.75}
# A word must stand in so many texts that are learnt from.
FEWEST_TEXTS = 3
# A word of a tenth of all texts is grammar, or too common to be a reason.
MOST_TEXTS = 0.1
# So many words are learnt: pairs of a word and a theme, and words for the sector.
WORDS, SECTOR_WORDS = 8000, 800


class Text(NamedTuple):
    id: str
    language: str
    title: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Lesson:
    """A text to learn from (or, not `learn`, only to judge).

    `themes`: 1 for what it is about, 0 for what it is not; unknown ones are missing. `sector`: is
    it of the sector, None unknown. `weights` go with both.
    """

    id: str
    language: str
    evidence: Evidence
    themes: Mapping[str, tuple[int, float]]
    sector: tuple[int, float] | None
    learn: bool = True
    opening: str = ""

    @property
    def fold(self) -> int:
        return _hash(self.id)[1] % FOLDS


def judges(ident: str) -> bool:
    """Whether a text of tests/sector is of the half that judges."""
    return _hash(ident)[0] % 2 == 1


def _hash(ident: str) -> tuple[int, int]:
    digits = hashlib.sha1(ident.encode(), usedforsecurity=False).hexdigest()
    return int(digits[:8], 16), int(digits[8:12], 16)


def lessons(corpora: Path) -> Iterator[Lesson]:
    """Every text, in an order that does not change."""
    for path in (*sorted(GOLD.glob("*.jsonl")), *sorted(GOLD.glob("lessons/*.jsonl"))):
        lesson = path.parent != GOLD
        for row in _lines(path):
            yield _ours(row, path.stem, learn=lesson or not judges(row["id"]))
    yield from _demo()
    yield from _examples()
    yield from _reliefweb(corpora / "tagging")
    for row in _lines(corpora / "tagging" / "topics_masakhanews.jsonl.gz"):
        off = row["label"] in OFF
        themes = dict.fromkeys(lexicon(), (0, OFF_SECTOR)) if off else {}
        if row["label"] == "health":
            themes = {"health": (1, OFF_SECTOR)}
        text = Text(f"masakhanews {row['id']}", row["lang"], row["title"], row["text"])
        yield _lesson(text, themes, (0, OFF_SECTOR) if off else None)


def _demo() -> Iterator[Lesson]:
    """The demo's articles: what they are about, not all that they are not."""
    for site in load():
        for article in site.articles:
            if article.language in LANGUAGES and article.themes:
                text = Text(
                    f"demo {article.title}", article.language, article.title,
                    "\n".join((article.lead, *article.paragraphs)),
                )  # fmt: skip
                yield _lesson(text, dict.fromkeys(article.themes, (1, DEMO)), (1, DEMO))


def _examples() -> Iterator[Lesson]:
    for slug, record in lexicon().items():
        for language, examples in record.examples.items():
            for said in ("yes", "no"):
                for number, sentence in enumerate(getattr(examples, said)):
                    text = Text(f"{slug} {language} {said} {number}", language, "", sentence)
                    sector = (1, EXAMPLE) if said == "yes" else None
                    yield _lesson(text, {slug: (int(said == "yes"), EXAMPLE)}, sector)


def _reliefweb(folder: Path) -> Iterator[Lesson]:
    posts = list(_lines(folder / "themes_reliefweb_en.jsonl.gz"))
    said_somewhere = {slug for row in posts for slug in row["gold"]}
    unsaid = {slug: UNSAID if slug in said_somewhere else NEVER_SAID for slug in lexicon()}
    for row in posts:
        themes = {
            slug: (1, 1.0) if slug in row["gold"] else (0, weight)
            for slug, weight in unsaid.items()
        }
        yield _lesson(Text(f"reliefweb {row['id']}", "en", "", row["text"]), themes, (1, POST))
    for row in _lines(folder / "posts_by_language_reliefweb.jsonl.gz"):
        yield _lesson(Text(f"post {row['id']}", row["lang"], "", row["text"]), {}, (1, POST))


def _ours(row: Mapping[str, Any], language: str, *, learn: bool) -> Lesson:
    main = row["main"]
    about = {main, *row["themes"]}
    themes = {
        slug: (int(slug in about), 1.0)
        for slug in lexicon()
        if slug in about or slug not in row["acceptable"]
    }
    sector = (1, 1.0) if main else (0, NEGATIVE)
    text = Text(row["id"], language, row["title"], row["text"])
    return _lesson(text, themes, sector, learn=learn)


def _lesson(
    text: Text,
    themes: Mapping[str, tuple[int, float]],
    sector: tuple[int, float] | None,
    **more: Any,
) -> Lesson:
    found = terms_in(text.title, text.text, text.language)
    return Lesson(
        id=text.id,
        language=text.language,
        evidence=weighed(found, text.title, text.text),
        themes=themes,
        sector=sector,
        opening=embedding.opening(text.title, text.text),
        **more,
    )


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    body = path.read_bytes()
    yield from map(
        json.loads, (gzip.decompress(body) if path.suffix == ".gz" else body).splitlines()
    )


# -- learning

Numbers = Any  # an array of numpy


@dataclass(frozen=True, slots=True)
class Learnt:
    """What a regression learnt: a weight for each column, most of them nothing."""

    weights: Numbers
    base: float

    def told(self, matrix: Any) -> Numbers:
        return 1 / (1 + np.exp(-(matrix @ self.weights + self.base)))


class Learner:
    """All lessons as matrices, and the two regressions over them."""

    def __init__(self, texts: Sequence[Lesson]) -> None:
        self.texts = texts
        self.slugs = sorted(lexicon())
        self.words = _words(texts)
        self.beside = _matrix(
            len(self.slugs),
            (
                {
                    self.slugs.index(slug): np.log1p(one.score) * SPREAD["beside"]
                    for slug, one in text.evidence.themes.items()
                }
                for text in texts
            ),
        )
        self.folds = np.array([text.fold for text in texts])
        self.learn = np.array([text.learn for text in texts])
        self._pairs()

    def _word_matrix(self, spread: float) -> Any:
        """Words by text; a rare word counts for more, as in tf-idf."""
        return _matrix(
            len(self.words),
            (
                {
                    self.words[text.language, word][0]: value
                    * self.words[text.language, word][1]
                    * spread
                    for word, value in text.evidence.word_values.items()
                    if (text.language, word) in self.words
                }
                for text in self.texts
            ),
        )

    def _pairs(self) -> None:
        """One row for each text and theme."""
        count, themes = len(self.texts), len(self.slugs)
        found = np.zeros((count, themes, len(THEME_FEATURES)))
        said, weights = np.zeros((count, themes)), np.zeros((count, themes))
        for number, text in enumerate(self.texts):
            for slug, features in theme_features(text.evidence).items():
                found[number, self.slugs.index(slug)] = features
            for slug, (about, weight) in text.themes.items():
                said[number, self.slugs.index(slug)] = about
                weights[number, self.slugs.index(slug)] = weight
        self.said, self.weighs = said.ravel(), weights.ravel()
        flat = found.reshape(count * themes, -1)
        there = flat[:, 0] > 0
        self.middle, self.width = flat[there].mean(0), flat[there].std(0)
        self.middle[0], self.width[0] = 0, 1
        flat[there] = (flat[there] - self.middle) / self.width
        alone = sparse.csr_matrix(np.tile(np.eye(themes) * SPREAD["alone"], (count, 1)))
        each = sparse.hstack([self.beside, self._word_matrix(SPREAD["words"])]).tocoo()
        rows = np.concatenate([each.row * themes + theme for theme in range(themes)])
        columns = np.concatenate([each.col * themes + theme for theme in range(themes)])
        crossed = sparse.csr_matrix(
            (np.tile(each.data, themes), (rows, columns)),
            shape=(count * themes, each.shape[1] * themes),
        )
        self.pairs = sparse.hstack([sparse.csr_matrix(flat), alone, crossed]).tocsr()
        self.pair_texts = np.repeat(np.arange(count), themes)

    def themes(self) -> tuple[Learnt, Numbers]:
        """The regression over all that is learnt from, and probabilities that each text had no
        part in."""
        usable = self.learn[self.pair_texts] & (self.weighs > 0)
        folds = self.folds[self.pair_texts]
        told = np.zeros(len(self.said))
        for fold in range(FOLDS):
            learnt = self._themes(usable & (folds != fold))
            told[folds == fold] = learnt.told(self.pairs[folds == fold])
        learnt = self._themes(usable)
        unseen = ~self.learn[self.pair_texts]
        told[unseen] = learnt.told(self.pairs[unseen])
        return learnt, told.reshape(len(self.texts), -1)

    def _themes(self, chosen: Numbers) -> Learnt:
        themes = len(self.slugs)
        plain = len(THEME_FEATURES) + themes + themes**2
        return _fit(self.pairs, self.said, self.weighs, chosen, plain=plain, words=WORDS)

    def sector(self, themes: Numbers) -> tuple[Learnt, Numbers]:
        """The same for whether a text is of the sector, from what is told of its themes."""
        features = np.array(
            [
                sector_features(text.evidence, row)
                for text, row in zip(self.texts, themes, strict=True)
            ]
        )
        self.sector_middle, self.sector_width = features.mean(0), features.std(0) + 1e-9
        features = (features - self.sector_middle) / self.sector_width
        matrix = sparse.hstack(
            [sparse.csr_matrix(features), self._word_matrix(SPREAD["sector words"])]
        ).tocsr()
        said = np.array([(text.sector or (0, 0.0))[0] for text in self.texts])
        weights = np.array([(text.sector or (0, 0.0))[1] for text in self.texts])
        usable = self.learn & (weights > 0)
        fit = partial(_fit, matrix, said, weights, plain=len(SECTOR_FEATURES), words=SECTOR_WORDS)
        told = np.zeros(len(self.texts))
        for fold in range(FOLDS):
            learnt = fit(chosen=usable & (self.folds != fold))
            told[self.folds == fold] = learnt.told(matrix[self.folds == fold])
        learnt = fit(chosen=usable)
        told[~self.learn] = learnt.told(matrix[~self.learn])
        return learnt, told


def _fit(
    matrix: Any, said: Numbers, weights: Numbers, chosen: Numbers, *, plain: int, words: int
) -> Learnt:
    """Learn from the chosen rows: first from all columns, then from the first `plain` ones and
    the `words` further ones that weighed most, so that few words carry what many did."""
    matrix, said, weights = matrix[chosen], said[chosen], weights[chosen]
    first = _regression(matrix, said, weights)
    most = plain + np.argsort(-np.abs(first.coef_[0][plain:]), kind="stable")[:words]
    kept = np.concatenate([np.arange(plain), np.sort(most)])
    second = _regression(matrix[:, kept], said, weights)
    all_weights = np.zeros(matrix.shape[1])
    all_weights[kept] = second.coef_[0]
    return Learnt(all_weights, float(second.intercept_[0]))


def _regression(matrix: Any, said: Numbers, weights: Numbers) -> LogisticRegression:
    return LogisticRegression(max_iter=500, tol=1e-3).fit(matrix, said, sample_weight=weights)


def _matrix(columns: int, rows: Iterable[Mapping[int, float]]) -> Any:
    rows = list(rows)
    return sparse.csr_matrix(
        (
            [value for row in rows for value in row.values()],
            (
                [number for number, row in enumerate(rows) for _ in row],
                [column for row in rows for column in row],
            ),
        ),
        shape=(len(rows), columns),
    )


def _words(texts: Sequence[Lesson]) -> dict[tuple[str, str], tuple[int, float]]:
    """The words that are learnt of: their columns, and how rare each is (idf)."""
    texts = [text for text in texts if text.learn]
    count = Counter(text.language for text in texts)
    seen = Counter((text.language, word) for text in texts for word in text.evidence.words)
    kept = sorted(
        word for word, times in seen.items() if FEWEST_TEXTS <= times <= MOST_TEXTS * count[word[0]]
    )
    return {
        word: (number, float(np.log(1 + count[word[0]] / seen[word])))
        for number, word in enumerate(kept)
    }


# -- writing

# What is smaller says nothing that is seen: of neighbours and of words.
LEAST_BESIDE, LEAST_WORD = 0.05, 0.1


def written(learner: Learner, theme: Learnt, sector: Learnt) -> Any:
    """The file's content, rounded and without what is too small to matter."""
    of_theme, of_sector = theme.weights, sector.weights
    slugs, start = learner.slugs, len(THEME_FEATURES)
    features = of_theme[:start] / learner.width
    features[0] -= (of_theme[:start] / learner.width) @ learner.middle
    alone = theme.base + of_theme[start : start + len(slugs)] * SPREAD["alone"]
    start += len(slugs)
    beside = of_theme[start : start + len(slugs) ** 2].reshape(len(slugs), -1) * SPREAD["beside"]
    words = of_theme[start + len(slugs) ** 2 :].reshape(len(learner.words), -1) * SPREAD["words"]
    plain = of_sector[: len(SECTOR_FEATURES)] / learner.sector_width
    spoken = of_sector[len(SECTOR_FEATURES) :] * SPREAD["sector words"]
    return {
        "theme": {
            "base": _round(theme.base),
            "features": _named(THEME_FEATURES, features),
            "alone": _named(slugs, alone),
            "beside": {
                slug: _named(slugs, row, LEAST_BESIDE)
                for slug, row in zip(slugs, beside, strict=True)
            },
            "words": _by_language(
                (word, _named(slugs, words[at] * rarity, LEAST_WORD))
                for word, (at, rarity) in learner.words.items()
            ),
        },
        "sector": {
            "base": _round(sector.base - plain @ learner.sector_middle),
            "features": _named(SECTOR_FEATURES, plain),
            "words": _by_language(
                (word, _round(spoken[at] * rarity))
                for word, (at, rarity) in learner.words.items()
                if abs(spoken[at] * rarity) >= LEAST_WORD
            ),
        },
    }


def _round(value: float) -> float:
    return round(float(value), 2)


def _named(names: Sequence[str], values: Numbers, least: float = 0.0) -> dict[str, float]:
    pairs = zip(names, values, strict=True)
    return {name: _round(value) for name, value in pairs if abs(value) >= least}


def _by_language(words: Iterable[tuple[tuple[str, str], Any]]) -> dict[str, dict[str, Any]]:
    table: dict[str, dict[str, Any]] = {}
    for (language, word), said in words:
        if said:
            table.setdefault(language, {})[word] = said
    return table


# -- the second opinion

# How freely its weights may grow (scikit-learn's C): 3, 10 and 30 gave the same.
FREEDOM = 10.0


def vectors(texts: Sequence[Lesson], kept: Path) -> Numbers:
    """The embedding of each opening; what was computed before is kept in a file."""
    known = dict(np.load(kept)) if kept.exists() else {}
    os.environ[embedding.SWITCH] = "1"
    missing = [text for text in texts if text.id not in known]
    with Progress("embedded") as progress:
        progress.expect("embedded", len(missing))
        for text in missing:
            known[text.id] = embedding.vector("", text.opening)
            progress.advance("embedded")
    np.savez_compressed(kept, **known)
    return np.array([known[text.id] for text in texts])


def second_opinion(learner: Learner, told: Numbers) -> Any:
    """The content of embedding_weights.json: a regression for the sector and each theme."""
    shape = (len(learner.texts), len(learner.slugs))
    said, weights = learner.said.reshape(shape), learner.weighs.reshape(shape)
    sector = np.array([text.sector or (0, 0.0) for text in learner.texts])
    return {
        "sector": _row(told, sector[:, 0], sector[:, 1], learner.learn),
        "themes": {
            slug: _row(told, said[:, number], weights[:, number], learner.learn)
            for number, slug in enumerate(learner.slugs)
        },
    }


def _row(told: Numbers, said: Numbers, weights: Numbers, learn: Numbers) -> dict[str, Any]:
    chosen = learn & (weights > 0)
    learnt = LogisticRegression(C=FREEDOM, max_iter=500)
    learnt.fit(told[chosen], said[chosen], sample_weight=weights[chosen])
    return {
        "base": _round(learnt.intercept_[0]),
        "weights": [_round(weight) for weight in learnt.coef_[0]],
    }


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="learn.py", description=__doc__)
    parser.add_argument("corpora", type=Path, help="folder with tagging/*.jsonl.gz")
    parser.add_argument(
        "--vectors", type=Path, metavar="FILE.npz",
        help="learn the second opinion too; keep the embeddings there (some 20 minutes at first)",
    )  # fmt: skip
    arguments = parser.parse_args(argv)
    learner = Learner(list(lessons(arguments.corpora)))
    theme, told = learner.themes()
    sector, _ = learner.sector(told)
    _write(WEIGHTS, written(learner, theme, sector))
    if arguments.vectors:
        openings = vectors(learner.texts, arguments.vectors)
        _write(embedding.WEIGHTS, second_opinion(learner, openings))


def _write(path: Path, content: Any) -> None:
    path.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
