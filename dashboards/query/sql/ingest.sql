-- Samples that came in, by step and group.
SELECT
    fromUnixTimestamp64Milli(if({step_ms:Int64} = 0, {from_ms:Int64}, intDiv(toUnixTimestamp(minute) * 1000, greatest({step_ms:Int64}, 1)) * {step_ms:Int64}), 'UTC') AS at,
    toString({by:Identifier}) AS group_name,
    sum(samples_1m.samples) AS n_samples,
    sum(samples_1m.late) AS n_late,
    arrayMap(q -> toFloat32(q), quantilesDDMerge(0.01, 0.5, 0.95, 0.99)(samples_1m.delay)) AS delay_quantiles,
    toFloat32(max(delay_max_us) / 1000) AS delay_highest
FROM samples_1m
WHERE tenant = {tenant:String}
    AND minute >= toDateTime(fromUnixTimestamp64Milli({from_ms:Int64}), 'UTC')
    AND minute < toDateTime(fromUnixTimestamp64Milli({to_ms:Int64}), 'UTC')
GROUP BY at, group_name
ORDER BY at, n_samples DESC, group_name
LIMIT {limit:UInt32}
