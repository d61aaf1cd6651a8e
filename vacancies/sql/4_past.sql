-- What was public on a day: the states of every vacancy that is public today, each from the day it held at its end until the day
-- before the next. History opens nothing that is shut today: rows, texts, place, town and reach are those of `public_vacancy`; a
-- position is exact, a price, an owner or a monument shown, when it was so then and is so now.
CREATE VIEW public_vacancy_past AS
SELECT
    greatest(h.day, CASE WHEN e.basis = 'baugb200' THEN (e.notice_on + interval '1 month')::date END) AS shown_from,
    coalesce(h.next_day, '9999-12-31') AS shown_until,
    p.key,
    p.slug,
    p.is_example,
    (p.is_exact AND e.visibility = 'exact') AS is_exact,
    CASE WHEN (p.is_exact AND e.visibility = 'exact') THEN p.title ELSE '' END AS title,
    p.summary,
    e.object_kind,
    CASE WHEN (p.is_exact AND e.visibility = 'exact') THEN p.locality ELSE '' END AS locality,
    CASE WHEN (p.is_exact AND e.visibility = 'exact') THEN p.street ELSE '' END AS street,
    CASE WHEN (p.is_exact AND e.visibility = 'exact') THEN p.house_no ELSE '' END AS house_no,
    CASE WHEN (p.is_exact AND e.visibility = 'exact') THEN p.postcode ELSE '' END AS postcode,
    CASE
        WHEN (p.is_exact AND e.visibility = 'exact') THEN p.point
        ELSE ST_SetSRID(ST_MakePoint(floor(ST_X(p.point) / 500) * 500 + 250, floor(ST_Y(p.point) / 500) * 500 + 250), 25833)
    END AS point,
    CASE WHEN (p.is_exact AND e.visibility = 'exact') THEN p.footprint END AS footprint,
    e.former_use,
    e.current_use,
    e.possible_uses,
    e.target_uses,
    e.occupancy,
    e.vacant_since,
    e.vacant_since_precision,
    e.condition,
    CASE WHEN 'ground' IN (e.monument, v.monument) THEN 'unknown' ELSE e.monument END AS monument,
    CASE WHEN e.owner_type IN ('private', 'heirs') OR v.owner_type IN ('private', 'heirs') THEN 'unknown' ELSE e.owner_type END AS owner_type,
    e.disposal,
    CASE WHEN e.price_is_public AND v.price_is_public THEN e.price_eur END AS price_eur,
    CASE WHEN e.price_is_public AND v.price_is_public THEN e.rent_eur_m2 END AS rent_eur_m2,
    e.available_from,
    e.plot_m2,
    e.gross_floor_m2,
    e.usable_m2,
    e.smallest_divisible_m2,
    e.storeys,
    e.room_height_m,
    e.rooms,
    e.construction_year,
    e.electricity,
    e.three_phase,
    e.water,
    e.heating,
    e.broadband_mbit,
    e.sanitary,
    e.barrier_free,
    e.load_access,
    e.parking,
    e.yard,
    e.noise_tolerant,
    e.zoning,
    e.renewal_area,
    e.source,
    e.verified_at,
    CASE WHEN (p.is_exact AND e.visibility = 'exact') THEN p.search_text ELSE ' ' || p.summary END AS search_text,
    p.town_ags,
    p.town_slug,
    p.town_name,
    p.town_size_class,
    p.town_population,
    p.town_central_function,
    p.town_structure_area,
    p.admin_union,
    p.district_ags,
    p.district_name,
    p.transit_class,
    p.transit_is,
    p.stop_name,
    p.stop_distance_m,
    p.rail_stop_name,
    p.rail_distance_m,
    p.departures_per_day,
    p.well_connected,
    p.berlin_best_min,
    p.berlin_median_min,
    p.berlin_saturday_min,
    p.last_from_berlin,
    p.oz_name,
    p.oz_best_min,
    p.oz_median_min,
    p.mz_name,
    p.mz_best_min,
    p.mz_median_min,
    p.rin_oz,
    p.rin_mz,
    p.nearby,
    p.zones
FROM public_vacancy p
JOIN vacancies_vacancy v ON v.key = p.key
JOIN vacancies_vacancyevent e ON e.pgh_obj_id = v.id
-- the event after it, found by the index of objects: a window over all events is scanned again and again where statistics are old
CROSS JOIN LATERAL (
    SELECT
        (e.pgh_created_at AT TIME ZONE :zone)::date AS day,
        (min(n.pgh_created_at) AT TIME ZONE :zone)::date AS next_day
    FROM vacancies_vacancyevent n
    WHERE n.pgh_obj_id = e.pgh_obj_id
      AND (n.pgh_created_at, n.pgh_id) > (e.pgh_created_at, e.pgh_id)
) h
WHERE (h.next_day IS NULL OR h.next_day > h.day)
  AND e.publication = 'published'
  AND e.visibility IN ('exact', 'coarse')
  AND e.basis <> 'none'
  AND NOT e.objected
  AND (e.basis <> 'baugb200' OR h.next_day IS NULL OR (e.notice_on + interval '1 month')::date < h.next_day);
