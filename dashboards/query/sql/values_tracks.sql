-- The tracks of a call.
SELECT track_id
FROM e2e
WHERE tenant = {tenant:String}
    AND call_id = {call:String}
    AND window_start >= fromUnixTimestamp64Milli({from_ms:Int64})
    AND window_start < fromUnixTimestamp64Milli({to_ms:Int64})
    AND track_id != ''
GROUP BY track_id
ORDER BY track_id
LIMIT {limit:UInt32}
