-- Every window of a call's paths, the oldest first.
SELECT
    /* e2e_columns */
FROM e2e
WHERE tenant = {tenant:String}
    AND call_id = {call:String}
    AND window_start >= fromUnixTimestamp64Milli({from_ms:Int64})
    AND window_start < fromUnixTimestamp64Milli({to_ms:Int64})
    AND window_start >= fromUnixTimestamp64Micro({after_us:Int64})
    AND ({participant:String} = '' OR publisher_id = {participant:String} OR subscriber_id = {participant:String})
    AND ({kind:String} = '' OR toString(kind) = {kind:String})
ORDER BY window_start, publisher_id, subscriber_id, kind, sfu_path, track_id, ssrc, transport_id
LIMIT {limit:UInt32} OFFSET {skip:UInt32}
