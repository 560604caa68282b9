-- The last window that was observed.
SELECT toUnixTimestamp64Milli(max(window_start)) AS at_ms
FROM observations
WHERE window_ms = {window_ms:UInt32} AND window_start >= fromUnixTimestamp64Milli({from_ms:Int64})
