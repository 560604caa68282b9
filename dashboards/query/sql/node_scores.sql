-- How the windows of a call were, by who received them and by the SFUs that they went through.
SELECT
    node.1 AS node_kind,
    node.2 AS node_id,
    countIf(score >= if(kind = 'audio', 4, 70)) AS n_good,
    countIf(score < if(kind = 'audio', 4, 70) AND score >= if(kind = 'audio', 3.6, 40)) AS n_fair,
    countIf(score < if(kind = 'audio', 3.6, 40)) AS n_poor,
    toFloat32(avgOrNullIf(score, kind = 'audio')) AS audio_mean,
    toFloat32(countIf(blame != 'none') / count()) AS bad_share
FROM
(
    SELECT
        kind, score, blame,
        arrayJoin(arrayConcat([('client', subscriber_id)], arrayMap(s -> ('sfu', toString(s)), arrayDistinct(sfu_path)))) AS node
    FROM e2e
    WHERE tenant = {tenant:String}
        AND call_id = {call:String}
        AND window_start >= fromUnixTimestamp64Milli({from_ms:Int64})
        AND window_start < fromUnixTimestamp64Milli({to_ms:Int64})
)
GROUP BY node
ORDER BY node
LIMIT 5000
