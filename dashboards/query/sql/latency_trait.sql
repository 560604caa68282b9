-- Latency by step and group, from the rollup by one thing about who receives.
WITH chosen AS
(
    SELECT *
    FROM {table:Identifier}
    WHERE tenant = {tenant:String}
        AND {time:Identifier} >= toDateTime(fromUnixTimestamp64Milli({from_ms:Int64}), 'UTC')
        AND {time:Identifier} < toDateTime(fromUnixTimestamp64Milli({to_ms:Int64}), 'UTC')
        AND ({kind:String} = '' OR toString(kind) = {kind:String})
        AND trait = {trait:String}
        AND ({value:String} = '' OR value = {value:String})
)
SELECT
    fromUnixTimestamp64Milli(if({step_ms:Int64} = 0, {from_ms:Int64}, intDiv(toUnixTimestamp({time:Identifier}) * 1000, greatest({step_ms:Int64}, 1)) * {step_ms:Int64}), 'UTC') AS at,
    if({grouped:Bool}, toString(value), '') AS group_a,
    '' AS group_b,
    /* figures_columns */
FROM chosen
WHERE NOT {grouped:Bool} OR value IN
(
    SELECT value
    FROM chosen
    GROUP BY value
    ORDER BY sum(windows) DESC, value
    LIMIT {groups:UInt32}
)
GROUP BY at, group_a, group_b
ORDER BY at, n_windows DESC, group_a, group_b
LIMIT {limit:UInt32}
