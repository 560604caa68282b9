-- How many calls used each link between two SFUs, from their windows.
SELECT from_id, to_id, uniqExact(call_id) AS n_calls
FROM {table:Identifier}
WHERE tenant = {tenant:String}
    AND from_kind = 'sfu'
    AND to_kind = 'sfu'
    AND {time:Identifier} >= fromUnixTimestamp64Milli({from_ms:Int64})
    AND {time:Identifier} < fromUnixTimestamp64Milli({to_ms:Int64})
    AND ({sfu:String} = '' OR from_id = {sfu:String} OR to_id = {sfu:String})
GROUP BY from_id, to_id
ORDER BY n_calls DESC, from_id, to_id
LIMIT {limit:UInt32}
