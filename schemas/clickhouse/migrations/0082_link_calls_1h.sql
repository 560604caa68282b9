-- Rollup of hops: which calls used a link between two SFUs in an hour. Several rows may have one key: group and merge.
CREATE TABLE IF NOT EXISTS link_calls_1h
(
    hour     DateTime('UTC') CODEC(Delta, ZSTD(1)),
    tenant   LowCardinality(String),
    from_sfu LowCardinality(String),
    to_sfu   LowCardinality(String),
    calls    AggregateFunction(uniqCombined64(14), String) -- how many there were, within 1 %
)
ENGINE = AggregatingMergeTree
PARTITION BY toYYYYMM(hour)
ORDER BY (tenant, hour, from_sfu, to_sfu)
TTL hour + INTERVAL 400 DAY
SETTINGS non_replicated_deduplication_window = 20000, min_parts_to_merge_at_once = 10
