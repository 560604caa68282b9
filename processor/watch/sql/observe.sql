-- What each call had in each window between alike ends over one path: medians over its tracks and their windows.
SELECT
    intDiv(toUnixTimestamp64Milli(window_start), {window_ms:Int64}) * {window_ms:Int64} AS at_ms,
    tenant,
    call_id,
    multiIf(publisher_country != '', publisher_country, region_path[1] != '', region_path[1], e2e.publisher_region) AS from_region,
    publisher_asn,
    publisher_app,
    multiIf(subscriber_country != '', subscriber_country, region_path[-1] != '', region_path[-1], e2e.subscriber_region) AS to_region,
    subscriber_asn,
    subscriber_app,
    sfu_path,
    quantileExact(0.5)(assumeNotNull(rtt_ms)) AS rtt,
    quantileExactForEach(0.5)(hop_rtt_ms) AS hops,
    toUInt16(least(uniqExact(publisher_id, subscriber_id, kind, ssrc), 65535)) AS received
FROM e2e
WHERE window_start >= fromUnixTimestamp64Milli({from_ms:Int64})
    AND window_start < fromUnixTimestamp64Milli({to_ms:Int64})
    AND status != 'partial'
    AND rtt_ms IS NOT NULL
    AND publisher_id != ''
    AND length(hop_rtt_ms) = length(sfu_path) + 1
GROUP BY at_ms, tenant, call_id, from_region, publisher_asn, publisher_app, to_region, subscriber_asn, subscriber_app, sfu_path
ORDER BY at_ms, tenant, sfu_path, from_region, to_region, call_id, publisher_asn, subscriber_asn, publisher_app, subscriber_app
