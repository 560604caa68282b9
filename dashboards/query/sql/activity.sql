-- How many calls and participants there were, by step: a call counts in every step that it touches.
WITH went AS
(
    SELECT
        toUnixTimestamp64Milli(assumeNotNull(min(calls.first_seen))) AS began,
        toUnixTimestamp64Milli(assumeNotNull(max(calls.last_seen))) AS ended,
        uniqExactMerge(calls.clients) AS n_clients
    FROM calls
    WHERE tenant = {tenant:String}
        AND day >= toDate(fromUnixTimestamp64Milli({from_ms:Int64}), 'UTC') - 1
        AND day <= toDate(fromUnixTimestamp64Milli({to_ms:Int64}), 'UTC')
    GROUP BY call_id
    HAVING began < {to_ms:Int64} AND ended >= {from_ms:Int64}
)
SELECT
    fromUnixTimestamp64Milli(step, 'UTC') AS at,
    count() AS n_calls,
    countIf(ended >= least(step + if({step_ms:Int64} = 0, {to_ms:Int64} - {from_ms:Int64}, {step_ms:Int64}), {live_ms:Int64})) AS n_active,
    sum(n_clients) AS n_participants
FROM
(
    SELECT
        ended,
        n_clients,
        arrayJoin(if({step_ms:Int64} = 0,
            [{from_ms:Int64}],
            arrayMap(i -> i * {step_ms:Int64}, range(
                intDiv(greatest(began, {from_ms:Int64}), greatest({step_ms:Int64}, 1)),
                intDiv(least(ended, {to_ms:Int64} - 1), greatest({step_ms:Int64}, 1)) + 1)))) AS step
    FROM went
)
GROUP BY step
ORDER BY step
LIMIT {limit:UInt32}
