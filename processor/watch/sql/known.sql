-- Regressions that are open, and those that were resolved not long ago.
SELECT
    id, tenant, state, cause, severity, from_sfu, to_sfu, sfu, asn, version, was_path, now_path,
    started_at, detected_at, updated_at, resolved_at, reason,
    before_ms, after_ms, shift_ms, shift_low_ms, shift_high_ms, shift_ratio, q_value, calls_before, calls_after, windows,
    pair_publisher, pair_subscriber, pair_calls, pair_before_ms, pair_after_ms
FROM
(
    SELECT * FROM regressions WHERE window_ms = {window_ms:UInt32} ORDER BY evaluated_at DESC LIMIT 1 BY tenant, id
)
WHERE state = 'open' OR resolved_at >= fromUnixTimestamp64Milli({since_ms:Int64})
ORDER BY tenant, id
