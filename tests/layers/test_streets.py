"""Streets: answers worked out on paper for a small town, and real streets."""

from __future__ import annotations

import itertools
import math
from pathlib import Path

import numpy as np
import osmium
import pytest
import shapely

from geo import crs
from geo.errors import InvalidFile, InvalidParameter
from layers.reach.areas.around_streets import isochrones
from layers.reach.streets import OnStreets, Snapped, StreetGraph, minutes_between, nearest, seconds_to_nearest, snap
from layers.reach.ways import osm_streets
from layers.reach.ways.components import components
from layers.reach.ways.osm_streets import open_graph, read_graph
from layers.reach.ways.walking import CrowFly, Walking
from tests.layers.osm_town import NODES, ORIGIN, at, write_pbf

MITTE = Path(__file__).resolve().parents[3] / "shared" / "data" / "testonly" / "berlin_mitte.osm.pbf"
SLANT = math.hypot(300, 200)  # N-G


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> StreetGraph:
    return read_graph(write_pbf(tmp_path_factory.mktemp("town") / "town.osm.pbf"))


def seconds(town: StreetGraph, mode: str, start: str, end: str) -> float:
    """Return the seconds between two nodes of the town, without the gap when a node is no street of the mode."""
    a, b = (snap(town, *zip(*at(n), strict=True), mode) for n in (start, end))
    return float(minutes_between(town, mode, a, b)[0]) * 60


def test_the_graph_has_an_edge_per_stretch_between_junctions(town: StreetGraph) -> None:
    # A B C D E F G I L N P T Q S and both sides of K; H and R lie inside an edge: M cannot be reached, so H is no junction
    assert len(town.x) == 16
    # AB BC CD DE EF BE FK KA K'K DG GHI IL LN NG AP CT QRS
    assert len(town.length_m) == 17
    assert town.length_m.sum() == pytest.approx(600 + 300 + 600 + 300 + 300 + 200 + 600 + 200 + 300 + SLANT + 200 + 300 + 200, abs=0.1)
    assert sorted(np.diff(town.shape_start)) == [2] * 15 + [3] * 2
    assert set(zip(town.x.round() - ORIGIN[0], town.y.round() - ORIGIN[1], strict=True)) == {NODES[n] for n in "ABCDEFGILNPTQSK"}


def test_the_graph_says_where_it_comes_from(town: StreetGraph) -> None:
    assert town.meta["attribution"] == "© OpenStreetMap contributors"
    assert "ODbL" in town.meta["licence"]
    assert town.meta["data_date"] == "2026-01-31"
    assert town.meta["source"] == "town.osm.pbf"
    assert "Abbiegeverbote" in town.meta["note"]


@pytest.mark.parametrize(
    ("mode", "start", "end", "expected"),
    [
        ("walk", "F", "I", 1400 / 1.25),  # 200 m as the crow flies, over the river
        ("walk", "F", "D", 600 / 1.25),  # one-way does not bind people on foot
        ("walk", "B", "E", 300 / (2.3 / 3.6)),  # steps; round by C and D it is 720 s
        ("walk", "A", "F", 300 / 1.25),  # past the bollard
        ("walk", "L", "G", (300 + SLANT) / 1.25),
        ("bike", "F", "I", 2000 / (15 / 3.6)),  # past the bollard and by C, because D-F is one-way
        ("bike", "I", "F", 1400 / (15 / 3.6)),
        ("bike", "N", "L", 300 / (15 / 3.6)),  # against the one-way that bikes may use
        ("bike", "A", "P", 200 / (3 / 3.6)),  # sand
        ("bike", "B", "E", 900 / (15 / 3.6)),  # round by C and D: up the steps the bike is carried for 540 s
        ("bike", "E", "B", 900 / (15 / 3.6)),  # round by F and A, with the one-way
        ("bike", "C", "T", 300 / (15 / 3.6)),
        ("car", "A", "I", 900 / (25 / 3.6) + 200 / (40 / 3.6) + 600 / (24 / 3.6)),
        ("car", "I", "A", 900 / (25 / 3.6) + 200 / (40 / 3.6) + 600 / (24 / 3.6)),
        ("car", "N", "A", (900 + SLANT) / (25 / 3.6) + 200 / (40 / 3.6)),
    ],
)
def test_times_worked_out_on_paper(town: StreetGraph, mode: str, start: str, end: str, expected: float) -> None:
    assert seconds(town, mode, start, end) == pytest.approx(expected, abs=0.1)


