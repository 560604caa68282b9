-- The calls of a subject, with its clients in them.
SELECT
    call_id,
    if({kind:String} = 'call', [], groupUniqArray(10000)(client)) AS clients,
    max(last) > fromUnixTimestamp64Milli({live_ms:Int64}) AS live
FROM
(
    SELECT call_id, client_id AS client, ifNull(max(participants.last_seen), toDateTime64(0, 6, 'UTC')) AS last
    FROM participants
    WHERE tenant = {tenant:String}
    GROUP BY call_id, client_id
    HAVING multiIf(
        {kind:String} = 'user', max(user_id) IN ({name:String}, {also:String}),
        {kind:String} = 'client', client_id = {name:String},
        call_id = {name:String})
    UNION ALL
    -- A user id that changed on the way is the greatest only in participants.
    SELECT call_id, source_id AS client, max(sampled_at) AS last
    FROM samples
    WHERE tenant = {tenant:String}
        AND multiIf(
            {kind:String} = 'user', user_id IN ({name:String}, {also:String}),
            {kind:String} = 'client', source_id = {name:String} AND source_kind = 'client',
            call_id = {name:String})
    GROUP BY call_id, source_id
    UNION ALL
    -- Clients that do not report themselves are known from the links of others.
    SELECT call_id, arrayJoin([from_id, to_id]) AS client, max(window_start) AS last
    FROM hops
    WHERE tenant = {tenant:String}
        AND {kind:String} != 'user'
        AND if({kind:String} = 'client', client = {name:String} AND (from_kind = 'client' OR to_kind = 'client'), call_id = {name:String})
    GROUP BY call_id, client
    UNION ALL
    SELECT call_id, '' AS client, max(calls.last_seen) AS last
    FROM calls
    WHERE tenant = {tenant:String} AND {kind:String} = 'call' AND call_id = {name:String}
    GROUP BY call_id
)
WHERE call_id != ''
GROUP BY call_id
ORDER BY call_id
LIMIT {limit:UInt32}
