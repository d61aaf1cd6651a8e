"""Charts laid out: labels and numbers go in, what a template writes as HTML and SVG comes out.

Widths are whole thousandths, so that no language's decimal comma gets into a drawing. A bar is a link with words beside its
drawing; a chart is therefore read aloud, enlarged and used without JavaScript like any list of links.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

WHOLE = 1000  # width of the longest bar
LEAST = 8  # a bar that stands for something is seen
MANY = 10  # options; of more, those without a hit are left to the table
STEPS = 5  # shades of a matrix, beside the empty one


@dataclass(frozen=True)
class Item:
    """What is to be drawn: a label, its number, and where a click leads ('' = nowhere)."""

    value: str
    label: str
    n: int
    link: str = ""
    is_chosen: bool = False


@dataclass(frozen=True)
class Bar(Item):
    """An item with the width of its bar (0 to 1000) and its share of the whole in per cent, where shares add up."""

    width: int = 0
    percent: int | None = None


@dataclass(frozen=True)
class Chart:
    """Bars under a title; `key` is its name within the page, `unit` what is counted."""

    key: str
    title: str
    unit: str
    bars: tuple[Bar, ...]
    note: str = ""

    @property
    def drawn(self) -> tuple[Bar, ...]:
        """The bars of the drawing: of many options those that count something or are chosen; the table has them all."""
        return self.bars if len(self.bars) <= MANY else tuple(b for b in self.bars if b.n or b.is_chosen)

    @property
    def has_shares(self) -> bool:
        return any(b.percent is not None for b in self.bars)


@dataclass(frozen=True)
class Cell(Item):
    """A pair of options; `step` is its shade, 0 (nothing) to 5 (most)."""

    row: str = ""
    column: str = ""
    step: int = 0


@dataclass(frozen=True)
class Matrix:
    """Cells in rows and columns: `columns` as (short, long) labels, `rows` as (label, cells)."""

    title: str
    unit: str
    columns: tuple[tuple[str, str], ...]
    rows: tuple[tuple[str, tuple[Cell, ...]], ...]


def bars(key: str, title: str, unit: str, items: Iterable[Item], total: int | None = None, note: str = "") -> Chart:
    """Return a chart of the items in their order.

    Parameters
    ----------
    total : int, optional
        What all items together make; with it every bar knows its share. Leave it out where an object counts more than once.
    """
    given = tuple(items)
    most = max((i.n for i in given), default=0)
    drawn = tuple(Bar(i.value, i.label, i.n, i.link, i.is_chosen, width=width(i.n, most), percent=percent(i.n, total)) for i in given)
    return Chart(key, title, unit, drawn, note)


def width(n: int, most: int) -> int:
    """Return the width of a bar: in proportion to the longest, never invisible when it stands for something."""
    if n <= 0 or most <= 0:
        return 0
    return max(LEAST, round(WHOLE * n / most))


def percent(n: int, total: int | None) -> int | None:
    """Return the share in whole per cent; None where there is no whole."""
    return round(100 * n / total) if total else None


def shade(n: int, most: int) -> int:
    """Return the step of a shade: 0 for nothing, then 1 to 5 by the square root, so that small numbers still differ."""
    if n <= 0 or most <= 0:
        return 0
    return min(STEPS, 1 + math.floor(STEPS * math.sqrt(n / most)))


def matrix(
    title: str,
    unit: str,
    rows: Sequence[tuple[str, str]],
    columns: Sequence[tuple[str, str, str]],
    counted: Mapping[tuple[str, str], int],
    links: Mapping[tuple[str, str], tuple[str, bool]] | None = None,
) -> Matrix:
    """Return a table of shaded cells.

    Parameters
    ----------
    rows : sequence of (value, label)
    columns : sequence of (value, short label, long label)
    counted : mapping of (row value, column value) to int
        Pairs that are left out count nothing.
    links : mapping of the same pairs to (link, whether chosen), optional
    """
    most = max(counted.values(), default=0)
    made = []
    for row, label in rows:
        cells = []
        for column, _short, long in columns:
            n = counted.get((row, column), 0)
            link, is_chosen = (links or {}).get((row, column), ("", False))
            cells.append(Cell(f"{row}+{column}", f"{label}, {long}", n, link, is_chosen, row, column, shade(n, most)))
        made.append((label, tuple(cells)))
    return Matrix(title, unit, tuple((short, long) for _value, short, long in columns), tuple(made))
