"""100,000 vacancies as a GeoDataFrame: `raumwohlstand.vacancies` against `geopandas.read_postgis` on the same view, in turns."""

from __future__ import annotations

import os

from benchmarks.files import SIZE, fill, setup
from benchmarks.peers.tiles import beside
from benchmarks.run import database, interleaved

LIMIT_S, LIMIT_RATIO = 2.0, 1.0


def main() -> None:
    with database() as url:
        os.environ |= {"DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "config.settings"}
        setup()
        import geopandas as gpd
        from django.conf import settings
        from django.db import connection

        beside("frames", settings.DATA_DIR / "peers")
        from sqlalchemy import create_engine

        import raumwohlstand as rw
        from geo import crs
        from vacancies.published import VACANCIES

        fill()
        given = connection.get_connection_params()
        words = {name: given[name] for name in ("dbname", "host", "port", "user", "password") if given.get(name)}
        engine = create_engine("postgresql+psycopg://", connect_args=words)
        names = ", ".join(f.name for f in VACANCIES.fields)
        sql = f"SELECT point AS geom, {names} FROM public_vacancy ORDER BY key"  # noqa: S608 - our own names
        peer = lambda: gpd.read_postgis(sql, engine, index_col="key", crs=crs.STORAGE)  # noqa: E731
        assert list(rw.vacancies().index) == list(peer().index)
        some = ["town_name", "usable_m2", "transit_class", "berlin_best_min"]
        found = interleaved(3, ours=rw.vacancies, peer=peer, few=lambda: rw.vacancies(columns=some))
        engine.dispose()
        connection.close()
    ratio = found["ours"] / found["peer"]
    over = " OVER THE LIMIT" if ratio > LIMIT_RATIO or found["ours"] > LIMIT_S * 1e3 else ""
    print(f"  {SIZE:,} rows, all columns   ours {found['ours']:,.0f} ms   read_postgis {found['peer']:,.0f} ms   ratio {ratio:.2f}{over}")
    print(f"  {SIZE:,} rows, {len(some)} columns   ours {found['few']:,.0f} ms")


if __name__ == "__main__":
    main()
