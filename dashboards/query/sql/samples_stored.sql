-- How many different samples of a call reached the store, and how many of them were late.
SELECT
    uniqExact(source_id, session_id, sequence) AS samples,
    uniqExactIf(source_id, session_id, sequence, late) AS late_samples
FROM samples
WHERE tenant = {tenant:String}
    AND call_id = {call:String}
    AND sampled_at >= fromUnixTimestamp64Milli({from_ms:Int64})
    AND sampled_at < fromUnixTimestamp64Milli({to_ms:Int64})
LIMIT 1
