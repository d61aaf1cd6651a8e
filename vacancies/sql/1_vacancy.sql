-- The one place that says what the public may see: which rows, which columns, how coarse.
CREATE VIEW public_vacancy AS
SELECT
    v.key,
    v.slug,
    v.is_example,
    (v.visibility = 'exact') AS is_exact,
    CASE WHEN v.visibility = 'exact' THEN v.title ELSE '' END AS title,
    v.summary,
    v.object_kind,
    CASE WHEN v.visibility = 'exact' THEN v.locality ELSE '' END AS locality,
    CASE WHEN v.visibility = 'exact' THEN v.street ELSE '' END AS street,
    CASE WHEN v.visibility = 'exact' THEN v.house_no ELSE '' END AS house_no,
    CASE WHEN v.visibility = 'exact' THEN v.postcode ELSE '' END AS postcode,
    v.public_point AS point,
    CASE WHEN v.visibility = 'exact' THEN v.footprint END AS footprint,
    v.former_use,
    v.current_use,
    v.possible_uses,
    v.target_uses,
    v.occupancy,
    v.vacant_since,
    v.vacant_since_precision,
    v.condition,
    -- ground monuments are never public (looting)
    CASE WHEN v.monument = 'ground' THEN 'unknown' ELSE v.monument END AS monument,
    -- whether a natural person owns it is that person's matter
    CASE WHEN v.owner_type IN ('private', 'heirs') THEN 'unknown' ELSE v.owner_type END AS owner_type,
    v.disposal,
    CASE WHEN v.price_is_public THEN v.price_eur END AS price_eur,
    CASE WHEN v.price_is_public THEN v.rent_eur_m2 END AS rent_eur_m2,
    v.available_from,
    v.plot_m2,
    v.gross_floor_m2,
    v.usable_m2,
    v.smallest_divisible_m2,
    v.storeys,
    v.room_height_m,
    v.rooms,
    v.construction_year,
    v.electricity,
    v.three_phase,
    v.water,
    v.heating,
    v.broadband_mbit,
    v.sanitary,
    v.barrier_free,
    v.load_access,
    v.parking,
    v.yard,
    v.noise_tolerant,
    v.zoning,
    v.renewal_area,
    v.source,
    v.verified_at,
    v.search_text,
    t.ags8 AS town_ags,
    t.slug AS town_slug,
    t.name AS town_name,
    t.size_class AS town_size_class,
    t.population AS town_population,
    t.central_function AS town_central_function,
    t.structure_area AS town_structure_area,
    t.admin_union,
    d.ags5 AS district_ags,
    d.name AS district_name,
    coalesce(r.transit_class, '') AS transit_class,
    s.name AS stop_name,
    r.stop_distance_m,
    rs.name AS rail_stop_name,
    r.rail_distance_m,
    r.departures_per_day,
    coalesce(r.well_connected, false) AS well_connected
FROM vacancies_vacancy v
JOIN geo_town t ON t.id = v.town_id
JOIN geo_district d ON d.id = t.district_id
LEFT JOIN layers_vacancyreach r ON r.vacancy_id = v.id AND r.live
LEFT JOIN layers_transitstop s ON s.id = r.stop_id
LEFT JOIN layers_transitstop rs ON rs.id = r.rail_stop_id
WHERE v.publication = 'published'
  AND v.visibility IN ('exact', 'coarse')
  AND v.basis <> 'none'
  AND NOT v.objected
  AND (v.basis <> 'baugb200' OR v.notice_on + interval '1 month' <= current_date);
