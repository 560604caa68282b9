-- When the newest window ended: exactly where that is within a quarter of an hour of the range's end, and else to the minute.
SELECT max(ended) AS newest
FROM
(
    SELECT maxOrNull(window_start + toIntervalMillisecond(window_ms)) AS ended
    FROM e2e
    WHERE tenant = {tenant:String}
        AND window_start >= fromUnixTimestamp64Milli(greatest({from_ms:Int64}, {to_ms:Int64} - 900000))
        AND window_start < fromUnixTimestamp64Milli({to_ms:Int64})
    UNION ALL
    SELECT maxOrNull(toDateTime64(minute, 3, 'UTC')) AS ended
    FROM e2e_1m
    WHERE tenant = {tenant:String}
        AND minute >= toDateTime(fromUnixTimestamp64Milli({from_ms:Int64}), 'UTC')
        AND minute < toDateTime(fromUnixTimestamp64Milli({to_ms:Int64}), 'UTC')
)
LIMIT 1
