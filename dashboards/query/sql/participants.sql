-- The clients of a call: who they are, how they were connected, and how they heard and were heard.
SELECT
    client_id,
    min(participants.first_seen) AS first_sample,
    max(participants.last_seen) AS last_sample,
    min(participants.joined_at) AS joined,
    max(participants.left_at) AS left,
    max(participants.user_id) AS user,
    max(participants.app_version) AS app,
    max(participants.browser) AS browser_name,
    max(participants.os) AS os_name,
    max(participants.probe_version) AS probe,
    max(participants.country) AS country_code,
    max(participants.region) AS region_name,
    max(participants.asn) AS asn_number,
    max(participants.isp) AS isp_name,
    arraySort(groupUniqArrayArray(participants.networks)) AS all_networks,
    sum(participants.samples) AS n_samples,
    sum(participants.late_samples) AS n_late,
    nullIf(max(participants.connect_ms), 0) AS connected_ms,
    [sum(participants.host), sum(participants.srflx), sum(participants.prflx), sum(participants.relay)] AS candidates,
    [sum(participants.udp), sum(participants.tcp), sum(participants.tls)] AS protocols,
    [sum(participants.ipv4), sum(participants.ipv6)] AS ip_versions,
    max(participants.pair_changes) AS n_pair_changes,
    sum(participants.ice_restarts) AS n_ice_restarts,
    sum(participants.ice_failed) > 0 AS any_ice_failed,
    toFloat32(sum(participants.limited_by_bandwidth) / nullIf(n_samples, 0)) AS bandwidth_share,
    toFloat32(sum(participants.limited_by_cpu) / nullIf(n_samples, 0)) AS cpu_share,
    toFloat32(sum(participants.send_sum_bps) / nullIf(sum(participants.send_count), 0)) AS send_mean,
    toFloat32(max(participants.send_max_bps)) AS send_highest,
    toFloat32(sum(participants.receive_sum_bps) / nullIf(sum(participants.receive_count), 0)) AS receive_mean,
    toFloat32(max(participants.receive_max_bps)) AS receive_highest,
    toFloat32(sum(participants.feedback_sum_milli) / nullIf(sum(participants.feedback_count), 0) / 1000) AS rating,
    sum(participants.windows) AS n_windows,
    sum(participants.complete) AS n_complete,
    sum(participants.imputed) AS n_imputed,
    sum(participants.partial) AS n_partial,
    sum(participants.rtt_count) AS n_rtt,
    arrayMap(q -> toFloat32(q), quantilesDDMerge(0.01, 0.5, 0.95, 0.99)(participants.rtt)) AS rtt_quantiles,
    toFloat32(max(participants.rtt_max_us) / 1000) AS rtt_highest,
    sum(participants.mouth_to_ear_count) AS n_mouth_to_ear,
    arrayMap(q -> toFloat32(q), quantilesDDMerge(0.01, 0.5, 0.95, 0.99)(participants.mouth_to_ear)) AS mouth_to_ear_quantiles,
    toFloat32(max(participants.mouth_to_ear_max_us) / 1000) AS mouth_to_ear_highest,
    toFloat32(sum(participants.audio_score_sum_milli) / nullIf(sum(participants.audio_score_count), 0) / 1000) AS audio_mos,
    toFloat32(sum(participants.video_score_sum_milli) / nullIf(sum(participants.video_score_count), 0) / 1000) AS video_index,
    toFloat32(sum(participants.audio_loss_sum_ppm) / nullIf(sum(participants.audio_loss_count), 0) / 1000000) AS audio_loss,
    toFloat32(sum(participants.video_loss_sum_ppm) / nullIf(sum(participants.video_loss_count), 0) / 1000000) AS video_loss,
    [sum(participants.blame_sender), sum(participants.blame_receiver), sum(participants.blame_uplink),
        sum(participants.blame_downlink), sum(participants.blame_sfu_link)] AS blamed,
    sum(participants.sent_windows) AS n_sent,
    sum(participants.sent_bad) AS n_sent_bad,
    sum(participants.sent_blame_sender) + sum(participants.sent_blame_uplink) AS n_sent_blamed
FROM participants
WHERE tenant = {tenant:String}
    AND day >= toDate(fromUnixTimestamp64Milli({from_ms:Int64}), 'UTC') - 1
    AND day <= toDate(fromUnixTimestamp64Milli({to_ms:Int64}), 'UTC')
    AND call_id = {call:String}
    AND ({client:String} = '' OR client_id = {client:String})
GROUP BY client_id
ORDER BY joined NULLS LAST, first_sample NULLS LAST, client_id
LIMIT {limit:UInt32}
