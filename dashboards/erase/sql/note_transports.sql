-- The other ends of the transports of those clients: what SFUs report of them.
INSERT INTO erasing (erasure_id, what, call_id, name, transport_id)
SELECT DISTINCT {id:String}, 'transport', call_id, end.1, end.2
FROM
(
    SELECT call_id, if((call_id, from_id) IN (SELECT call_id, name FROM erasing WHERE erasure_id = {id:String} AND what = 'client'),
        (to_id, to_transport), (from_id, from_transport)) AS end
    FROM hops
    WHERE tenant = {tenant:String}
        AND ((call_id, from_id) IN (SELECT call_id, name FROM erasing WHERE erasure_id = {id:String} AND what = 'client')
            OR (call_id, to_id) IN (SELECT call_id, name FROM erasing WHERE erasure_id = {id:String} AND what = 'client'))
)
WHERE end.1 != '' AND end.2 != ''
