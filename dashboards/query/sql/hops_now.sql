-- The latest window of every link of a call.
SELECT
    window_start, window_ms, toString(from_kind) AS from_kind_name, from_id, from_transport, from_region,
    toString(to_kind) AS to_kind_name, to_id, to_transport, to_region, toString(paired_by) AS paired_by_name,
    rtt_ms, rtt_err_ms, rtt_min_ms, rtt_mean_ms, rtt_max_ms, rtt_count, rtt_bias_ms,
    toString(rtt_source) AS rtt_source_name, toString(rtt_end) AS rtt_end_name, source_switches,
    loss_from_to, loss_to_from, toString(protocol) AS protocol_name, relay
FROM hops
WHERE tenant = {tenant:String}
    AND call_id = {call:String}
    AND window_start >= fromUnixTimestamp64Milli({from_ms:Int64})
    AND window_start < fromUnixTimestamp64Milli({to_ms:Int64})
ORDER BY from_id, to_id, from_transport, to_transport, window_start DESC
LIMIT 1 BY from_id, to_id, from_transport, to_transport
LIMIT {limit:UInt32}
