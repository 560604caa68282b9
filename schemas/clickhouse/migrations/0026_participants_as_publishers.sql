-- Fills participants with what others received from them, from the rows that go into peers.
CREATE MATERIALIZED VIEW IF NOT EXISTS participants_as_publishers TO participants AS
SELECT
    day,
    tenant,
    call_id,
    publisher_id AS client_id,
    sum(windows) AS sent_windows,
    sum(bad) AS sent_bad,
    sum(blame_sender) AS sent_blame_sender,
    sum(blame_uplink) AS sent_blame_uplink
FROM peers
GROUP BY day, tenant, call_id, client_id
