"""Charts and small maps as layouts: widths, shades, names that keep apart, paths that say the same as the points."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vacancies.pictures import bars as b
from vacancies.pictures.sketch import Area, Frame, dots, names, names_within, scale, squares
from vacancies.places.overview import round_step, shade_of


def test_bars_are_in_proportion_and_never_invisible() -> None:
    items = [b.Item("a", "A", 2000), b.Item("b", "B", 500), b.Item("c", "C", 1), b.Item("d", "D", 0)]
    chart = b.bars("k", "Titel", "Leerstände", items, total=2501)
    assert [bar.width for bar in chart.bars] == [1000, 250, 8, 0]
    assert [bar.percent for bar in chart.bars] == [80, 20, 0, 0]
    assert b.bars("k", "T", "L", items).has_shares is False
    assert b.bars("k", "T", "L", []).bars == ()
    assert [bar.width for bar in b.bars("k", "T", "L", [b.Item("a", "A", 0)]).bars] == [0]


def test_of_many_bars_those_without_a_hit_stand_in_the_table_alone() -> None:
    items = [b.Item(str(i), str(i), int(i == 3), is_chosen=i == 5) for i in range(12)]
    chart = b.bars("k", "T", "L", items)
    assert [bar.value for bar in chart.drawn] == ["3", "5"]
    assert len(chart.bars) == 12
    few = b.bars("k", "T", "L", items[:7])
    assert few.drawn == few.bars


@given(st.integers(0, 10_000), st.integers(1, 10_000))
def test_shades_rise_with_the_number_and_end_at_five(n: int, most: int) -> None:
    n = min(n, most)
    assert 0 <= b.shade(n, most) <= 5
    assert b.shade(most, most) == 5
    assert (b.shade(n, most) == 0) == (n == 0)
    assert b.shade(n, most) <= b.shade(min(n + 1, most), most)


def test_the_steps_of_the_map_are_round_and_reach_the_highest() -> None:
    assert [round_step(v) for v in (0, 0.9, 1.0, 1.1, 4.7, 5.0, 9.99, 10, 0.031)] == [1, 1, 2, 2, 5, 10, 10, 20, 0.05]
    assert [shade_of(v, 5) for v in (0, 0.1, 4.99, 5, 24.9, 30)] == [0, 1, 1, 2, 5, 5]


def test_a_matrix_has_a_cell_for_every_pair() -> None:
    counted = {("rural", "A"): 9, ("rural", "none"): 36}
    links = {("rural", "A"): ("?x=1", True)}
    made = b.matrix(
        "T", "L", [("rural", "Land"), ("big", "Stadt")], [("A", "A", "A – sehr gut"), ("none", "–", "keine Klasse")], counted, links
    )
    assert [[(c.n, c.step, c.link, c.is_chosen) for c in cells] for _label, cells in made.rows] == [
        [(9, 3, "?x=1", True), (36, 5, "", False)],
        [(0, 0, "", False), (0, 0, "", False)],
    ]
    assert made.rows[0][1][0].label == "Land, A – sehr gut"


# --- maps -------------------------------------------------------------------------------------------------------------

FRAME = Frame(300_000, 5_800_000, 320_000, 5_815_000)


def test_a_frame_has_room_around_and_is_neither_slim_nor_flat() -> None:
    for extent in ((0, 0, 1000, 100), (0, 0, 100, 1000), (0, 0, 500, 500)):
        frame = Frame.around(extent)
        assert frame.west < extent[0]
        assert frame.north > extent[3]
        assert 0.7 < frame.width / frame.height < 1.41
        assert frame.west + frame.east == pytest.approx(extent[0] + extent[2])
    assert FRAME.view_box == "300000 -5815000 20000 15000"


def test_points_and_cells_are_drawn_where_they_are_and_once() -> None:
    places = [(300_010, 5_800_020), (300_400, 5_800_000), (300_010, 5_800_020)]
    x = y = 0
    found = []
    for dx, dy in re.findall(r"m(-?\d+) (-?\d+)h0", dots(places)):
        x, y = x + int(dx), y + int(dy)
        found.append((x, -y))
    assert found == [(300_010, 5_800_020), (300_400, 5_800_000)]
    assert squares([(250, 250)], 500) == "m0 -500h500v500h-500z"
    assert dots([]) == ""


def test_names_keep_apart_and_inside() -> None:
    high = FRAME.letter
    wanted = [
        ("Wittenberge", 310_000, -5_807_000),
        ("Perleberg", 310_100, -5_807_000 - high / 2),
        ("Breese", 310_000, -5_807_000 - 2 * high),
    ]
    assert [n.text for n in names(wanted, FRAME)] == ["Wittenberge", "Breese"], "the second would lie on the first"
    (moved,) = names([("Breese", 300_800, -5_807_000)], FRAME)
    assert moved.x > 300_800, "a name that sticks out a little is moved"
    assert names([("Bad Wilsnack", 300_000, -5_807_000)], FRAME) == (), "one that would lie elsewhere is left out"
    assert names([("Breese", 310_000, -5_800_010)], FRAME) == ()


def test_names_stand_only_where_their_area_has_room() -> None:
    def area(name: str, room: float) -> Area:
        return Area("k", name, "M0 0z", at=(310_000, -5_807_000), room=room, step=4)

    half = len("Potsdam-Mittelmark") * FRAME.letter * 0.56 / 2
    assert [n.text for n in names_within([area("Potsdam-Mittelmark", half)], FRAME)] == ["Potsdam-Mittelmark"]
    parted = names_within([area("Potsdam-Mittelmark", half / 2)], FRAME)
    assert [(n.text, n.step) for n in parted] == [("Potsdam-", 4), ("Mittelmark", 4)]
    assert parted[0].y < parted[1].y
    assert names_within([area("Potsdam-Mittelmark", half / 4)], FRAME) == ()


def test_the_scale_is_a_round_length_of_at_most_a_quarter() -> None:
    assert scale(FRAME).km == 5
    assert scale(Frame(0, 0, 240_000, 240_000)).km == 50
    assert scale(Frame(0, 0, 2_000, 2_000)).length == 1000
