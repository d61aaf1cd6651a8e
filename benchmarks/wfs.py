"""WFS and OGC API Features over 500,000 rows: pages, hits, formats, against the raw query of the same page and MapServer's own WFS."""

from __future__ import annotations

import itertools
import os
import statistics
import sys
from collections.abc import Callable
from dataclasses import replace

from benchmarks.run import database, interleaved

ROWS, PAGE, FAR, MANY = 500_000, 1_000, 200_000, 10_000


def measure() -> int:
    """Print median milliseconds and ratios; asks in this process, so that no server's sockets are measured."""
    import django

    django.setup()
    from django.conf import settings
    from django.contrib.gis.db import models
    from django.core.cache import cache
    from django.db import connection
    from django.test import RequestFactory

    from geo import crs
    from layers.public import PublicStop
    from layers.publish.collection import offering
    from layers.publish.ogcapi.views import found
    from layers.publish.wfs.views import wfs
    from layers.published import STOPS

    settings.ALLOWED_HOSTS.append("testserver")
    columns = {f.name: f.clone() for f in PublicStop._meta.concrete_fields}
    meta = type("Meta", (), {"managed": False, "db_table": "bench_stop", "app_label": "layers"})
    model = type("BenchStop", (models.Model,), {**columns, "Meta": meta, "__module__": __name__})
    layer = replace(STOPS, name="bench", model=model, stamp=lambda: "bench", loaded=tuple)
    with connection.cursor() as cursor:
        place = f"ST_SetSRID(ST_Point(250000 + n % 1000 * 200, 5750000 + n / 1000 * 200), {crs.STORAGE})"
        values = (
            "'s' || lpad(n::text, 8, '0'), 'Halt ' || n, 'bus', n % 9 = 0, n % 90, n % 120, 'III', 'wittenberge', 'Wittenberge', '12070'"
        )
        names = "stop_id, name, mode, is_rail, departures, departures_day, category, town_slug, town_name, district_ags, point"
        made = f"SELECT {values}, {place} FROM generate_series(1, {ROWS}) n"  # noqa: S608 - our own text
        cursor.execute(f"CREATE UNLOGGED TABLE bench_stop ({names}) AS {made}")
        cursor.execute("ALTER TABLE bench_stop ADD PRIMARY KEY (stop_id)")
        cursor.execute("CREATE INDEX ON bench_stop USING gist (point)")  # as the layers' own tables have
        cursor.execute(f"GRANT SELECT ON bench_stop TO {settings.READER_ROLE}, {settings.REGISTER_ROLE}")
    connection.ensure_connection()
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE bench_stop")
    factory = RequestFactory()

    def asked(**keys: object) -> Callable[[], int]:
        def call() -> int:
            given = {"SERVICE": "WFS", "VERSION": "2.0.0", "REQUEST": "GetFeature", "TYPENAMES": "raum:bench", "COUNT": PAGE} | keys
            with offering((layer,)):
                response = wfs(factory.get("/ogc/wfs", given))
            body = b"".join(response.streaming_content) if response.streaming else response.content
            assert response.status_code == 200, body[:300]
            return len(body)

        return call

    def listed(offset: int) -> Callable[[], int]:
        def call() -> int:
            with offering((layer,)):
                response = found(
                    factory.get("/ogc/features/collections/bench/items", {"f": "json", "limit": PAGE, "offset": offset}), name="bench"
                )
            return sum(map(len, response.streaming_content))

        return call

    def raw(sql: str) -> Callable[[], int]:
        def call() -> int:
            with connection.cursor() as cursor:
                cursor.execute(sql)
                return len(cursor.fetchall())

        return call

    select = "SELECT *, ST_AsGML(3, point, 3, 1) FROM bench_stop ORDER BY stop_id LIMIT %d OFFSET %d"
    asked(STARTINDEX=FAR)()  # notes the keys, once
    with offering((layer,)):
        first_index = statistics.median(_timed(lambda: (cache.clear(), asked(STARTINDEX=FAR)())) for _n in range(3))
    times = interleaved(
        9,
        raw_first=raw(select % (PAGE, 0)),
        raw_far=raw(select % (PAGE, FAR)),
        first=asked(),
        far=asked(STARTINDEX=FAR),
        far_json=asked(STARTINDEX=FAR, OUTPUTFORMAT="geojson"),
        hits=asked(RESULTTYPE="hits"),
        api_first=listed(0),
        api_far=listed(FAR),
        capabilities=asked(REQUEST="GetCapabilities"),
    )
    older = {"VERSION": "1.1.0", "TYPENAME": "raum:bench"}
    turn, seventh = itertools.count(), ("departures", 7, "EqualTo")

    def filtered(peer: bool, *conditions: tuple[str, int, str], **keys: object) -> Callable[[], int]:
        """A question that nobody has asked before: one condition more, which always holds."""

        def call() -> int:
            parts = (*conditions, ("departures_day", -1 - next(turn), "GreaterThan"))
            if peer:
                return asked(**older, FILTER=condition("ogc", "PropertyName", parts), **keys)()
            return asked(FILTER=condition("fes", "ValueReference", parts), **keys)()

        return call

    def boxed(**keys: object) -> Callable[[], int]:
        """A box that nobody has asked for before."""
        return lambda: asked(BBOX=f"250000,5750000,{260000 + next(turn) / 100},5800000", **keys)()

    asked(RESULTTYPE="hits", FILTER=condition("fes", "ValueReference", (seventh,)))()
    peers = interleaved(
        9,
        gml=asked(COUNT=MANY),
        gml_peer=asked(**older, MAXFEATURES=MANY),
        hits=filtered(False, RESULTTYPE="hits"),
        hits_peer=filtered(True, RESULTTYPE="hits"),
        filter=filtered(False, seventh),
        filter_peer=filtered(True, seventh, MAXFEATURES=PAGE),
        filter_known=asked(FILTER=condition("fes", "ValueReference", (seventh,))),
        box=boxed(),
        box_peer=boxed(**older, MAXFEATURES=PAGE),
    )
    for name, ms in {**times, **peers}.items():
        print(f"  {name:<14}{ms:8.1f} ms", flush=True)
    for name in ("gml", "hits", "filter", "box"):
        print(f"  MapServer's own WFS / ours, {name}: {peers[f'{name}_peer'] / peers[name]:.2f}")
    against_peers(listed)
    print(f"  noting the keys, once for each state and filter: {first_index:.0f} ms with the page")
    print(f"  WFS far/first {times['far'] / times['first']:.2f}, first/raw {times['first'] / times['raw_first']:.1f}")
    print(f"  API far/first {times['api_far'] / times['api_first']:.2f}, first/raw {times['api_first'] / times['raw_first']:.1f}")
    print(f"  raw far/first {times['raw_far'] / times['raw_first']:.1f}")
    return 0


