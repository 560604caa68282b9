-- What could not be read, by reason. These rows know no tenant: they are those of whoever has none.
SELECT
    reason,
    count() AS n_records,
    sum(bytes) AS n_bytes,
    min(received_at) AS first_received,
    max(received_at) AS last_received,
    argMax(detail, (received_at, topic, partition, offset)) AS last_detail,
    argMax(toString(source), (received_at, topic, partition, offset)) AS last_source
FROM dead_letters
WHERE {tenant:String} = ''
    AND received_at >= fromUnixTimestamp64Milli({from_ms:Int64})
    AND received_at < fromUnixTimestamp64Milli({to_ms:Int64})
GROUP BY reason
ORDER BY n_records DESC, reason
LIMIT {limit:UInt32}
