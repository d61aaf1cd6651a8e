"""Two timetables compared: five places whose every answer is worked out on paper, and the words for them."""

from __future__ import annotations

import pytest
from django.utils import translation

from geo.errors import InvalidParameter
from layers.reach.whatif import compare_words as words
from layers.reach.whatif.compare import NOT, Comparison, Crossing, Results, Tally

#                    P    Q    R    S    T          P faster, over 60; Q slower, out of 60; R lost, S won a connection; T the same
BEFORE = Results({"berlin_best": [70, 60, 45, NOT, 61], "mz_best": [10, 10, 10, 10, 10]}, ["D", "", "C", "A", "B"])
AFTER = Results({"berlin_best": [58, 61, NOT, 60, 61], "mz_best": [10, 10, 10, 10, 9]}, ["C", "F", "C", "B", "B"])
TOWNS = ["x", "x", "y", "x", "z"]


def test_gains_losses_and_what_changed() -> None:
    c = Comparison(BEFORE, AFTER)
    assert c.measures == ["berlin_best", "mz_best", "transit_class"]  # neither has the others
    assert c.sign("berlin_best").tolist() == [1, -1, -1, 1, 0]
    assert c.change("berlin_best")[[0, 1, 4]].tolist() == [-12, 1, 0]
    assert c.sign("transit_class").tolist() == [1, 1, 0, -1, 0]
    assert c.tally("berlin_best") == Tally(2, 2)
    assert c.tally("mz_best") == Tally(1, 0)
    assert c.tally("berlin_best", [0, 4]) == Tally(1, 0)
    assert c.changed.tolist() == [0, 1, 2, 3, 4]
    assert Comparison(BEFORE, BEFORE).changed.tolist() == []


def test_who_comes_within_an_hour_and_who_falls_out() -> None:
    c = Comparison(BEFORE, AFTER)
    assert c.crossing(TOWNS, 60) == Crossing(60, 2, 1, 2, 2)  # P and S, both in x; Q in x and R in y
    assert c.crossing(TOWNS, 61) == Crossing(61, 2, 1, 1, 1)  # 61 is within 61: Q stays
    assert c.crossing(TOWNS, 59) == Crossing(59, 1, 1, 1, 1)
    assert c.crossing(TOWNS, 60, "oz_best") is None


def test_the_largest_changes_come_first_and_a_connection_counts_most() -> None:
    c = Comparison(BEFORE, AFTER)
    assert c.order("berlin_best", c.changed, lambda i: i) == [2, 3, 0, 1, 4]
    assert c.order("berlin_best", c.changed, lambda i: -i) == [3, 2, 0, 1, 4]


def test_what_only_one_has_is_not_compared_and_lengths_must_agree() -> None:
    bare = Results({"berlin_best": [1, 2, 3, 4, 5]})
    assert Comparison(bare, AFTER).measures == ["berlin_best"]
    nothing = Comparison(Results({}), AFTER)
    assert (nothing.measures, nothing.changed.tolist(), nothing.crossing(TOWNS, 60)) == ([], [], None)
    with pytest.raises(InvalidParameter, match="as many entries"):
        Comparison(Results({"berlin_best": [1]}), AFTER)


@pytest.mark.parametrize(
    ("found", "german", "english"),
    [
        (
            Crossing(60, 214, 11, 0, 0),
            "214 Leerstände in 11 Gemeinden kommen auf höchstens 60 Minuten an Berlin Hbf heran.",
            "214 vacancies in 11 municipalities come within 60 minutes of Berlin Hbf.",
        ),
        (
            Crossing(45, 1, 1, 0, 0),
            "1 Leerstand in 1 Gemeinde kommt auf höchstens 45 Minuten an Berlin Hbf heran.",
            "1 vacancy in 1 municipality comes within 45 minutes of Berlin Hbf.",
        ),
        (
            Crossing(60, 1_204, 1, 2, 1),
            "1.204 Leerstände in 1 Gemeinde kommen auf höchstens 60 Minuten an Berlin Hbf heran. "
            "2 Leerstände in 1 Gemeinde brauchen nun länger als 60 Minuten oder haben keine Verbindung mehr.",
            "1,204 vacancies in 1 municipality come within 60 minutes of Berlin Hbf. "
            "2 vacancies in 1 municipality now take longer than 60 minutes or have no connection any more.",
        ),
        (
            Crossing(60, 0, 0, 1, 1),
            "Kein Leerstand kommt auf höchstens 60 Minuten an Berlin Hbf heran. "
            "1 Leerstand in 1 Gemeinde braucht nun länger als 60 Minuten oder hat keine Verbindung mehr.",
            "No vacancy comes within 60 minutes of Berlin Hbf. "
            "1 vacancy in 1 municipality now takes longer than 60 minutes or has no connection any more.",
        ),
    ],
)
def test_the_sentence_is_grammatical_for_none_one_and_many(found: Crossing, german: str, english: str) -> None:
    for language, text in (("de", german), ("en", english)):
        with translation.override(language):
            assert words.sentence("", found) == text
            assert words.sentence("RB 99 stündlich", found) == f"RB 99 stündlich: {text}"


def test_counts_per_measure_are_grammatical() -> None:
    said = words.tally_sentence("transit_class", Tally(1, 0), Tally(0, 1))
    assert said == "ÖV-Güteklasse: 1 Gemeinde gewinnt, keine verliert; kein Leerstand gewinnt, 1 verliert."
    said = words.tally_sentence("berlin_best", Tally(0, 2), Tally(3, 0))
    assert said == "Berlin Hbf, schnellste Fahrt: keine Gemeinde gewinnt, 2 verlieren; 3 Leerstände gewinnen, keiner verliert."


def test_a_change_is_told_by_sign_and_word() -> None:
    c = Comparison(BEFORE, AFTER)
    told = [words.cell(c, "berlin_best", i) for i in range(5)]
    assert [t["text"] for t in told] == [
        "−12 min, schneller",
        "+1 min, langsamer",
        "− nicht mehr erreichbar",
        "+ neu erreichbar",
        "unverändert",
    ]
    assert [t["way"] for t in told] == ["gain", "loss", "loss", "gain", "same"]
    assert (told[3]["before"], told[3]["after"]) == ("keine Verbindung", "60 min")
    assert [words.cell(c, "transit_class", i)["text"] for i in range(4)] == ["+ besser", "+ besser", "unverändert", "− schlechter"]
    assert words.cell(c, "transit_class", 1)["before"] == "keine"
    assert [words.signed(int(v)) for v in c.change("berlin_best")] == [-12, 1, None, None, 0]