@pytest.mark.parametrize("words", [("ADB", "AB"), ("AB", "ADB")])
def test_of_parallel_streets_the_shorter_counts(tmp_path: Path, words: tuple[str, str]) -> None:
    ways = [(word, {"highway": "residential"}) for word in (*words, "XA", "BY")]
    nodes = {"A": (0, 0), "B": (300, 0), "D": (150, 200), "X": (-100, 0), "Y": (400, 0)}  # A-D-B is 500 m
    both = read_graph(write_pbf(tmp_path / "p.osm.pbf", nodes, ways, {}))
    x, y = [ORIGIN[0] - 100, ORIGIN[0] + 400], [ORIGIN[1], ORIGIN[1]]
    ends = snap(both, x, y, "walk")
    there, back = Snapped(*(v[:1] for v in vars(ends).values())), Snapped(*(v[1:] for v in vars(ends).values()))
    assert minutes_between(both, "walk", there, back) * 75 == pytest.approx([500], abs=0.1)
    assert seconds_to_nearest(both, "walk", there, back).seconds * 1.25 == pytest.approx([500], abs=0.1)


def test_a_car_stays_on_its_side_of_the_bollard(town: StreetGraph) -> None:
    # D-E-F is a way in without a way out, so a car cannot start at F; its nearest street ends at the bollard, 150 m south
    found = snap(town, *zip(*at("F"), strict=True), "car")
    assert found.gap_m[0] == pytest.approx(150, abs=0.05)
    assert found.node_m[0] == pytest.approx(150, abs=0.05)
    assert seconds(town, "car", "F", "A") == pytest.approx(150 / 1.25 + 150 / (25 / 3.6), abs=0.1)


def test_places_lie_on_edges_not_at_nodes(town: StreetGraph) -> None:
    x, y = ORIGIN[0] + 390, ORIGIN[1] + 20  # 20 m beside B-C, 90 m east of B
    found = snap(town, [x], [y], "walk")
    assert found.gap_m[0] == pytest.approx(20, abs=0.05)
    assert found.node_m[0] == pytest.approx(110, abs=0.05)
    assert (town.x[found.node[0]] - ORIGIN[0], town.y[found.node[0]] - ORIGIN[1]) == pytest.approx((300, 0), abs=0.05)
    answer = OnStreets(town).seconds([(x, y)], [(ORIGIN[0] + 500, ORIGIN[1] - 10), *at("A")])
    assert answer.seconds == pytest.approx([(20 + 110 + 10) / 1.25], abs=0.1)  # along the edge itself
    assert answer.facility.tolist() == [0]


def test_the_nearest_facility_of_every_place(town: StreetGraph) -> None:
    answer = OnStreets(town).seconds(at(*"HFPLA"), at("A", "G"))
    assert answer.seconds == pytest.approx([300 / 1.25, 300 / 1.25, 200 / 1.25, (300 + SLANT) / 1.25, 0], abs=0.1)
    assert answer.facility.tolist() == [1, 0, 0, 1, 0]
    by_car = OnStreets(town, "car").seconds(at("C", "I"), at("A"))
    assert by_car.seconds[0] == pytest.approx(600 / (25 / 3.6), abs=0.1)


def test_out_of_reach_is_said_and_not_guessed(town: StreetGraph) -> None:
    walk = OnStreets(town)
    answer = walk.seconds([*at("P", "H"), (float("nan"), 0.0), (ORIGIN[0] - 5_000, ORIGIN[1])], at("A", "S"), limit_s=200)
    assert answer.seconds[0] == pytest.approx(160, abs=0.1)
    assert np.isinf(answer.seconds[1:]).all()
    assert answer.facility.tolist() == [0, -1, -1, -1]
    assert np.isinf(walk.seconds(at("A"), np.empty((0, 2))).seconds).all()
    assert snap(town, *zip(*at("S"), strict=True), "walk").edge.tolist() == [-1], "the island is not the main component"
    assert snap(town, *zip(*at("M"), strict=True), "walk", limit_m=41).edge.tolist() == [-1], (
        "the private road is no street, N-G is 41.6 m away"
    )


def test_nearest_of_all_nodes_in_one_pass(town: StreetGraph) -> None:
    answer = nearest(town, "walk", snap(town, *zip(*at("A", "G"), strict=True), "walk"))
    of = {(round(x - ORIGIN[0]), round(y - ORIGIN[1])): i for i, (x, y) in enumerate(zip(town.x, town.y, strict=True))}
    assert answer.seconds[of[600, 0]] == pytest.approx(500 / 1.25, abs=0.1)  # C: 600 to A, 500 to G
    assert answer.facility[of[600, 0]] == 1
    assert answer.facility[of[900, 0]] == answer.facility[of[1100, 900]] == -1  # cycleway, island


