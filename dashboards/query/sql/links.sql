-- How the links of SFUs did: those between two of them, or those with their clients.
WITH chosen AS
(
    SELECT *
    FROM {table:Identifier}
    WHERE tenant = {tenant:String}
        AND from_kind = {from_kind:String}
        AND to_kind = 'sfu'
        AND {time:Identifier} >= toDateTime(fromUnixTimestamp64Milli({from_ms:Int64}), 'UTC')
        AND {time:Identifier} < toDateTime(fromUnixTimestamp64Milli({to_ms:Int64}), 'UTC')
        AND ({sfu:String} = '' OR from_sfu = {sfu:String} OR to_sfu = {sfu:String})
        AND ({region:String} = '' OR from_region = {region:String} OR to_region = {region:String})
)
SELECT
    fromUnixTimestamp64Milli(if({step_ms:Int64} = 0, {from_ms:Int64}, intDiv(toUnixTimestamp({time:Identifier}) * 1000, greatest({step_ms:Int64}, 1)) * {step_ms:Int64}), 'UTC') AS at,
    from_sfu,
    from_region,
    to_sfu,
    to_region,
    sum(windows) AS n_windows,
    sum(rtt_count) AS n_rtt,
    arrayMap(q -> toFloat32(q), quantilesDDMerge(0.01, 0.5, 0.95, 0.99)(rtt)) AS rtt_quantiles,
    toFloat32(max(rtt_max_us) / 1000) AS rtt_highest,
    toFloat32(sum(loss_from_to_sum_ppm) / nullIf(sum(loss_from_to_count), 0) / 1000000) AS loss_from_to_mean,
    toFloat32(sum(loss_to_from_sum_ppm) / nullIf(sum(loss_to_from_count), 0) / 1000000) AS loss_to_from_mean,
    toFloat32(sum(lossy_from_to) / nullIf(sum(loss_from_to_count), 0)) AS lossy_from_to_share,
    toFloat32(sum(lossy_to_from) / nullIf(sum(loss_to_from_count), 0)) AS lossy_to_from_share,
    toFloat32(sum(relay) / n_windows) AS relay_share,
    toFloat32(sum(tcp + tls) / nullIf(sum(udp + tcp + tls), 0)) AS tcp_share,
    toFloat32(sum(ipv6) / nullIf(sum(ipv4 + ipv6), 0)) AS ipv6_share
FROM chosen
WHERE (from_sfu, to_sfu) IN
(
    SELECT from_sfu, to_sfu
    FROM chosen
    GROUP BY from_sfu, to_sfu
    ORDER BY sum(windows) DESC, from_sfu, to_sfu
    LIMIT {links:UInt32}
)
GROUP BY at, from_sfu, from_region, to_sfu, to_region
ORDER BY at, rtt_quantiles[2] DESC, from_sfu, to_sfu
LIMIT {limit:UInt32}
