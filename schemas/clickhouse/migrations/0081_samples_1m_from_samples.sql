-- Fills samples_1m as rows come.
CREATE MATERIALIZED VIEW IF NOT EXISTS samples_1m_from_samples TO samples_1m AS
SELECT
    toDateTime(toStartOfMinute(sampled_at), 'UTC') AS minute,
    tenant,
    source_kind,
    probe_version,
    count() AS samples,
    countIf(samples.late) AS late,
    sum(samples.streams) AS streams,
    quantilesDDState(0.01, 0.5, 0.95, 0.99)(toFloat32(greatest(dateDiff('microsecond', sampled_at, received_at), 0) / 1000)) AS delay,
    max(toUInt64(greatest(dateDiff('microsecond', sampled_at, received_at), 0))) AS delay_max_us
FROM samples
GROUP BY minute, tenant, source_kind, probe_version
