-- How many paths each of some calls has: publisher, subscriber and kind.
SELECT call_id, uniqExact(subscriber_id, publisher_id, kind) AS n_paths
FROM peers
WHERE tenant = {tenant:String}
    AND day >= toDate(fromUnixTimestamp64Milli({from_ms:Int64}), 'UTC') - 1
    AND day <= toDate(fromUnixTimestamp64Milli({to_ms:Int64}), 'UTC')
    AND call_id IN {calls:Array(String)}
GROUP BY call_id
LIMIT {limit:UInt32}
