"""The list in each of its orders: page by page the same rows as one statement sorts them, forwards and backwards."""

from __future__ import annotations

import random

import numpy as np
import pytest
from django.db import connection
from django.http import QueryDict

from vacancies.listing import PAGE_SIZE, Listing
from vacancies.orders import ORDERS, nearest

BY_HAND = {
    "newest": "verified_at DESC NULLS LAST",
    "town": 'town_name COLLATE "de-x-icu"',
    "area": "usable_m2 DESC NULLS LAST",
    "stop": "stop_distance_m NULLS LAST",
    "since": "vacant_since NULLS LAST",
}


def listing(query: str) -> Listing:
    return Listing.ask(QueryDict(query.removeprefix("?")))


@pytest.mark.django_db
@pytest.mark.parametrize("order", [o.name for o in ORDERS])
def test_pages_follow_the_order_forwards_and_backwards(order: str) -> None:
    for query, where in (("town_size=rural&target_use=workshop", "town_size_class = 'rural' AND target_uses && '{workshop}'"),):
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT key FROM public_vacancy WHERE {where} ORDER BY {BY_HAND[order]}, key")
            expected = [key for (key,) in cursor.fetchall()]
        assert len(expected) > 3 * PAGE_SIZE
        seen, here = [], listing(f"{query}&sort={order}")
        pages = [here]
        while here.following:
            here = listing(here.following)
            pages.append(here)
        seen = [row.key for page in pages for row in page.rows]
        assert seen == expected
        back = [here]
        while here.previous:
            here = listing(here.previous)
            back.append(here)
        assert sum(len(page.rows) for page in back) >= len(expected) - PAGE_SIZE
        assert [row.key for page in reversed(back) for row in page.rows] == expected


def test_the_first_beyond_a_mark_are_found_whatever_is_alike() -> None:
    dice = random.Random(7)
    for _try in range(300):
        n = dice.randrange(0, 60)
        alphabet = "ab" if dice.random() < 0.3 else "abcdefgh"
        keys = np.array(sorted({"".join(dice.choices(alphabet, k=dice.choice((8, 10)))) for _i in range(n)})).astype("S12")
        ranks = np.array([dice.randrange(-3, 4) for _key in keys], dtype=np.int64)
        rows = sorted(zip(ranks.tolist(), keys.tolist(), range(len(keys)), strict=True))
        mark = dice.choice([None, *((r, k) for r, k, _i in rows), (0, b"c")])
        backwards, length = dice.random() < 0.5, dice.randrange(1, 8)
        ahead = [row for row in rows if mark is None or ((row[:2] < mark) if backwards else (row[:2] > mark))]
        wanted = {i for _r, _k, i in (ahead[::-1] if backwards else ahead)[:length]}
        found = nearest(ranks, keys, length, mark, backwards).tolist()
        assert len(set(found)) == len(found)
        assert wanted <= set(found)
        beyond = {i for _r, _k, i in ahead}
        assert set(found) <= beyond
