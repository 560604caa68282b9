-- What those clients publish, by the name that others report it under.
INSERT INTO erasing (erasure_id, what, call_id, name)
SELECT DISTINCT {id:String}, 'track', call_id, track_id
FROM e2e
WHERE tenant = {tenant:String}
    AND track_id != ''
    AND (call_id, publisher_id) IN (SELECT call_id, name FROM erasing WHERE erasure_id = {id:String} AND what = 'client')
