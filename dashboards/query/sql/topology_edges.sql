-- The links of a call, by their ends, with how the audio fared that went over them.
SELECT
    from_kind_name, from_id, to_kind_name, to_id, windows, rtt, rtt_max, loss_from_to_mid, loss_to_from_mid, any_relay, protocols, score
FROM
(
    SELECT
        toString(from_kind) AS from_kind_name,
        from_id,
        toString(to_kind) AS to_kind_name,
        to_id,
        count() AS windows,
        quantileExact(0.5)(rtt_ms) AS rtt,
        max(rtt_max_ms) AS rtt_max,
        quantileExact(0.5)(loss_from_to) AS loss_from_to_mid,
        quantileExact(0.5)(loss_to_from) AS loss_to_from_mid,
        max(relay) AS any_relay,
        arrayMap(p -> toString(p), arraySort(groupUniqArray(protocol))) AS protocols
    FROM hops
    WHERE tenant = {tenant:String}
        AND call_id = {call:String}
        AND window_start >= fromUnixTimestamp64Milli({from_ms:Int64})
        AND window_start < fromUnixTimestamp64Milli({to_ms:Int64})
    GROUP BY from_kind, from_id, to_kind, to_id
) AS links
LEFT JOIN
(
    SELECT least(hop.1, hop.2) AS low, greatest(hop.1, hop.2) AS high, quantileExact(0.5)(score) AS score
    FROM
    (
        SELECT arrayJoin(arrayZip(hop_from, hop_to)) AS hop, score
        FROM e2e
        WHERE tenant = {tenant:String}
            AND call_id = {call:String}
            AND kind = 'audio'
            AND window_start >= fromUnixTimestamp64Milli({from_ms:Int64})
            AND window_start < fromUnixTimestamp64Milli({to_ms:Int64})
    )
    GROUP BY low, high
) AS heard ON low = least(from_id, to_id) AND high = greatest(from_id, to_id)
ORDER BY from_kind_name, from_id, to_id
LIMIT 20000
SETTINGS join_use_nulls = 1
