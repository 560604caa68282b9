-- The clients and SFUs of one call: those that report, and those that are known from a link's other end only.
SELECT
    toString(node_kind) AS kind,
    id,
    anyIf(node_region, node_region != '') AS region,
    uniqExactIf(session_id, sequence, own) AS samples,
    minIf(seen, own) AS first_seen,
    maxIf(seen, own) AS last_seen
FROM
(
    SELECT toString(source_kind) AS node_kind, source_id AS id, '' AS node_region, session_id, sequence, sampled_at AS seen, true AS own
    FROM samples
    WHERE tenant = {tenant:String}
        AND call_id = {call:String}
        AND sampled_at >= fromUnixTimestamp64Milli({from_ms:Int64})
        AND sampled_at < fromUnixTimestamp64Milli({to_ms:Int64})
    UNION ALL
    SELECT
        end.1 AS node_kind, end.2 AS id, end.3 AS node_region, '' AS session_id, toUInt64(0) AS sequence,
        toDateTime64(0, 6, 'UTC') AS seen, false AS own
    FROM
    (
        SELECT DISTINCT
            arrayJoin([
                (toString(from_kind), from_id, toString(from_region)),
                (toString(to_kind), to_id, toString(to_region))]) AS end
        FROM hops
        WHERE tenant = {tenant:String}
            AND call_id = {call:String}
            AND window_start >= fromUnixTimestamp64Milli({from_ms:Int64})
            AND window_start < fromUnixTimestamp64Milli({to_ms:Int64})
    )
    WHERE id != ''
)
GROUP BY kind, id
ORDER BY kind DESC, id
LIMIT 5000
