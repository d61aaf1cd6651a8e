"""Runs alone, in a process with limits: reads one private file with GDAL and writes its rows as JSON.

Called by `geo.files` with: source, target, layer.
"""

import json
import os
import resource
import sys

ALLOWED = {"GPKG", "ESRI Shapefile", "GeoJSON"}


def main() -> None:
    source, target, layer = sys.argv[1:4]
    resource.setrlimit(resource.RLIMIT_CPU, (60, 60))
    resource.setrlimit(resource.RLIMIT_AS, (6_000_000_000, 6_000_000_000))
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000_000, 1_000_000_000))
    resource.setrlimit(resource.RLIMIT_NPROC, resource.getrlimit(resource.RLIMIT_NPROC))
    import pyogrio

    if "GDAL_SKIP" not in os.environ:
        # GDAL reads this when it registers its drivers, so start anew with it
        others = ",".join(name for name in pyogrio.list_drivers() if name not in ALLOWED)
        os.execve(sys.executable, [sys.executable, "-I", *sys.argv], {**os.environ, "OGR_SKIP": others, "GDAL_SKIP": others})  # noqa: S606
    layers = [str(name) for name, _kind in pyogrio.list_layers(source)]
    if layer and layer not in layers:
        raise SystemExit(f"no layer {layer!r}; there are {', '.join(layers)}")
    info = pyogrio.read_info(source, layer=layer or layers[0])
    if info["driver"] not in ALLOWED:
        raise SystemExit(f"{info['driver']} is not read")
    from pyogrio.raw import read

    meta, _fids, shapes, columns = read(source, layer=layer or layers[0], datetime_as_string=True)
    names = [str(n) for n in meta["fields"]]
    rows = [[_plain(v) for v in row] for row in zip(*columns, strict=True)] if names else [[] for _s in shapes]
    found = {"columns": names, "rows": rows, "shapes": [s.hex() if s else None for s in shapes], "crs": meta["crs"]}
    with open(target, "w", encoding="utf-8") as file:  # noqa: PTH123
        json.dump(found, file)


def _plain(value: object) -> object:
    """Return a value that JSON knows; numpy's not-a-number becomes nothing."""
    if hasattr(value, "item"):
        value = value.item()
    if value is None or value != value:
        return None
    return value if isinstance(value, str | int | float | bool) else str(value)


if __name__ == "__main__":
    main()
