-- The publishers of a call.
SELECT publisher_id
FROM peers
WHERE tenant = {tenant:String}
    AND day >= toDate(fromUnixTimestamp64Milli({from_ms:Int64}), 'UTC') - 1
    AND day <= toDate(fromUnixTimestamp64Milli({to_ms:Int64}), 'UTC')
    AND call_id = {call:String}
    AND publisher_id != ''
GROUP BY publisher_id
ORDER BY publisher_id
LIMIT {limit:UInt32}
