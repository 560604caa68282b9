-- The calls that reported in a span of time, the newest first.
WITH seen AS
(
    SELECT
        call_id,
        min(sampled_at) AS first_seen,
        max(sampled_at) AS last_seen,
        uniqExactIf(source_id, source_kind = 'client') AS clients,
        uniqExactIf(source_id, source_kind = 'sfu') AS sfus,
        uniqExact(source_id, session_id, sequence) AS samples
    FROM samples
    WHERE tenant = {tenant:String}
        AND call_id != ''
        AND sampled_at >= fromUnixTimestamp64Milli({from_ms:Int64})
        AND sampled_at < fromUnixTimestamp64Milli({to_ms:Int64})
        AND ({search:String} = '' OR positionCaseInsensitiveUTF8(call_id, {search:String}) > 0)
    GROUP BY call_id
    ORDER BY last_seen DESC, call_id
    LIMIT {limit:UInt32} OFFSET {offset:UInt32}
)
SELECT seen.call_id, first_seen, last_seen, clients, sfus, samples, paths
FROM seen
LEFT JOIN
(
    SELECT call_id, uniqExact(publisher_id, subscriber_id, kind, sfu_path) AS paths
    FROM e2e
    WHERE tenant = {tenant:String}
        AND call_id IN (SELECT call_id FROM seen)
        AND window_start >= fromUnixTimestamp64Milli({from_ms:Int64})
        AND window_start < fromUnixTimestamp64Milli({to_ms:Int64})
    GROUP BY call_id
) AS stitched ON stitched.call_id = seen.call_id
ORDER BY last_seen DESC, seen.call_id
