-- What each client of a call got of each other.
SELECT
    subscriber_id,
    publisher_id,
    toString(kind) AS kind_name,
    min(first_window) AS began,
    max(last_window) AS ended,
    sum(peers.windows) AS n_windows,
    sum(peers.complete) AS n_complete,
    sum(peers.imputed) AS n_imputed,
    sum(peers.partial) AS n_partial,
    sum(peers.rtt_count) AS n_rtt,
    arrayMap(q -> toFloat32(q), quantilesDDMerge(0.01, 0.5, 0.95, 0.99)(peers.rtt)) AS rtt_quantiles,
    toFloat32(max(peers.rtt_max_us) / 1000) AS rtt_highest,
    sum(peers.mouth_to_ear_count) AS n_mouth_to_ear,
    arrayMap(q -> toFloat32(q), quantilesDDMerge(0.01, 0.5, 0.95, 0.99)(peers.mouth_to_ear)) AS mouth_to_ear_quantiles,
    toFloat32(max(peers.mouth_to_ear_max_us) / 1000) AS mouth_to_ear_highest,
    toFloat32(sum(peers.score_sum_milli) / nullIf(sum(peers.score_count), 0) / 1000) AS score_mean,
    toFloat32(sum(peers.loss_sum_ppm) / nullIf(sum(peers.loss_count), 0) / 1000000) AS loss_mean,
    toFloat32(sum(peers.bitrate_sum_bps) / nullIf(n_windows, 0)) AS bitrate_mean,
    [sum(peers.blame_sender), sum(peers.blame_receiver), sum(peers.blame_uplink), sum(peers.blame_downlink), sum(peers.blame_sfu_link)] AS blamed
FROM peers
WHERE tenant = {tenant:String}
    AND day >= toDate(fromUnixTimestamp64Milli({from_ms:Int64}), 'UTC') - 1
    AND day <= toDate(fromUnixTimestamp64Milli({to_ms:Int64}), 'UTC')
    AND call_id = {call:String}
    AND ({client:String} = '' OR subscriber_id = {client:String})
GROUP BY subscriber_id, publisher_id, kind
ORDER BY subscriber_id, publisher_id, kind
LIMIT {limit:UInt32}
