-- Regressions that were open at some time of a span, or one by its id; the newest first. The latest row of each counts.
SELECT
    id,
    state,
    cause,
    severity,
    from_sfu,
    to_sfu,
    sfu,
    asn,
    version,
    was_path,
    now_path,
    started_at,
    detected_at,
    updated_at,
    resolved_at,
    if(reason = 'none', '', toString(reason)) AS why,
    before_ms,
    after_ms,
    shift_ms,
    shift_low_ms,
    shift_high_ms,
    shift_ratio,
    q_value,
    calls_before,
    calls_after,
    windows,
    window_ms,
    pair_publisher,
    pair_subscriber,
    pair_calls,
    pair_before_ms,
    pair_after_ms,
    summary
FROM
(
    SELECT *
    FROM regressions
    WHERE tenant = {tenant:String}
        AND ({id:String} = '' OR id = {id:String})
        AND ({id:String} != '' OR started_at < fromUnixTimestamp64Milli({to_ms:Int64}))
    ORDER BY evaluated_at DESC
    LIMIT 1 BY id
) AS regressions
WHERE ({id:String} != '' OR resolved_at IS NULL OR resolved_at >= fromUnixTimestamp64Milli({from_ms:Int64}))
    AND ({state:String} = '' OR state = {state:String})
    AND ({cause:String} = '' OR cause = {cause:String})
    AND ({link:String} = '' OR concat(from_sfu, '-', to_sfu) = {link:String} OR concat(to_sfu, '-', from_sfu) = {link:String})
    AND ({sfu:String} = '' OR from_sfu = {sfu:String} OR to_sfu = {sfu:String} OR regressions.sfu = {sfu:String})
    AND ({region:String} = '' OR has(pair_publisher, {region:String}) OR has(pair_subscriber, {region:String}))
    AND ({publisher_region:String} = '' AND {subscriber_region:String} = ''
        OR arrayExists((p, s) -> ({publisher_region:String} = '' OR p = {publisher_region:String})
            AND ({subscriber_region:String} = '' OR s = {subscriber_region:String}), pair_publisher, pair_subscriber))
    AND ({version:String} = '' OR version = {version:String})
    AND ({asn:Int64} = 0 OR asn = {asn:Int64})
ORDER BY started_at DESC, shift_ms DESC, id
LIMIT {limit:UInt32}
