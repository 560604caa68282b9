-- Fills participants with what they received, and with what others received from them, from the rows that go into peers: each of
-- these is of two.
CREATE MATERIALIZED VIEW IF NOT EXISTS participants_from_peers TO participants AS
SELECT
    day,
    tenant,
    call_id,
    role.1 AS client_id,
    sumIf(peers.windows, role.2) AS windows,
    sumIf(peers.complete, role.2) AS complete,
    sumIf(peers.imputed, role.2) AS imputed,
    sumIf(peers.partial, role.2) AS partial,
    quantilesDDMergeStateIf(0.01, 0.5, 0.95, 0.99)(peers.rtt, role.2) AS rtt,
    sumIf(peers.rtt_count, role.2) AS rtt_count,
    sumIf(peers.rtt_sum_us, role.2) AS rtt_sum_us,
    maxIf(peers.rtt_max_us, role.2) AS rtt_max_us,
    quantilesDDMergeStateIf(0.01, 0.5, 0.95, 0.99)(peers.mouth_to_ear, role.2) AS mouth_to_ear,
    sumIf(peers.mouth_to_ear_count, role.2) AS mouth_to_ear_count,
    sumIf(peers.mouth_to_ear_sum_us, role.2) AS mouth_to_ear_sum_us,
    maxIf(peers.mouth_to_ear_max_us, role.2) AS mouth_to_ear_max_us,
    sumIf(peers.score_count, role.2 AND kind = 'audio') AS audio_score_count,
    sumIf(peers.score_sum_milli, role.2 AND kind = 'audio') AS audio_score_sum_milli,
    sumIf(peers.loss_count, role.2 AND kind = 'audio') AS audio_loss_count,
    sumIf(peers.loss_sum_ppm, role.2 AND kind = 'audio') AS audio_loss_sum_ppm,
    sumIf(peers.score_count, role.2 AND kind = 'video') AS video_score_count,
    sumIf(peers.score_sum_milli, role.2 AND kind = 'video') AS video_score_sum_milli,
    sumIf(peers.loss_count, role.2 AND kind = 'video') AS video_loss_count,
    sumIf(peers.loss_sum_ppm, role.2 AND kind = 'video') AS video_loss_sum_ppm,
    sumIf(peers.bad, role.2) AS bad,
    sumIf(peers.blame_sender, role.2) AS blame_sender,
    sumIf(peers.blame_receiver, role.2) AS blame_receiver,
    sumIf(peers.blame_uplink, role.2) AS blame_uplink,
    sumIf(peers.blame_downlink, role.2) AS blame_downlink,
    sumIf(peers.blame_sfu_link, role.2) AS blame_sfu_link,
    sumIf(peers.windows, NOT role.2) AS sent_windows,
    sumIf(peers.bad, NOT role.2) AS sent_bad,
    sumIf(peers.blame_sender, NOT role.2) AS sent_blame_sender,
    sumIf(peers.blame_uplink, NOT role.2) AS sent_blame_uplink
FROM peers
ARRAY JOIN [(subscriber_id, true), (publisher_id, false)] AS role
GROUP BY day, tenant, call_id, client_id
