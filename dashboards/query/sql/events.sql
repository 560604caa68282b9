-- What happened in a call, the oldest first.
SELECT
    at, toString(source_kind) AS source_kind_name, source_id, toString(type) AS type_name, transport_id, track_id, value, number
FROM events
WHERE tenant = {tenant:String}
    AND call_id = {call:String}
    AND at >= fromUnixTimestamp64Milli({from_ms:Int64})
    AND at < fromUnixTimestamp64Milli({to_ms:Int64})
    AND at >= fromUnixTimestamp64Micro({after_us:Int64})
    AND ({source:String} = '' OR source_id = {source:String})
    AND ({type:String} = '' OR toString(type) = {type:String})
ORDER BY at, source_id, type, transport_id, track_id, value, number
LIMIT {limit:UInt32} OFFSET {skip:UInt32}
