-- What one or two columns of a rollup hold, what has most windows first.
SELECT arrayJoin([toString({first:Identifier}), toString({second:Identifier})]) AS value
FROM {table:Identifier}
WHERE tenant = {tenant:String}
    AND {time:Identifier} >= toDateTime(fromUnixTimestamp64Milli({from_ms:Int64}), 'UTC')
    AND {time:Identifier} < toDateTime(fromUnixTimestamp64Milli({to_ms:Int64}), 'UTC')
GROUP BY value
HAVING value NOT IN ('', '0')
ORDER BY sum(windows) DESC, value
LIMIT {limit:UInt32}
