-- Mean parts of mouth to ear by step and group, from the rollup by region, path and version.
WITH chosen AS
(
    SELECT *
    FROM {table:Identifier}
    WHERE tenant = {tenant:String}
        AND {time:Identifier} >= toDateTime(fromUnixTimestamp64Milli({from_ms:Int64}), 'UTC')
        AND {time:Identifier} < toDateTime(fromUnixTimestamp64Milli({to_ms:Int64}), 'UTC')
        AND ({kind:String} = '' OR toString(kind) = {kind:String})
        AND ({publisher_region:String} = '' OR publisher_region = {publisher_region:String})
        AND ({subscriber_region:String} = '' OR subscriber_region = {subscriber_region:String})
        AND ({path:String} = '' OR path = {path:String})
        AND ({app:String} = '' OR app = {app:String})
)
SELECT
    fromUnixTimestamp64Milli(if({step_ms:Int64} = 0, {from_ms:Int64}, intDiv(toUnixTimestamp({time:Identifier}) * 1000, greatest({step_ms:Int64}, 1)) * {step_ms:Int64}), 'UTC') AS at,
    toString({by:Identifier}) AS group_a,
    /* budget_columns */
FROM chosen
WHERE toString({by:Identifier}) IN
(
    SELECT toString({by:Identifier}) AS a
    FROM chosen
    GROUP BY a
    ORDER BY sum(windows) DESC, a
    LIMIT {groups:UInt32}
)
GROUP BY at, group_a
ORDER BY at, n_mouth_to_ear DESC, group_a
LIMIT {limit:UInt32}
