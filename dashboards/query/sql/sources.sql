-- How many SFUs there were with a link, by step. Clients are counted by their calls.
SELECT
    fromUnixTimestamp64Milli(if({step_ms:Int64} = 0, {from_ms:Int64}, intDiv(toUnixTimestamp(minute) * 1000, greatest({step_ms:Int64}, 1)) * {step_ms:Int64}), 'UTC') AS at,
    uniqExactIf(sfu, sfu != '') AS n_sfus
FROM
(
    SELECT minute, arrayJoin([from_sfu, to_sfu]) AS sfu
    FROM hops_1m
    WHERE tenant = {tenant:String}
        AND minute >= toDateTime(fromUnixTimestamp64Milli({from_ms:Int64}), 'UTC')
        AND minute < toDateTime(fromUnixTimestamp64Milli({to_ms:Int64}), 'UTC')
)
GROUP BY at
ORDER BY at
LIMIT {limit:UInt32}
