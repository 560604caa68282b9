-- How many participants received how much, on average over their time in the call.
SELECT
    count() AS n_participants,
    countIf(mean < {low:Float64}) AS n_below,
    countIf(mean >= {low:Float64} AND mean < {high:Float64}) AS n_between,
    countIf(mean >= {high:Float64}) AS n_above,
    arrayMap(q -> toFloat32(q), quantilesExact(0.05, 0.5, 0.95)(mean)) AS mean_quantiles
FROM
(
    SELECT min(participants.first_seen) AS began, max(participants.last_seen) AS ended,
        sum(participants.receive_sum_bps) / sum(participants.receive_count) AS mean
    FROM participants
    WHERE tenant = {tenant:String}
        AND day >= toDate(fromUnixTimestamp64Milli({from_ms:Int64}), 'UTC') - 1
        AND day <= toDate(fromUnixTimestamp64Milli({to_ms:Int64}), 'UTC')
        AND ({call:String} = '' OR call_id = {call:String})
        AND ({client:String} = '' OR client_id = {client:String})
    GROUP BY call_id, client_id
    HAVING began < fromUnixTimestamp64Milli({to_ms:Int64})
        AND ended >= fromUnixTimestamp64Milli({from_ms:Int64})
        AND sum(participants.receive_count) > 0
)
LIMIT 1
