-- The public layers of the live run and of the reference data. Whatever is not here, services and files do not know.

-- little-endian int16, one after the other, −1 for "no connection" (see layers.models.MinutesField)
CREATE OR REPLACE FUNCTION public_minutes(best bytea, median bytea)
RETURNS TABLE (number integer, best_min integer, median_min integer)
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE ROWS 60000 AS $$
DECLARE
    a bytea := best || ''::bytea;  -- unpacked once
    b bytea := median || ''::bytea;
    high integer;
BEGIN
    FOR n IN 0 .. length(a) / 2 - 1 LOOP
        number := n;
        high := get_byte(a, 2 * n + 1);
        best_min := CASE WHEN high > 127 THEN NULL ELSE high * 256 + get_byte(a, 2 * n) END;
        high := get_byte(b, 2 * n + 1);
        median_min := CASE WHEN high > 127 THEN NULL ELSE high * 256 + get_byte(b, 2 * n) END;
        RETURN NEXT;
    END LOOP;
END $$;

CREATE VIEW public_town AS
SELECT
    t.ags8 AS ags,
    t.slug,
    t.name,
    t.kind,
    d.ags5 AS district_ags,
    d.name AS district_name,
    t.admin_union,
    t.population,
    t.population_date,
    t.area_km2,
    t.size_class,
    t.central_function,
    t.structure_area,
    coalesce(r.transit_class, '') AS transit_class,
    s.name AS stop_name,
    r.stop_distance_m,
    r.departures_per_day,
    coalesce(r.well_connected, false) AS well_connected,
    r.berlin_best_min,
    r.berlin_median_min,
    r.last_from_berlin,
    coalesce(r.oz_name, '') AS oz_name,
    r.oz_best_min,
    r.oz_median_min,
    coalesce(r.mz_name, '') AS mz_name,
    r.mz_best_min,
    r.mz_median_min,
    t.geom
FROM geo_town t
JOIN geo_district d ON d.id = t.district_id
LEFT JOIN layers_townreach r ON r.town_id = t.id AND r.live
LEFT JOIN layers_transitstop s ON s.id = r.stop_id
WHERE t.merged_into_id IS NULL;

CREATE VIEW public_stop AS
SELECT
    s.stop_id,
    s.name,
    s.mode,
    s.is_rail,
    s.departures,
    s.departures_day,
    s.category,
    coalesce(t.slug, '') AS town_slug,
    coalesce(t.name, '') AS town_name,
    coalesce(d.ags5, '') AS district_ags,
    s.point
FROM layers_transitstop s
JOIN layers_reachrun run ON run.dataset_id = s.dataset_id AND run.live
LEFT JOIN geo_town t ON t.id = s.town_id
LEFT JOIN geo_district d ON d.id = t.district_id;

CREATE VIEW public_class_area AS
SELECT a.transit_class, run.day AS timetable_day, a.geom
FROM layers_classarea a
JOIN layers_reachrun run ON run.id = a.run_id AND run.live;

CREATE VIEW public_isochrone AS
SELECT
    c.key || '-' || a.minutes AS key,
    c.key AS centre,
    c.name AS centre_name,
    c.kind AS centre_kind,
    a.minutes,
    run.day AS timetable_day,
    a.geom
FROM layers_reacharea a
JOIN layers_centre c ON c.id = a.centre_id
JOIN layers_reachrun run ON run.id = a.run_id AND run.live;

CREATE VIEW public_travel_time AS
SELECT
    c.key || '-' || h.cell AS key,
    c.key AS centre,
    c.name AS centre_name,
    m.best_min,
    m.median_min,
    h.geom
FROM layers_surface f
JOIN layers_reachrun run ON run.id = f.run_id AND run.live
JOIN layers_centre c ON c.id = f.centre_id
CROSS JOIN LATERAL public_minutes(f.best_min, f.median_min) m
JOIN layers_hexcell h ON h.number = m.number
WHERE m.best_min IS NOT NULL;

CREATE VIEW public_facility AS
SELECT
    -- stable as long as the source keeps its own reference
    ds.key || '-' || f.kind || '-' || f.ref AS key,
    f.kind,
    f.name,
    coalesce(t.slug, '') AS town_slug,
    coalesce(t.name, '') AS town_name,
    coalesce(d.ags5, '') AS district_ags,
    ds.key AS source,
    f.ref,
    f.point
FROM layers_facility f
JOIN geo_dataset ds ON ds.id = f.dataset_id
LEFT JOIN geo_town t ON t.id = f.town_id
LEFT JOIN geo_district d ON d.id = t.district_id;

CREATE VIEW public_zone AS
SELECT
    ds.key || '-' || z.kind || '-' || z.ref AS key,
    z.kind,
    z.name,
    z.value,
    ds.key AS source,
    z.ref,
    z.geom
FROM layers_zone z
JOIN geo_dataset ds ON ds.id = z.dataset_id;
