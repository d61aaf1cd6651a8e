-- Units and pictures of what is public; whether a vacancy is public is decided in public_vacancy alone.
CREATE VIEW public_unit AS
SELECT
    -- a number within the vacancy: the internal one would tell how many units are hidden
    p.key || '-' || row_number() OVER (PARTITION BY p.key ORDER BY u.floor, u.name, u.id) AS key,
    p.key AS vacancy_id,
    CASE WHEN p.is_exact THEN u.name ELSE '' END AS name,
    u.floor,
    u.former_use,
    u.occupancy,
    u.usable_m2
FROM public_vacancy p
JOIN vacancies_vacancy v ON v.key = p.key
JOIN vacancies_unit u ON u.vacancy_id = v.id;

CREATE VIEW public_photo AS
SELECT
    f.file,
    p.key AS vacancy_id,
    f.alt_text,
    f.caption,
    f.creator,
    f.licence,
    f.taken_on,
    f.shows
FROM public_vacancy p
JOIN vacancies_vacancy v ON v.key = p.key
JOIN vacancies_photo f ON f.vacancy_id = v.id
WHERE p.is_exact AND f.is_public;
