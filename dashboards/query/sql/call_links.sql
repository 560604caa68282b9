-- How the links of a call did, by step and ends.
SELECT
    toStartOfInterval(window_start, toIntervalMillisecond({step_ms:Int64})) AS at,
    toString(from_kind) AS from_kind_name,
    from_id,
    toString(to_kind) AS to_kind_name,
    to_id,
    quantileExact(0.5)(rtt_ms) AS rtt,
    max(rtt_max_ms) AS rtt_max,
    greatest(max(loss_from_to), max(loss_to_from)) AS loss
FROM hops
WHERE tenant = {tenant:String}
    AND call_id = {call:String}
    AND window_start >= fromUnixTimestamp64Milli({from_ms:Int64})
    AND window_start < fromUnixTimestamp64Milli({to_ms:Int64})
    AND ({client:String} = '' OR from_id = {client:String} OR to_id = {client:String})
GROUP BY at, from_kind, from_id, to_kind, to_id
ORDER BY at, from_kind, from_id, to_id
LIMIT {limit:UInt32}
