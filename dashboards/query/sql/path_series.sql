-- One received track over time. Where a step holds several windows of a route it shows the worst, so that no peak is lost.
SELECT
    window_start, window_ms, sfu_path, region_path, toString(status) AS status_name,
    rtt_ms, rtt_err_ms, rtt_lower_ms, hop_from, hop_to, hop_rtt_ms, mouth_to_ear_ms, loss_ratio, score,
    send_ms, network_ms, residence_ms, jitter_buffer_ms, decode_ms, playout_ms
FROM
(
    SELECT *
    FROM e2e
    WHERE tenant = {tenant:String}
        AND call_id = {call:String}
        AND publisher_id = {publisher:String}
        AND subscriber_id = {subscriber:String}
        AND toString(kind) = {kind:String}
        AND ({track:String} = '' OR track_id = {track:String})
        AND window_start >= fromUnixTimestamp64Milli({from_ms:Int64})
        AND window_start < fromUnixTimestamp64Milli({to_ms:Int64})
    ORDER BY rtt_ms DESC NULLS LAST
    LIMIT 1 BY intDiv(toUnixTimestamp64Milli(window_start), {step_ms:Int64}), sfu_path
)
ORDER BY window_start, sfu_path
LIMIT {limit:UInt32}
