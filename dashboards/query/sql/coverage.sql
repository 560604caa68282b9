-- How many windows have a round-trip time, and what the others lack, by step.
SELECT
    fromUnixTimestamp64Milli(if({step_ms:Int64} = 0, {from_ms:Int64}, intDiv(toUnixTimestamp({time:Identifier}) * 1000, greatest({step_ms:Int64}, 1)) * {step_ms:Int64}), 'UTC') AS at,
    sum(windows) AS n_windows,
    sum(complete) AS n_complete,
    sum(imputed) AS n_imputed,
    sum(partial) AS n_partial,
    sum(unresolved) AS n_unresolved
FROM {table:Identifier}
WHERE tenant = {tenant:String}
    AND {time:Identifier} >= toDateTime(fromUnixTimestamp64Milli({from_ms:Int64}), 'UTC')
    AND {time:Identifier} < toDateTime(fromUnixTimestamp64Milli({to_ms:Int64}), 'UTC')
    AND ({kind:String} = '' OR toString(kind) = {kind:String})
    AND ({publisher_region:String} = '' OR publisher_region = {publisher_region:String})
    AND ({subscriber_region:String} = '' OR subscriber_region = {subscriber_region:String})
GROUP BY at
ORDER BY at
LIMIT {limit:UInt32}
