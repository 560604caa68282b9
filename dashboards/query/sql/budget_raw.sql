-- Mean parts of mouth to ear by step and group, window by window.
WITH chosen AS
(
    SELECT
        tenant, kind, window_start, publisher_id,
        multiIf(publisher_id = '', '', region_path[1] != '', region_path[1], publisher_country != '', publisher_country, e2e.publisher_region) AS publisher_region,
        multiIf(region_path[-1] != '', region_path[-1], subscriber_country != '', subscriber_country, e2e.subscriber_region) AS subscriber_region,
        subscriber_country AS country, subscriber_asn AS asn,
        subscriber_app AS app, subscriber_browser AS browser, subscriber_network AS network,
        multiIf(publisher_id = '', '', empty(sfu_path), 'p2p', arrayStringConcat(region_path, '>')) AS path,
        mouth_to_ear_ms, send_ms, network_ms, residence_ms, jitter_buffer_ms, decode_ms, playout_ms
    FROM e2e
    WHERE tenant = {tenant:String}
        AND window_start >= fromUnixTimestamp64Milli({from_ms:Int64})
        AND window_start < fromUnixTimestamp64Milli({to_ms:Int64})
        AND ({kind:String} = '' OR toString(kind) = {kind:String})
        AND ({publisher_region:String} = '' OR publisher_region = {publisher_region:String})
        AND ({subscriber_region:String} = '' OR subscriber_region = {subscriber_region:String})
        AND ({path:String} = '' OR path = {path:String})
        AND ({country:String} = '' OR subscriber_country = {country:String})
        AND ({asn:UInt32} = 0 OR subscriber_asn = {asn:UInt32})
        AND ({app:String} = '' OR subscriber_app = {app:String})
        AND ({browser:String} = '' OR subscriber_browser = {browser:String})
        AND ({network:String} = '' OR subscriber_network = {network:String})
)
SELECT
    fromUnixTimestamp64Milli(if({step_ms:Int64} = 0, {from_ms:Int64}, intDiv(toUnixTimestamp64Milli(window_start), greatest({step_ms:Int64}, 1)) * {step_ms:Int64}), 'UTC') AS at,
    toString({by:Identifier}) AS group_a,
    count(mouth_to_ear_ms) AS n_mouth_to_ear,
    toFloat32(avgOrNull(mouth_to_ear_ms)) AS mouth_to_ear_mean,
    toFloat32(avgOrNullIf(ifNull(send_ms, 0), mouth_to_ear_ms IS NOT NULL)) AS send_mean,
    toFloat32(avgOrNullIf(ifNull(network_ms, 0), mouth_to_ear_ms IS NOT NULL)) AS network_mean,
    toFloat32(avgOrNullIf(ifNull(residence_ms, 0), mouth_to_ear_ms IS NOT NULL)) AS residence_mean,
    toFloat32(avgOrNullIf(ifNull(jitter_buffer_ms, 0), mouth_to_ear_ms IS NOT NULL)) AS jitter_buffer_mean,
    toFloat32(avgOrNullIf(ifNull(decode_ms, 0), mouth_to_ear_ms IS NOT NULL)) AS decode_mean,
    toFloat32(avgOrNullIf(ifNull(playout_ms, 0), mouth_to_ear_ms IS NOT NULL)) AS playout_mean
FROM chosen
WHERE toString({by:Identifier}) IN
(
    SELECT toString({by:Identifier}) AS a
    FROM chosen
    GROUP BY a
    ORDER BY count() DESC, a
    LIMIT {groups:UInt32}
)
GROUP BY at, group_a
ORDER BY at, n_mouth_to_ear DESC, group_a
LIMIT {limit:UInt32}
