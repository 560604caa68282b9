-- Rows that were written, by step and table, as the rollups count them.
SELECT
    fromUnixTimestamp64Milli(if({step_ms:Int64} = 0, {from_ms:Int64}, intDiv(at_ms, greatest({step_ms:Int64}, 1)) * {step_ms:Int64}), 'UTC') AS at,
    table_name,
    sum(n) AS n_rows
FROM
(
    SELECT toUnixTimestamp(minute) * 1000 AS at_ms, tally.1 AS table_name, tally.2 AS n
    FROM samples_1m
    ARRAY JOIN [('samples', samples_1m.samples), ('streams', samples_1m.streams)] AS tally
    WHERE tenant = {tenant:String}
        AND minute >= toDateTime(fromUnixTimestamp64Milli({from_ms:Int64}), 'UTC')
        AND minute < toDateTime(fromUnixTimestamp64Milli({to_ms:Int64}), 'UTC')
    UNION ALL
    SELECT toUnixTimestamp(minute) * 1000 AS at_ms, 'e2e' AS table_name, windows AS n
    FROM e2e_1m
    WHERE tenant = {tenant:String}
        AND minute >= toDateTime(fromUnixTimestamp64Milli({from_ms:Int64}), 'UTC')
        AND minute < toDateTime(fromUnixTimestamp64Milli({to_ms:Int64}), 'UTC')
    UNION ALL
    SELECT toUnixTimestamp(minute) * 1000 AS at_ms, 'hops' AS table_name, windows AS n
    FROM hops_1m
    WHERE tenant = {tenant:String}
        AND minute >= toDateTime(fromUnixTimestamp64Milli({from_ms:Int64}), 'UTC')
        AND minute < toDateTime(fromUnixTimestamp64Milli({to_ms:Int64}), 'UTC')
)
GROUP BY at, table_name
ORDER BY at, table_name
LIMIT {limit:UInt32}
