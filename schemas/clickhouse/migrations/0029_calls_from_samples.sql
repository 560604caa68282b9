-- Fills calls from what SFUs report.
CREATE MATERIALIZED VIEW IF NOT EXISTS calls_from_samples TO calls AS
SELECT
    toDate(sampled_at) AS day,
    tenant,
    call_id,
    minOrNull(sampled_at) AS first_seen,
    maxOrNull(sampled_at) AS last_seen,
    uniqExactState(source_id) AS sfus,
    groupUniqArrayIf(toString(sfu_region), sfu_region != '') AS sfu_regions,
    count() AS samples,
    countIf(late) AS late_samples
FROM samples
WHERE source_kind = 'sfu' AND call_id != ''
GROUP BY day, tenant, call_id
