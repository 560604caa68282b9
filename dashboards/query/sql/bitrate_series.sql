-- What the participants of a call received and sent over time.
SELECT
    toStartOfInterval(sampled_at, toIntervalMillisecond({step_ms:Int64})) AS at,
    source_id,
    toFloat32(avg(receive_bps)) AS receive,
    toFloat32(avg(send_bps)) AS send,
    toFloat32(avgOrNullIf(available_receive_bps, available_receive_bps > 0)) AS available_receive,
    toFloat32(avgOrNullIf(available_send_bps, available_send_bps > 0)) AS available_send,
    toFloat32(countIf(quality_limitation = 'bandwidth') / count()) AS bandwidth_share
FROM samples
WHERE tenant = {tenant:String}
    AND call_id = {call:String}
    AND source_kind = 'client'
    AND sampled_at >= fromUnixTimestamp64Milli({from_ms:Int64})
    AND sampled_at < fromUnixTimestamp64Milli({to_ms:Int64})
    AND ({client:String} = '' OR source_id = {client:String})
GROUP BY at, source_id
ORDER BY at, source_id
LIMIT {limit:UInt32}
