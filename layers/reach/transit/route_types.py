"""Ranges of GTFS route types, basic and extended, by mode. Pure."""

Ranges = tuple[tuple[int, int], ...]

RAIL: Ranges = ((2, 2), (100, 117))
METRO: Ranges = ((1, 1), (400, 405))
TRAM: Ranges = ((0, 0), (5, 7), (900, 906), (1300, 1300), (1400, 1400))
BUS: Ranges = ((3, 3), (11, 11), (200, 209), (700, 717), (800, 800), (1500, 1507))
FERRY: Ranges = ((4, 4), (1000, 1000), (1200, 1200))
