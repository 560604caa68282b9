-- Latency by step and group, window by window: for steps shorter than the rollups', and for what no rollup knows.
WITH chosen AS
(
    SELECT
        tenant, kind, window_start, publisher_id,
        multiIf(publisher_id = '', '', region_path[1] != '', region_path[1], publisher_country != '', publisher_country, e2e.publisher_region) AS publisher_region,
        multiIf(region_path[-1] != '', region_path[-1], subscriber_country != '', subscriber_country, e2e.subscriber_region) AS subscriber_region,
        subscriber_country AS country, subscriber_asn AS asn,
        subscriber_app AS app, subscriber_browser AS browser, subscriber_network AS network,
        multiIf(publisher_id = '', '', empty(sfu_path), 'p2p', arrayStringConcat(region_path, '>')) AS path,
        status, blame, rtt_ms, mouth_to_ear_ms, score, loss_ratio, concealed_ratio, freeze_ratio, jitter_ms, bitrate_bps
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
    toString({and:Identifier}) AS group_b,
    /* figures_raw_columns */
FROM chosen
WHERE (toString({by:Identifier}), toString({and:Identifier})) IN
(
    SELECT toString({by:Identifier}) AS a, toString({and:Identifier}) AS b
    FROM chosen
    GROUP BY a, b
    ORDER BY count() DESC, a, b
    LIMIT {groups:UInt32}
)
GROUP BY at, group_a, group_b
ORDER BY at, n_windows DESC, group_a, group_b
LIMIT {limit:UInt32}
