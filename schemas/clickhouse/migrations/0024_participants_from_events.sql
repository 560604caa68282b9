-- Fills participants from the events of clients.
CREATE MATERIALIZED VIEW IF NOT EXISTS participants_from_events TO participants AS
SELECT
    toDate(at) AS day,
    tenant,
    call_id,
    source_id AS client_id,
    minOrNullIf(at, type = 'join') AS joined_at,
    maxOrNullIf(at, type = 'leave') AS left_at,
    countIf(type = 'ice_restart') AS ice_restarts,
    countIf(type = 'feedback') AS feedback_count,
    sumIf(toInt64(round(number * 1000)), type = 'feedback' AND isFinite(number)) AS feedback_sum_milli
FROM events
WHERE source_kind = 'client' AND call_id != ''
GROUP BY day, tenant, call_id, client_id
