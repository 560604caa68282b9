-- What could not be read, by step and reason. These rows know no tenant: they are those of whoever has none.
SELECT
    fromUnixTimestamp64Milli(if({step_ms:Int64} = 0, {from_ms:Int64}, intDiv(toUnixTimestamp64Milli(received_at), greatest({step_ms:Int64}, 1)) * {step_ms:Int64}), 'UTC') AS at,
    toString(reason) AS reason_name,
    count() AS n_records
FROM dead_letters
WHERE {tenant:String} = ''
    AND received_at >= fromUnixTimestamp64Milli({from_ms:Int64})
    AND received_at < fromUnixTimestamp64Milli({to_ms:Int64})
GROUP BY at, reason_name
ORDER BY at, n_records DESC, reason_name
LIMIT {limit:UInt32}
