"""How a layer is drawn: symbols and classes, declared once for WMS, QGIS, files and the legend of the map."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from django.utils.functional import Promise

PAPER = "#fffdf8"


@dataclass(frozen=True)
class Symbol:
    """A sign: `fill` and `stroke` as #rrggbb ('' = none), `width` of the stroke and `size` of a point in pixels of 0.28 mm.

    `shape` is one of circle, square, triangle (points only); `opacity` 0 to 1 holds for the fill.
    """

    fill: str = ""
    stroke: str = PAPER
    width: float = 1.0
    size: float = 9.0
    opacity: float = 1.0
    shape: str = "circle"


@dataclass(frozen=True)
class StyleClass:
    """Rows drawn alike: those with `value` in the style's column, or from `low` to below `high`, or all the rest."""

    label: str | Promise
    symbol: Symbol
    value: str | None = None
    low: float | None = None
    high: float | None = None

    def holds(self, value: Any) -> bool:
        """Whether a row with this value in the style's column is drawn so."""
        if self.value is not None:
            return value == self.value
        if self.low is None and self.high is None:
            return True
        return value is not None and (self.low is None or value >= self.low) and (self.high is None or value < self.high)


@dataclass(frozen=True)
class Style:
    """The classes of a layer in the order of the legend; the first that holds draws a row. `label_column` names it at large scales.

    `order` is the column by which rows that overlap are drawn, the first at the bottom; with `-` before it the largest first.
    """

    classes: tuple[StyleClass, ...]
    column: str = ""
    label_column: str = ""
    label_below: int = 50_000  # scale denominator below which labels are drawn
    order: str = ""

    def of(self, value: Any) -> StyleClass | None:
        """Return the class of a row with this value, None where it is not drawn."""
        return next((c for c in self.classes if c.holds(value)), None)
