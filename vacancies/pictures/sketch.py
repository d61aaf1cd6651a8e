"""A small map laid out: the frame, where names fit, the scale, points as one path. Pure; coordinates are metres (EPSG:25833).

In a drawing north is up and y grows downwards, so every y is the negative north value, as in PostGIS's ST_AsSVG.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

MARGIN = 0.12  # of the longer side, around what is shown
SLIMMEST = 0.72  # a frame is at least so wide for its height, and so high for its width
LETTER = 0.036  # height of letters, of the frame's width
ASIDE = 0.45  # of its half width, a name may move to stay inside the frame
FLAT = 1.25  # letters are flat: a name may be so much wider than the largest circle in its area
LETTER_WIDTH = 0.56  # of its height, on average
FINENESS = 900  # lines are drawn as exactly as the frame's width parted by this
LENGTHS_KM = (100, 50, 20, 10, 5, 2, 1)


@dataclass(frozen=True)
class Frame:
    """What a map shows: west, south, east and north in metres."""

    west: float
    south: float
    east: float
    north: float
    letters: float = LETTER

    @classmethod
    def around(cls, extent: tuple[float, float, float, float], margin: float = MARGIN, letters: float = LETTER) -> Frame:
        """Return the frame of an extent with room around it, neither too slim nor too flat."""
        west, south, east, north = extent
        wide, high = east - west, north - south
        room = margin * max(wide, high)
        wide, high = wide + 2 * room, high + 2 * room
        more_wide, more_high = max(0.0, SLIMMEST * high - wide), max(0.0, SLIMMEST * wide - high)
        room_x, room_y = room + more_wide / 2, room + more_high / 2
        return cls(west - room_x, south - room_y, east + room_x, north + room_y, letters)

    @property
    def width(self) -> int:
        return round(self.east - self.west)

    @property
    def height(self) -> int:
        return round(self.north - self.south)

    @property
    def view_box(self) -> str:
        return f"{round(self.west)} {-round(self.north)} {self.width} {self.height}"

    @property
    def tolerance_m(self) -> float:
        """How far a drawn line may lie from the true one without being seen."""
        return self.width / FINENESS

    @property
    def letter(self) -> int:
        """Height of letters in metres."""
        return round(self.width * self.letters)


@dataclass(frozen=True)
class Area:
    """A boundary as the `d` of an SVG path; `step` is its shade.

    `at` is the middle of the largest circle inside its visible part (x, y of the drawing), `room` that circle's radius.
    """

    key: str
    name: str
    path: str
    at: tuple[float, float] | None = None
    room: float = 0.0
    link: str = ""
    step: int = 0
    title: str = ""


@dataclass(frozen=True)
class Name:
    """A name and the middle of its letters; `step` is the shade it stands on."""

    text: str
    x: int
    y: int
    step: int = 0


@dataclass(frozen=True)
class Scale:
    """A length to measure by: where it begins, metres, and its label."""

    x: int
    y: int
    length: int
    km: int
    tick: int


@dataclass(frozen=True)
class Sketch:
    """A whole map: areas around, areas shown with the `edge` around them, and the paths of points and coarse cells ('' = none)."""

    frame: Frame
    around: tuple[Area, ...]
    inside: tuple[Area, ...]
    names: tuple[Name, ...]
    points: str = ""
    cells: str = ""
    title: str = ""
    text: str = ""
    edge: str = ""

    @property
    def cleared(self) -> bool:
        """Whether names stand across lines and need a clear edge."""
        return not any(a.step for a in self.inside)

    @property
    def scale(self) -> Scale:
        return scale(self.frame)

    @property
    def has_links(self) -> bool:
        return any(a.link for a in self.inside)


def names(wanted: Iterable[tuple[str, float, float]], frame: Frame) -> tuple[Name, ...]:
    """Return the names that fit into the frame without touching each other; of two that would, the first keeps its place.

    Parameters
    ----------
    wanted : iterable of (text, x, y)
        In the order of importance; the middle of the letters in the drawing's coordinates.
    """
    high = frame.letter
    kept: list[tuple[float, float, float]] = []
    made = []
    for text, x, y in wanted:
        half = len(text) * high * LETTER_WIDTH / 2
        inside = min(max(x, frame.west + half), frame.east - half)
        if abs(inside - x) > ASIDE * half or not -frame.north + high < y < -frame.south - high:
            continue
        if any(abs(inside - ox) < half + other and abs(y - oy) < 1.25 * high for ox, oy, other in kept):
            continue
        kept.append((inside, y, half))
        made.append(Name(text, round(inside), round(y)))
    return tuple(made)


def names_within(areas: Iterable[Area], frame: Frame) -> tuple[Name, ...]:
    """Return the names of those areas that have room for them, in one line or parted at the hyphen, on the area's shade."""
    made = []
    for a in areas:
        head, hyphen, tail = a.name.partition("-")
        for lines in ([a.name], [head + hyphen, tail] if hyphen else []):
            half = max((len(line) for line in lines), default=0) * frame.letter * LETTER_WIDTH / 2
            if a.at and lines and half <= FLAT * a.room:
                top = a.at[1] + frame.letter * (0.35 - 0.6 * (len(lines) - 1))
                made += [Name(line, round(a.at[0]), round(top + 1.2 * frame.letter * i), a.step) for i, line in enumerate(lines)]
                break
    return tuple(made)


def scale(frame: Frame) -> Scale:
    """Return the longest round length that takes at most a quarter of the width, in the lower left corner."""
    km = next((n for n in LENGTHS_KM if n * 1000 <= frame.width / 4), 1)
    room = round(frame.width * 0.03)
    return Scale(round(frame.west) + room, -round(frame.south) - room, km * 1000, km, room // 3)


def dots(places: Sequence[tuple[int, int]]) -> str:
    """Return places (east, north) as one path of lines without length: round ends make them dots."""
    return _moves(places, "h0")


def squares(middles: Sequence[tuple[int, int]], side: int) -> str:
    """Return squares around their middles (east, north) as one path."""
    half = side // 2
    corners = [(x - half, y + half) for x, y in middles]
    return _moves(corners, f"h{side}v{side}h-{side}z")


def _moves(places: Sequence[tuple[int, int]], drawn: str) -> str:
    """Return a path that goes from place to place and draws the same at each; equal places are drawn once."""
    text, x, y = [], 0, 0
    for east, north in sorted(set(places)):
        text.append(f"m{east - x} {-north - y}{drawn}")
        x, y = east, -north
    return "".join(text)
