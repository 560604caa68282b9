-- How a call was heard and seen, by step and kind.
SELECT
    toStartOfInterval(window_start, toIntervalMillisecond({step_ms:Int64})) AS at,
    toString(kind) AS kind_name,
    count() AS windows,
    quantileExact(0.5)(score) AS score_mid,
    min(score) AS score_worst,
    quantileExact(0.5)(rtt_ms) AS rtt,
    quantileExact(0.5)(mouth_to_ear_ms) AS mouth_to_ear,
    quantileExact(0.5)(loss_ratio) AS loss,
    quantileExact(0.5)(concealed_ratio) AS concealed,
    quantileExact(0.5)(jitter_ms) AS jitter,
    quantileExact(0.5)(jitter_buffer_ms) AS jitter_buffer,
    quantileExact(0.5)(freeze_ratio) AS freeze,
    quantileExact(0.5)(frame_rate) AS frames,
    quantileExact(0.5)(bitrate_bps) AS bitrate,
    mapFilter((k, v) -> k != 'none', sumMap(map(toString(blame), toUInt64(1)))) AS blamed
FROM e2e
WHERE tenant = {tenant:String}
    AND call_id = {call:String}
    AND window_start >= fromUnixTimestamp64Milli({from_ms:Int64})
    AND window_start < fromUnixTimestamp64Milli({to_ms:Int64})
    AND ({participant:String} = '' OR subscriber_id = {participant:String})
    AND ({kind:String} = '' OR toString(kind) = {kind:String})
GROUP BY at, kind
ORDER BY at, kind
LIMIT {limit:UInt32}
