"""Runs alone, in a process with limits: reads one private file with GDAL and writes its rows as JSON.

Called by `geo.shapes` with a job. It may not make connections nor start programs, whatever the file makes GDAL do.
"""

import ctypes
import json
import platform
import resource
import struct
import sys
from fnmatch import fnmatch
from typing import Any

ALLOWED = {"GPKG", "ESRI Shapefile", "GeoJSON"}  # for files; answers of services are GML
UNUSED = ("geopandas", "pandas", "pyarrow", "pyproj", "shapely")  # pyogrio would load what is there: four fifths of the start
MEMORY, RESULT = 4_000_000_000, 1_000_000_000  # bytes
# Linux: number of the machine, and of socket, connect, execve, execveat, ptrace, io_uring_setup
MACHINES = {"x86_64": (0xC000003E, (41, 42, 59, 322, 101, 425)), "aarch64": (0xC00000B7, (198, 203, 221, 281, 117, 425))}
NO_NEW_PRIVILEGES, SECCOMP, FILTER = 38, 22, 2  # prctl(2)
LOAD, EQUAL, AT_LEAST, RETURN = 0x20, 0x15, 0x35, 0x06  # classic BPF
ALLOW, REFUSE, KILL = 0x7FFF0000, 0x00050001, 0x80000000
OTHER_ABI = 0x40000000


class _Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("code", ctypes.c_char_p)]


def main() -> None:
    job = json.loads(sys.argv[1])
    resource.setrlimit(resource.RLIMIT_CPU, (job["cpu_seconds"],) * 2)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_FSIZE, (RESULT, RESULT))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    go_offline()
    try:
        found = read(job)
    except MemoryError:
        found = {"error": "needs more memory than is given to a file"}
    except Exception as error:
        found = {"error": str(error).splitlines()[0] if str(error) else type(error).__name__}
    with open(job["target"], "w", encoding="utf-8") as file:  # noqa: PTH123
        json.dump(found, file)


def go_offline() -> bool:
    """Let the kernel refuse sockets and new programs to this process (seccomp); False where it cannot.

    GDAL follows addresses in places that no driver list closes, such as the `crs` of a GeoJSON file.
    """
    machine = MACHINES.get(platform.machine()) if sys.platform == "linux" else None
    if machine is None:
        return False
    number, refused = machine
    steps = [(LOAD, 0, 0, 4), (EQUAL, 1, 0, number), (RETURN, 0, 0, KILL), (LOAD, 0, 0, 0)]
    last = len(refused) + 1
    steps.append((AT_LEAST, last, 0, OTHER_ABI))
    steps += [(EQUAL, last - 1 - i, 0, call) for i, call in enumerate(refused)]
    steps += [(RETURN, 0, 0, ALLOW), (RETURN, 0, 0, REFUSE)]
    code = b"".join(struct.pack("HBBI", *step) for step in steps)
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(NO_NEW_PRIVILEGES, 1, 0, 0, 0):
        return False
    return not libc.prctl(SECCOMP, FILTER, ctypes.byref(_Program(len(steps), code)))


def read(job: dict[str, Any]) -> dict[str, Any]:
    """Return columns, rows and WKB of the wanted layer."""
    for unused in UNUSED:
        sys.modules[unused] = None  # type: ignore[assignment]
    import pyogrio
    from pyogrio.raw import read as read_layer

    source = job["source"]
    layers = [str(name) for name, _kind in pyogrio.list_layers(source)]
    wanted = (job["layer"] or "*").lower()
    fitting = sorted((n for n in layers if fnmatch(n.lower(), wanted)), key=len) if job["layer"] else layers
    if not fitting:
        known = f"no layer {job['layer']!r}; there are {', '.join(layers[:20])}"
        raise ValueError(known if layers else "there is no layer with rows inside")
    layer = fitting[0]
    info = pyogrio.read_info(source, layer=layer)
    if info["driver"] not in job["drivers"]:
        raise ValueError(f"{info['driver']} is not read")
    if job["where"] is None and info["features"] * max(len(info["fields"]), 1) > job["most_cells"]:
        raise ValueError(f"more than {job['most_cells']:,} cells")
    options = {"layer": layer, "where": job["where"], "max_features": job["most_rows"] + 1, "datetime_as_string": True}
    meta, _fids, shapes, columns = read_layer(source, **options)
    names = [str(n) for n in meta["fields"]]
    count = len(columns[0]) if names else len(shapes) if shapes is not None else 0
    rows = [[plain(v) for v in row] for row in zip(*columns, strict=True)] if names else [[] for _n in range(count)]
    broken: dict[int, str] = {}
    texts: list[str | None] | None = None
    if shapes is not None:
        texts = []
        for n, shape in enumerate(shapes, 1):
            if shape is not None and len(shape) > job["most_per_shape"]:
                broken[n] = f"the geometry takes {len(shape) / 1e6:.1f} MB; at most {job['most_per_shape'] / 1e6:.0f} MB are read"
                shape = None
            texts.append(shape.hex() if shape is not None else None)
    found = {"columns": names, "rows": rows, "shapes": texts, "crs": meta["crs"], "broken": broken}
    return found | {"layer": layer, "layers": layers}


def plain(value: Any) -> Any:
    """Return a value that JSON knows; numpy's not-a-number becomes nothing, a list its values with commas."""
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, list | tuple):
        return ", ".join(str(v) for v in value)
    if value is None or value != value or value in (float("inf"), float("-inf")):
        return None
    return value if isinstance(value, str | int | float | bool) else str(value)


if __name__ == "__main__":
    main()