def test_cut_off_parts_are_reported(town: StreetGraph) -> None:
    walk, car = components(town, "walk"), components(town, "car")
    everything = 600 + 300 + 600 + 300 + 300 + 200 + 600 + 200 + 300 + SLANT + 200
    assert walk.main.length_m == pytest.approx(everything, abs=0.1)
    assert [(p.nodes, round(p.length_m)) for p in walk.cut_off] == [(2, 200)]
    assert (walk.cut_off[0].x, walk.cut_off[0].y) in [pytest.approx(p, abs=0.1) for p in at("Q", "S")]
    assert walk.main_share == pytest.approx(everything / (everything + 200), abs=1e-4)
    # AB BC AK CD DG GHI NG | QS, FK' | D-E-F and L-N lead one way
    assert car.main.length_m == pytest.approx(600 + 150 + 300 + 200 + 600 + SLANT, abs=0.1)
    assert [round(p.length_m) for p in car.cut_off] == [200, 150]
    assert car.between_m == pytest.approx(900, abs=0.1)


def test_an_isochrone_is_the_buffered_reach(town: StreetGraph) -> None:
    areas = isochrones(town, "walk", at("A")[0], [2, 4])
    # 150 m to the east, north and west: a bar of 300 m and one of 150 m, 40 m to each side, round ends
    r, disc = 40, 0.5 * 16 * 40**2 * math.sin(math.pi / 8)  # the round ends are half 16-gons
    assert areas[2].area == pytest.approx(300 * 2 * r + disc + (150 - r) * 2 * r + disc / 2, rel=0.002)
    assert areas[4].covers(shapely.Point(at("B")[0])), "300 m take 240 s"
    assert not areas[4].buffer(-1).covers(shapely.Point(at("B")[0]).buffer(45))
    assert not areas[4].intersects(shapely.Point(at("E")[0])), "steps and river bank are not reached"
    assert [a.is_valid for a in areas.values()] == [True, True]
    assert areas[4].buffer(0.02).covers(areas[2])


def test_isochrones_do_not_cross_the_river_but_by_the_bridge(town: StreetGraph) -> None:
    areas = isochrones(town, "walk", at("F")[0], [12, 20])
    north_bank = shapely.Point(at("I")[0])
    assert not areas[12].intersects(north_bank), "720 s: 900 m, G is 800 m away and I 1,400"
    assert areas[20].covers(north_bank)
    river = shapely.Point(ORIGIN[0] + 300, ORIGIN[1] + 400)
    assert not areas[20].intersects(river)


def test_isochrones_follow_one_ways(town: StreetGraph) -> None:
    by_car = isochrones(town, "car", at("D")[0], [1])[1]  # 60 s: 416 m at 25 km/h
    assert by_car.covers(shapely.Point(at("E")[0]))
    assert by_car.covers(shapely.Point(ORIGIN[0] + 190, ORIGIN[1] + 300))
    assert not by_car.intersects(shapely.Point(at("F")[0]))
    back = isochrones(town, "car", at("A")[0], [2])[2]  # reaches C and D's south, never the bollard's far side
    assert not back.intersects(shapely.Point(ORIGIN[0], ORIGIN[1] + 195))


def test_small_holes_are_filled_and_large_ones_stay(tmp_path: Path) -> None:
    nodes = {"A": (0, 0), "B": (200, 0), "C": (200, 200), "D": (0, 200), "E": (900, 0), "F": (900, 500), "G": (200, 500)}
    block = read_graph(
        write_pbf(tmp_path / "b.osm.pbf", nodes, [("ABCDA", {"highway": "residential"}), ("BEFGC", {"highway": "residential"})])
    )
    area = isochrones(block, "walk", (ORIGIN[0], ORIGIN[1]), [60])[60]
    assert area.geom_type == "Polygon"
    # the block's yard of 120 m × 120 m is filled; what the long way round encloses stays open
    assert len(area.interiors) == 1
    assert area.covers(shapely.Point(ORIGIN[0] + 100, ORIGIN[1] + 100))
    assert not area.intersects(shapely.Point(ORIGIN[0] + 550, ORIGIN[1] + 200))


