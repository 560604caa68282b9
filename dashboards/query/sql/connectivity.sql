-- How participants were connected, by group: one participant counts once, however long it stayed.
WITH who AS
(
    SELECT
        call_id,
        client_id,
        toString(max({by:Identifier})) AS group_name,
        min(participants.first_seen) AS began,
        max(participants.last_seen) AS ended,
        sum(participants.host) AS in_host,
        sum(participants.srflx) AS in_srflx,
        sum(participants.prflx) AS in_prflx,
        sum(participants.relay) AS in_relay,
        sum(participants.udp) AS in_udp,
        sum(participants.tcp) AS in_tcp,
        sum(participants.tls) AS in_tls,
        sum(participants.ipv4) AS in_ipv4,
        sum(participants.ipv6) AS in_ipv6,
        sum(participants.ice_failed) AS in_failed,
        sum(participants.ice_restarts) AS restarts,
        max(participants.connect_ms) AS connected_ms
    FROM participants
    WHERE tenant = {tenant:String}
        AND day >= toDate(fromUnixTimestamp64Milli({from_ms:Int64}), 'UTC') - 1
        AND day <= toDate(fromUnixTimestamp64Milli({to_ms:Int64}), 'UTC')
        AND ({call:String} = '' OR call_id = {call:String})
    GROUP BY call_id, client_id
    HAVING began < fromUnixTimestamp64Milli({to_ms:Int64}) AND ended >= fromUnixTimestamp64Milli({from_ms:Int64})
)
SELECT
    fromUnixTimestamp64Milli(if({step_ms:Int64} = 0, {from_ms:Int64}, intDiv(toUnixTimestamp64Milli(assumeNotNull(began)), greatest({step_ms:Int64}, 1)) * {step_ms:Int64}), 'UTC') AS at,
    group_name,
    count() AS n_participants,
    countIf(in_host + in_srflx + in_prflx + in_relay > 0) AS n_candidate,
    countIf(in_relay > 0) AS n_relay,
    countIf(in_udp + in_tcp + in_tls > 0) AS n_protocol,
    countIf(in_tcp > 0) AS n_tcp,
    countIf(in_tls > 0) AS n_tls,
    countIf(in_ipv4 + in_ipv6 > 0) AS n_ip,
    countIf(in_ipv6 > 0) AS n_ipv6,
    countIf(in_failed > 0) AS n_failed,
    countIf(restarts > 0) AS n_restarted,
    countIf(connected_ms > 0) AS n_connect,
    arrayMap(q -> toFloat32(q), quantilesExactIf(0.5, 0.95, 0.99)(connected_ms, connected_ms > 0)) AS connect_quantiles,
    toFloat32(max(connected_ms)) AS connect_highest
FROM who
GROUP BY at, group_name
ORDER BY at, n_participants DESC, group_name
LIMIT {limit:UInt32}
