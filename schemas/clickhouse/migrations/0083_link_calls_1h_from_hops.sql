-- Fills link_calls_1h as rows come.
CREATE MATERIALIZED VIEW IF NOT EXISTS link_calls_1h_from_hops TO link_calls_1h AS
SELECT
    toDateTime(toStartOfHour(window_start), 'UTC') AS hour,
    tenant,
    from_id AS from_sfu,
    to_id AS to_sfu,
    uniqCombined64State(14)(call_id) AS calls
FROM hops
WHERE from_kind = 'sfu' AND to_kind = 'sfu'
GROUP BY hour, tenant, from_sfu, to_sfu