@pytest.mark.parametrize(
    ("source", "minutes", "mode", "message"),
    [
        ("A", [0], "walk", "minutes=0: numbers above 0, at most 120"),
        ("A", [], "walk", "minutes=: numbers"),
        ("A", [5, 500], "walk", "minutes=5, 500: "),
        ("A", [float("nan")], "walk", "minutes=nan: "),
        ("A", [5], "horse", "mode=horse: one of walk, bike, car"),
        ("S", [5], "walk", "source=.*: a place within 500 m of a street for walk"),
    ],
)
def test_bad_questions_are_answered_with_a_sentence(town: StreetGraph, source: str, minutes: list[float], mode: str, message: str) -> None:
    with pytest.raises(InvalidParameter, match=message):
        isochrones(town, mode, at(source)[0], minutes)


def test_bounds_keep_what_crosses_their_edge(tmp_path: Path) -> None:
    south = read_graph(write_pbf(tmp_path / "t.osm.pbf"), bounds=(ORIGIN[0] - 50, ORIGIN[1] - 50, ORIGIN[0] + 650, ORIGIN[1] + 350))
    # without GHI, IL, LN, NG and QRS; D-G, A-P and C-T end outside
    assert south.length_m.sum() == pytest.approx(600 + 300 + 600 + 300 + 300 + 200 + 200 + 300, abs=0.1)
    with pytest.raises(InvalidFile, match="no street with its nodes inside the bounds"):
        read_graph(tmp_path / "t.osm.pbf", bounds=(0, 0, 1, 1))
    with pytest.raises(InvalidFile, match="the smaller first"):
        read_graph(tmp_path / "t.osm.pbf", bounds=(1, 0, 0, 1))


def test_nodes_that_an_extract_lacks_are_counted(tmp_path: Path) -> None:
    cut = read_graph(write_pbf(tmp_path / "t.osm.pbf", absent="HN"))
    assert cut.meta["missing"] == 4  # G-H, H-I, L-N, N-G
    assert components(cut, "walk").cut_off[0].length_m == pytest.approx(200, abs=0.1)


def test_files_that_are_no_streets_are_refused(tmp_path: Path) -> None:
    (tmp_path / "text.osm.pbf").write_text("no PBF")
    with pytest.raises(InvalidFile, match=r"text\.osm\.pbf: not readable as OpenStreetMap PBF"):
        read_graph(tmp_path / "text.osm.pbf")
    with pytest.raises(InvalidFile, match=r"gone\.osm\.pbf: not readable"):
        read_graph(tmp_path / "gone.osm.pbf")
    with pytest.raises(InvalidFile, match=r"rail\.osm\.pbf: no street with its nodes"):
        read_graph(write_pbf(tmp_path / "rail.osm.pbf", ways=[("AB", {"railway": "rail"})]))
    with pytest.raises(InvalidFile, match=r"cut\.osm\.pbf: no street"):
        read_graph(
            write_pbf(tmp_path / "cut.osm.pbf", ways=[("AB", {"highway": "residential"}), ("C", {"highway": "service"})], absent="AB")
        )


def test_streets_beyond_the_projection_are_counted_as_missing(tmp_path: Path) -> None:
    # 90 degrees from the central meridian the projection has no place for them
    writer = osmium.SimpleWriter(str(tmp_path / "far.osm.pbf"))
    for number, lon in enumerate((13.4, 13.401, 105.0, 105.001), 1):
        writer.add_node(osmium.osm.mutable.Node(id=number, location=(lon, 52.5 if lon < 100 else 0.0)))
    for number, nodes in enumerate(((1, 2), (3, 4)), 1):
        writer.add_way(osmium.osm.mutable.Way(id=number, nodes=nodes, tags={"highway": "service"}))
    writer.close()
    graph = read_graph(tmp_path / "far.osm.pbf")
    assert (len(graph.length_m), graph.meta["missing"], graph.meta["data_date"]) == (1, 1, "")


