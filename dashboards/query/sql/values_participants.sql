-- The participants of a call.
SELECT client_id
FROM participants
WHERE tenant = {tenant:String}
    AND day >= toDate(fromUnixTimestamp64Milli({from_ms:Int64}), 'UTC') - 1
    AND day <= toDate(fromUnixTimestamp64Milli({to_ms:Int64}), 'UTC')
    AND call_id = {call:String}
    AND client_id != ''
GROUP BY client_id
ORDER BY client_id
LIMIT {limit:UInt32}
