-- What participants could receive and send, those that received least first.
SELECT
    call_id,
    client_id,
    min(participants.first_seen) AS began,
    max(participants.last_seen) AS ended,
    max(participants.app_version) AS app,
    max(participants.country) AS country_code,
    arraySort(groupUniqArrayArray(participants.networks)) AS all_networks,
    toFloat32(sum(participants.receive_sum_bps) / sum(participants.receive_count)) AS receive_mean,
    toFloat32(max(participants.receive_max_bps)) AS receive_highest,
    toFloat32(sum(participants.send_sum_bps) / nullIf(sum(participants.send_count), 0)) AS send_mean,
    toFloat32(max(participants.send_max_bps)) AS send_highest,
    toFloat32(sum(participants.limited_by_bandwidth) / nullIf(sum(participants.samples), 0)) AS bandwidth_share
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
ORDER BY receive_mean, call_id, client_id
LIMIT {limit:UInt32}