def test_the_cache_is_keyed_by_content(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, reads = write_pbf(tmp_path / "t.osm.pbf"), []

    def counted(*args: object, **kwargs: object) -> StreetGraph:
        reads.append(args)
        return read_graph(*args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(osm_streets, "read_graph", counted)
    first, again = open_graph(path, tmp_path / "kept"), open_graph(path, tmp_path / "kept")
    assert len(reads) == 1
    assert again.meta == first.meta
    for name in ("x", "y", "edge_from", "edge_to", "length_m", "shape_start", "shape_cm"):
        np.testing.assert_array_equal(getattr(first, name), getattr(again, name))
    for mode in first.seconds:
        np.testing.assert_array_equal(first.seconds[mode], again.seconds[mode])
    open_graph(path, tmp_path / "kept", bounds=(ORIGIN[0], ORIGIN[1], ORIGIN[0] + 400, ORIGIN[1] + 400))
    assert len(reads) == 2
    write_pbf(path, absent="H")
    assert open_graph(path, tmp_path / "kept").meta["missing"] == 2
    kept = sorted((tmp_path / "kept").glob("*.npz"))
    assert len(kept) == 3
    for file in kept:
        file.write_bytes(file.read_bytes()[:2000])  # a full disk
    with pytest.raises(InvalidFile, match="no street graph"):
        StreetGraph.load(kept[0])
    assert open_graph(path, tmp_path / "kept").meta["missing"] == 2


def test_without_streets_the_crow_flies_and_says_so(town: StreetGraph) -> None:
    crow: Walking = CrowFly()
    streets: Walking = OnStreets(town)
    assert (crow.method, streets.method) == ("crow-fly×1.3", "streets (OSM), walk")
    assert (crow.attribution, streets.attribution) == ("", "© OpenStreetMap contributors")
    answer = crow.seconds(at("F", "S"), at("A", "I"), limit_s=900)
    assert answer.seconds[0] == pytest.approx(200 * 1.3 / 1.25)  # the streets need 1,120 s
    assert answer.facility.tolist() == [1, -1]
    assert np.isinf(answer.seconds[1])
    assert crow.seconds(at("F"), np.empty((0, 2))).facility.tolist() == [-1]
    assert crow.seconds([(float("nan"), 1.0)], at("A")).facility.tolist() == [-1]
    assert crow.seconds(at("I"), [(float("nan"), 1.0), *at("I")]).facility.tolist() == [1]


# ------------------------------------------------------------------ real streets


@pytest.fixture(scope="module")
def mitte() -> StreetGraph:
    if not MITTE.exists():
        pytest.skip("berlin_mitte.osm.pbf is not there; it is not part of the repository")
    return read_graph(MITTE)


def test_real_streets_are_read_whole(mitte: StreetGraph) -> None:
    assert mitte.meta["missing"] == 0
    assert 700 < len(mitte.length_m) < 1_200  # 473 ways with highway, 1,276 nodes
    assert components(mitte, "walk").main_share > 0.9
    assert components(mitte, "car").main_share > 0.9


@pytest.mark.parametrize(
    ("start", "end"),
    [
        pytest.param((13.38976, 52.51123), (13.39050, 52.50671), id="Friedrichstraße, from Kronenstraße to Checkpoint Charlie"),
        pytest.param((13.39111, 52.51488), (13.39283, 52.50447), id="Charlottenstraße, from end to end"),
        pytest.param((13.38529, 52.51007), (13.39183, 52.51046), id="Leipziger Straße, from the ministry to Charlottenstraße"),
    ],
)
def test_real_walks_take_their_length_at_walking_speed(mitte: StreetGraph, start: tuple[float, float], end: tuple[float, float]) -> None:
    # both places lie on the same straight street, so the straight line is its length
    (ax, ay), (bx, by) = (crs.transform_xy(*p, crs.WEB, crs.STORAGE) for p in (start, end))
    minutes = minutes_between(mitte, "walk", snap(mitte, ax, ay, "walk"), snap(mitte, bx, by, "walk"))
    metres = math.hypot(bx - ax, by - ay)
    assert metres > 400
    assert metres / 75 * 0.999 <= minutes[0] <= metres / 75 * 1.15


@pytest.mark.parametrize("mode", ["walk", "bike", "car"])
def test_real_isochrones_are_valid_nested_and_grow(mitte: StreetGraph, mode: str) -> None:
    areas = isochrones(mitte, mode, (float(np.median(mitte.x)), float(np.median(mitte.y))), [2, 4, 6, 8])
    for inner, outer in itertools.pairwise(areas.values()):
        assert inner.is_valid
        assert outer.buffer(0.05).covers(inner)
        assert outer.area >= inner.area
    assert areas[4].area > areas[2].area
    streets = shapely.union_all(shapely.buffer(mitte.lines(np.flatnonzero(np.isfinite(mitte.seconds[mode]).any(axis=1))), 40.01))
    beyond = areas[8].difference(streets)
    assert all(part.area < 20_000 for part in shapely.get_parts(beyond)), "farther from streets there are only filled blocks"


def test_crs_of_the_town() -> None:
    lon, lat = crs.transform_xy(*ORIGIN, crs.STORAGE, crs.WEB)
    assert (lon, lat) == pytest.approx((11.75, 52.98), abs=0.05), "Wittenberge, not mirrored"
