"""What the tags of a way mean, by the sources that the preset names."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from geo.errors import InvalidFile
from layers.reach.ways.street_rules import PRESET, load_rules

RULES = load_rules()
R = {"highway": "residential"}


# walk, bike, car: along and against, km/h
@pytest.mark.parametrize(
    ("tags", "speeds"),
    [
        (R, (4.5, 4.5, 15, 15, 25, 25)),
        (R | {"oneway": "yes"}, (4.5, 4.5, 15, 0, 25, 0)),
        (R | {"oneway": "-1"}, (4.5, 4.5, 0, 15, 0, 25)),
        (R | {"oneway": "yes", "oneway:bicycle": "no"}, (4.5, 4.5, 15, 15, 25, 0)),
        (R | {"oneway": "yes", "cycleway:left": "opposite_lane"}, (4.5, 4.5, 15, 15, 25, 0)),
        (R | {"oneway:foot": "yes"}, (4.5, 0, 15, 15, 25, 25)),
        (R | {"junction": "roundabout"}, (4.5, 4.5, 15, 0, 25, 0)),
        (R | {"junction": "roundabout", "oneway": "no"}, (4.5, 4.5, 15, 15, 25, 25)),
        (R | {"oneway": "reversible"}, (4.5, 4.5, 15, 15, 0, 0)),
        (R | {"maxspeed": "30"}, (4.5, 4.5, 15, 15, 24, 24)),  # 80 %
        (R | {"maxspeed": "10"}, (4.5, 4.5, 10, 10, 8, 8)),
        (R | {"maxspeed": "DE:urban"}, (4.5, 4.5, 15, 15, 40, 40)),
        (R | {"maxspeed": "20 mph"}, (4.5, 4.5, 15, 15, pytest.approx(25.75, abs=0.01), pytest.approx(25.75, abs=0.01))),
        (R | {"maxspeed:forward": "50", "maxspeed": "30"}, (4.5, 4.5, 15, 15, 40, 24)),
        (R | {"maxspeed": "3000"}, (4.5, 4.5, 15, 15, 25, 25)),
        (R | {"maxspeed": "²"}, (4.5, 4.5, 15, 15, 25, 25)),
        (R | {"maxspeed": "0"}, (4.5, 4.5, 15, 15, 25, 25)),
        (R | {"surface": "sett"}, (4.5, 4.5, 9, 9, 25, 25)),
        (R | {"access": "private"}, (0, 0, 0, 0, 0, 0)),
        (R | {"access": "private", "foot": "yes"}, (4.5, 4.5, 0, 0, 0, 0)),
        (R | {"motor_vehicle": "destination"}, (4.5, 4.5, 15, 15, 25, 25)),
        (R | {"vehicle": "no"}, (4.5, 4.5, 0, 0, 0, 0)),
        (R | {"vehicle": "no", "bicycle": "yes"}, (4.5, 4.5, 15, 15, 0, 0)),
        (R | {"bicycle_road": "yes"}, (4.5, 4.5, 15, 15, 0, 0)),
        (R | {"bicycle_road": "yes", "motor_vehicle": "yes"}, (4.5, 4.5, 15, 15, 25, 25)),
        (R | {"bicycle": "dismount"}, (4.5, 4.5, 4, 4, 25, 25)),
        (R | {"foot": "use_sidepath", "bicycle": "use_sidepath"}, (0, 0, 0, 0, 25, 25)),
        ({"highway": "primary", "motorroad": "yes"}, (0, 0, 0, 0, 65, 65)),
        ({"highway": "motorway", "maxspeed": "none"}, (0, 0, 0, 0, 112, 0)),
        ({"highway": "footway"}, (4.5, 4.5, 4, 4, 0, 0)),
        ({"highway": "footway", "bicycle": "designated"}, (4.5, 4.5, 15, 15, 0, 0)),
        ({"highway": "pedestrian", "bicycle": "yes"}, (4.5, 4.5, 7, 7, 0, 0)),
        ({"highway": "pedestrian", "area": "yes"}, (4.5, 4.5, 0, 0, 0, 0)),
        ({"highway": "cycleway"}, (0, 0, 15, 15, 0, 0)),
        ({"highway": "cycleway", "foot": "designated"}, (4.5, 4.5, 15, 15, 0, 0)),
        ({"highway": "steps"}, (2.3, 2.3, 2, 2, 0, 0)),
        ({"highway": "track", "surface": "sand"}, (4.5, 4.5, 3, 3, 0, 0)),
        ({"highway": "track", "motor_vehicle": "yes"}, (4.5, 4.5, 12, 12, 10, 10)),
        ({"highway": "track", "access": "yes"}, (4.5, 4.5, 12, 12, 0, 0)),
        ({"highway": "proposed", "foot": "yes"}, (0, 0, 0, 0, 0, 0)),
        ({"route": "ferry", "motor_vehicle": "no"}, (5, 5, 5, 5, 0, 0)),
        ({"railway": "platform"}, (4.5, 4.5, 4, 4, 0, 0)),
        ({"railway": "rail"}, (0, 0, 0, 0, 0, 0)),
    ],
)
def test_speeds(tags: dict[str, str], speeds: tuple[float, ...]) -> None:
    # a signed track keeps the faster of its own and the signed speed: 15 would be too fast for a track
    assert RULES.speeds(tags) == speeds


@pytest.mark.parametrize(
    ("tags", "bits"),  # 1 walk, 2 bike, 4 car
    [
        ({"barrier": "bollard"}, 4),
        ({"barrier": "bollard", "access": "yes"}, 4),
        ({"barrier": "bollard", "motor_vehicle": "yes"}, 0),
        ({"barrier": "gate"}, 0),
        ({"barrier": "gate", "access": "private"}, 7),
        ({"barrier": "gate", "access": "private", "foot": "yes", "bicycle": "permissive"}, 4),
        ({"barrier": "stile"}, 6),
        ({"barrier": "wall"}, 7),
        ({"barrier": "something_new"}, 4),
        ({"highway": "crossing"}, 0),
    ],
)
def test_barriers(tags: dict[str, str], bits: int) -> None:
    assert RULES.blocked(tags) == bits


def test_every_value_of_the_preset_is_one_the_engine_asks_for() -> None:
    for mode in RULES.modes.values():
        assert all(0 < v <= 150 for v in (*mode.speed.values(), *mode.signed_speed.values(), *mode.surface.values(), mode.signed))
        assert set(mode.signed_speed) <= RULES.signed_types
        assert all(rule.count("=") == 1 for rule in mode.closed_by)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("[walk.speed]", "[other.speed]", r"'walk\.speed' is missing"),
        ('fence = []', 'fence = ["horse"]', r"\[barrier\] needs 'other' and lists of walk, bike, car; found horse"),
        ("buffer_m = 40", "", "'buffer_m' is missing"),
        ("buffer_m = 40", "buffer_m = = 40", "streets.toml: "),
        ("residential = 4.5", 'residential = "fast"', "streets.toml: .*fast"),
    ],
)  # fmt: skip
def test_a_broken_preset_is_named(tmp_path: Path, old: str, new: str, message: str) -> None:
    text = PRESET.read_text(encoding="utf-8")
    assert old in text
    (tmp_path / "streets.toml").write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(InvalidFile, match=message) as caught:
        load_rules(tmp_path / "streets.toml")
    assert re.match(r"streets\.toml: ", str(caught.value))
