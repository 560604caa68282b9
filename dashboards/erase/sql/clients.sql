-- Who is left of a call.
SELECT client_id
FROM participants
WHERE tenant = {tenant:String} AND call_id = {call:String}
GROUP BY client_id
HAVING sum(samples) > 0
ORDER BY client_id
