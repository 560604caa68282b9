-- How many calls used each link between two SFUs, hour by hour together.
SELECT from_sfu AS from_id, to_sfu AS to_id, uniqCombined64Merge(14)(calls) AS n_calls
FROM {table:Identifier}
WHERE tenant = {tenant:String}
    AND {time:Identifier} >= toDateTime(fromUnixTimestamp64Milli({from_ms:Int64}), 'UTC')
    AND {time:Identifier} < toDateTime(fromUnixTimestamp64Milli({to_ms:Int64}), 'UTC')
    AND ({sfu:String} = '' OR from_sfu = {sfu:String} OR to_sfu = {sfu:String})
GROUP BY from_id, to_id
ORDER BY n_calls DESC, from_id, to_id
LIMIT {limit:UInt32}
