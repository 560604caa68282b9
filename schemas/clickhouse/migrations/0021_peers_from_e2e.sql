-- Fills peers as rows come.
CREATE MATERIALIZED VIEW IF NOT EXISTS peers_from_e2e TO peers AS
SELECT
    toDate(window_start) AS day,
    tenant,
    call_id,
    subscriber_id,
    publisher_id,
    kind,
    min(window_start) AS first_window,
    max(window_start) AS last_window,
    count() AS windows,
    countIf(status = 'complete') AS complete,
    countIf(status = 'imputed') AS imputed,
    countIf(status = 'partial') AS partial,
    quantilesDDStateIf(0.01, 0.5, 0.95, 0.99)(ifNull(rtt_ms, 0), rtt_ms IS NOT NULL) AS rtt,
    count(rtt_ms) AS rtt_count,
    sum(toUInt64(round(ifNull(rtt_ms, 0) * 1000))) AS rtt_sum_us,
    max(toUInt64(round(ifNull(rtt_ms, 0) * 1000))) AS rtt_max_us,
    quantilesDDStateIf(0.01, 0.5, 0.95, 0.99)(ifNull(mouth_to_ear_ms, 0), mouth_to_ear_ms IS NOT NULL) AS mouth_to_ear,
    count(mouth_to_ear_ms) AS mouth_to_ear_count,
    sum(toUInt64(round(ifNull(mouth_to_ear_ms, 0) * 1000))) AS mouth_to_ear_sum_us,
    max(toUInt64(round(ifNull(mouth_to_ear_ms, 0) * 1000))) AS mouth_to_ear_max_us,
    count(loss_ratio) AS loss_count,
    sum(toUInt64(round(ifNull(loss_ratio, 0) * 1000000))) AS loss_sum_ppm,
    count(score) AS score_count,
    sum(toUInt64(round(ifNull(score, 0) * 1000))) AS score_sum_milli,
    sum(toUInt64(round(ifNotFinite(bitrate_bps, 0)))) AS bitrate_sum_bps,
    countIf(blame != 'none') AS bad,
    countIf(blame = 'sender') AS blame_sender,
    countIf(blame = 'receiver') AS blame_receiver,
    countIf(blame = 'uplink') AS blame_uplink,
    countIf(blame = 'downlink') AS blame_downlink,
    countIf(blame = 'sfu_link') AS blame_sfu_link
FROM e2e
WHERE publisher_id != ''
GROUP BY day, tenant, call_id, subscriber_id, publisher_id, kind
