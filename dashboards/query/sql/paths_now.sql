-- The latest window of every path of a call, in the order in which people look for them. Which windows these are is found in a few
-- columns, and only they are read whole.
SELECT *
FROM
(
    SELECT
        /* e2e_columns */
    FROM e2e
    PREWHERE tenant = {tenant:String}
        AND call_id = {call:String}
        AND window_start >= fromUnixTimestamp64Milli({from_ms:Int64})
        AND window_start < fromUnixTimestamp64Milli({to_ms:Int64})
        AND (subscriber_id, publisher_id, kind, track_id, sfu_path, window_start) IN
        (
            SELECT subscriber_id, publisher_id, kind, track_id, sfu_path, max(window_start)
            FROM e2e
            WHERE tenant = {tenant:String}
                AND call_id = {call:String}
                AND window_start >= fromUnixTimestamp64Milli({from_ms:Int64})
                AND window_start < fromUnixTimestamp64Milli({to_ms:Int64})
                AND ({participant:String} = '' OR publisher_id = {participant:String} OR subscriber_id = {participant:String})
                AND ({kind:String} = '' OR toString(kind) = {kind:String})
            GROUP BY subscriber_id, publisher_id, kind, track_id, sfu_path
        )
    ORDER BY ssrc
    LIMIT 1 BY publisher_id, subscriber_id, kind, track_id, sfu_path
)
ORDER BY publisher_id, subscriber_id, kind_name, window_start DESC, sfu_path, track_id
LIMIT {limit:UInt32}
