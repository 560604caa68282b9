-- What was observed in a span of time, of all tenants or of one, in the order of the table.
SELECT
    toUnixTimestamp64Milli(window_start) AS at_ms,
    tenant,
    call_id,
    publisher_region AS from_region,
    publisher_asn,
    publisher_app,
    subscriber_region AS to_region,
    subscriber_asn,
    subscriber_app,
    sfu_path,
    rtt_ms AS rtt,
    hop_rtt_ms AS hops,
    tracks AS received
FROM observations
WHERE window_start >= fromUnixTimestamp64Milli({from_ms:Int64})
    AND window_start < fromUnixTimestamp64Milli({to_ms:Int64})
    AND window_ms = {window_ms:UInt32}
    AND ({all:Bool} OR tenant = {tenant:String})
ORDER BY tenant, window_start
