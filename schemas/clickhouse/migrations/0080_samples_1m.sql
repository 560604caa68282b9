-- Rollup of samples: what came in a minute, from which kind of source and version of the probe. Several rows may have one key: group and
-- merge.
CREATE TABLE IF NOT EXISTS samples_1m
(
    minute        DateTime('UTC') CODEC(Delta, ZSTD(1)), -- of the sampling
    tenant        LowCardinality(String),
    source_kind   Enum8('client' = 1, 'sfu' = 2),
    probe_version LowCardinality(String),
    samples       SimpleAggregateFunction(sum, UInt64), -- rows of samples
    late          SimpleAggregateFunction(sum, UInt64), -- too late for at least one window
    streams       SimpleAggregateFunction(sum, UInt64), -- RTP streams that they told of
    -- From sampled to received; 0 where the clocks say that it was received before.
    delay         AggregateFunction(quantilesDD(0.01, 0.5, 0.95, 0.99), Float32), -- quantiles in ms, within 1 %
    delay_max_us  SimpleAggregateFunction(max, UInt64) -- the longest
)
ENGINE = AggregatingMergeTree
PARTITION BY toDate(minute)
ORDER BY (tenant, minute, source_kind, probe_version)
TTL minute + INTERVAL 90 DAY
SETTINGS non_replicated_deduplication_window = 20000, ttl_only_drop_parts = 1, min_parts_to_merge_at_once = 10
