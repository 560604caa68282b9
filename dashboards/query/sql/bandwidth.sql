-- How participants' bit rates were spread, by when they came.
WITH who AS
(
    SELECT
        min(participants.first_seen) AS began,
        max(participants.last_seen) AS ended,
        sum(participants.receive_count) AS n_receive,
        sum(participants.receive_sum_bps) / nullIf(n_receive, 0) AS receive,
        sum(participants.send_count) AS n_send,
        sum(participants.send_sum_bps) / nullIf(n_send, 0) AS send,
        sum(participants.samples) AS n_samples,
        sum(participants.limited_by_bandwidth) AS by_bandwidth,
        sum(participants.limited_by_cpu) AS by_cpu
    FROM participants
    WHERE tenant = {tenant:String}
        AND day >= toDate(fromUnixTimestamp64Milli({from_ms:Int64}), 'UTC') - 1
        AND day <= toDate(fromUnixTimestamp64Milli({to_ms:Int64}), 'UTC')
        AND ({call:String} = '' OR call_id = {call:String})
        AND ({client:String} = '' OR client_id = {client:String})
    GROUP BY call_id, client_id
    HAVING began < fromUnixTimestamp64Milli({to_ms:Int64}) AND ended >= fromUnixTimestamp64Milli({from_ms:Int64})
)
SELECT
    fromUnixTimestamp64Milli(if({step_ms:Int64} = 0, {from_ms:Int64}, intDiv(toUnixTimestamp64Milli(assumeNotNull(began)), greatest({step_ms:Int64}, 1)) * {step_ms:Int64}), 'UTC') AS at,
    countIf(n_receive > 0) AS n_participants,
    countIf(receive < {low:Float64}) AS n_below,
    countIf(receive >= {low:Float64} AND receive < {high:Float64}) AS n_between,
    countIf(receive >= {high:Float64}) AS n_above,
    arrayMap(q -> toFloat32(q), quantilesExactIf(0.05, 0.5, 0.95)(ifNull(receive, 0), n_receive > 0)) AS receive_quantiles,
    countIf(n_send > 0) AS n_senders,
    arrayMap(q -> toFloat32(q), quantilesExactIf(0.05, 0.5, 0.95)(ifNull(send, 0), n_send > 0)) AS send_quantiles,
    toFloat32(sum(by_bandwidth) / nullIf(sum(n_samples), 0)) AS bandwidth_share,
    toFloat32(sum(by_cpu) / nullIf(sum(n_samples), 0)) AS cpu_share
FROM who
GROUP BY at
ORDER BY at
LIMIT {limit:UInt32}
