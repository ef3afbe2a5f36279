"""Charts as inline SVG: no script, no style of their own, and every figure in a table beside them.

Colours and lettering are the style sheet's (`.chart`), so that they follow dark mode and print.
"""

from collections.abc import Sequence

from markupsafe import Markup

WIDTH = 720  # units of the view box, about pixels on a desk
GAP = 0.15  # of a bar's width; thinner bars than MIN_GAPPED touch, or the gaps would flicker
MIN_GAPPED = 4


def bars(
    values: Sequence[int], labels: Sequence[str], *, name: str, peak: int, height: int = 120
) -> Markup:
    """One bar a value, from the left, as high as its share of `peak`; `labels` are their titles.

    `name` says what the whole shows, to those who do not see it. All bars are one path, so that a
    long chart stays small; what a pointer rests on is a strip over the full height.
    """
    step = WIDTH / max(1, len(values))
    wide = step * (1 - GAP) if step >= MIN_GAPPED else step
    heights = [height * value / peak if peak else 0 for value in values]
    path = " ".join(
        f"M{_short(step * place)} {height}v-{_short(tall)}h{_short(wide)}v{_short(tall)}z"
        for place, tall in enumerate(heights)
        if tall
    )
    strips = Markup("").join(
        Markup('<rect x="{}" width="{}" height="{}"><title>{}</title></rect>').format(
            _short(step * place), _short(step), height, label
        )
        for place, label in enumerate(labels)
    )
    return Markup(
        '<svg class="chart" viewBox="0 0 {0} {1}" role="img" aria-label="{2}"'
        ' preserveAspectRatio="none"><path d="{3}"/><g>{4}</g></svg>'
    ).format(WIDTH, height, name, path, strips)


def bar(value: int, *, peak: int, width: int = 100) -> Markup:
    """One lying bar beside a figure, which says the same; so it is hidden from those who listen."""
    long = _short(width * value / peak if peak else 0)
    return Markup(
        '<svg class="bar" viewBox="0 0 {0} 8" aria-hidden="true" preserveAspectRatio="none">'
        '<path d="M0 0h{1}v8h-{1}z"/></svg>'
    ).format(width, long)


def _short(number: float) -> str:
    """With one digit at most: a tenth of a pixel is not seen, and a page may be long."""
    return f"{number:.1f}".removesuffix(".0")