def condition(prefix: str, reference: str, parts: tuple[tuple[str, int, str], ...]) -> str:
    """Return a filter in which all parts hold."""
    names = {"fes": "http://www.opengis.net/fes/2.0", "ogc": "http://www.opengis.net/ogc"}
    made = "".join(
        f"<{prefix}:PropertyIs{how}><{prefix}:{reference}>{column}</{prefix}:{reference}><{prefix}:Literal>{value}</{prefix}:Literal></{prefix}:PropertyIs{how}>"
        for column, value, how in parts
    )
    made = f"<{prefix}:And>{made}</{prefix}:And>" if len(parts) > 1 else made
    return f"<{prefix}:Filter xmlns:{prefix}='{names[prefix]}'>{made}</{prefix}:Filter>"


def against_peers(listed: Callable[[int], Callable[[], int]]) -> None:
    """OGC API pages of tipg and of pygeoapi's own PostgreSQL provider on the same rows; theirs with a socket, which costs about 1 ms."""
    from urllib.request import urlopen

    from django.conf import settings

    from benchmarks.peers.ogc import peers

    def remote(address: str, form: str, offset: int) -> Callable[[], int]:
        def call() -> int:
            with urlopen(f"{address}?limit={PAGE}&offset={offset}&f={form}", timeout=120) as answer:  # noqa: S310 - our own address
                return len(answer.read())

        return call

    folder = settings.DATA_DIR / "peers"
    folder.mkdir(parents=True, exist_ok=True)
    with peers(os.environ["DATABASE_URL"], folder) as found:
        calls = {"ours_first": listed(0), "ours_far": listed(FAR)}
        for name, address in found.items():
            form = "geojson" if name == "tipg" else "json"
            calls |= {f"{name}_first": remote(address, form, 0), f"{name}_far": remote(address, form, FAR)}
        times = interleaved(5, **calls)
    for name in found:
        for page in ("first", "far"):
            ratio = times[f"{name}_{page}"] / times[f"ours_{page}"]
            print(f"  {name} / ours, OGC API page {page}: {ratio:.1f} ({times[f'{name}_{page}']:.0f} ms)")


def _timed(call: Callable[[], object]) -> float:
    import time

    start = time.perf_counter()
    call()
    return (time.perf_counter() - start) * 1e3


def main() -> int:
    if sys.argv[1:] == ["here"]:
        return measure()
    import subprocess

    with database() as url:
        environment = {**os.environ, "DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "config.settings"}
        return subprocess.run([sys.executable, "-m", "benchmarks.wfs", "here"], env=environment).returncode


if __name__ == "__main__":
    sys.exit(main())
