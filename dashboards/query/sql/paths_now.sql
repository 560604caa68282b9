-- The latest window of every path of a call, in the order in which people look for them.
SELECT *
FROM
(
    SELECT
        /* e2e_columns */
    FROM e2e
    WHERE tenant = {tenant:String}
        AND call_id = {call:String}
        AND window_start >= fromUnixTimestamp64Milli({from_ms:Int64})
        AND window_start < fromUnixTimestamp64Milli({to_ms:Int64})
        AND ({participant:String} = '' OR publisher_id = {participant:String} OR subscriber_id = {participant:String})
        AND ({kind:String} = '' OR toString(kind) = {kind:String})
    ORDER BY window_start DESC, ssrc
    LIMIT 1 BY publisher_id, subscriber_id, kind, track_id, sfu_path
)
ORDER BY publisher_id, subscriber_id, kind_name, window_start DESC, sfu_path, track_id
LIMIT {limit:UInt32}
