-- Showcases and WIR-Räume for map, services and files. Without a place of its own a row stands in its town's middle.
CREATE VIEW public_showcase AS
SELECT
    s.slug AS key,
    s.title AS name,
    s.summary,
    t.slug AS town_slug,
    t.name AS town_name,
    d.ags5 AS district_ags,
    s.place,
    (s.point IS NOT NULL) AS is_exact,
    s.former_use,
    s.uses,
    s.outcome,
    (s.outcome = 'failed' OR s.setbacks <> '') AS has_setbacks,
    s.of_kolab,
    s.area,
    s.url,
    s.sources AS source,
    s.checked_at,
    coalesce(s.point, t.centre) AS point
FROM network_showcase s
JOIN geo_town t ON t.id = s.town_id
JOIN geo_district d ON d.id = t.district_id
WHERE s.is_published;

CREATE VIEW public_wir_space AS
SELECT
    w.slug AS key,
    w.title AS name,
    t.slug AS town_slug,
    t.name AS town_name,
    d.ags5 AS district_ags,
    w.place,
    (w.point IS NOT NULL) AS is_exact,
    w.offers,
    w.note,
    coalesce(o.name, '') AS operator,
    w.capacity,
    w.bookable,
    w.status,
    w.url,
    CASE WHEN s.is_published THEN s.slug ELSE '' END AS showcase,
    w.sources AS source,
    w.checked_at,
    coalesce(w.point, t.centre) AS point
FROM network_wirspace w
JOIN geo_town t ON t.id = w.town_id
JOIN geo_district d ON d.id = t.district_id
LEFT JOIN network_organisation o ON o.id = w.operator_id
LEFT JOIN network_showcase s ON s.id = w.showcase_id;
