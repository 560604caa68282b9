-- Rollup of e2e: what subscribers got in five minutes, by one thing about them at a time. A window counts once under each trait.
-- Several rows may have one key: group and merge.
CREATE TABLE IF NOT EXISTS trait_5m
(
    minute                DateTime('UTC') CODEC(Delta, ZSTD(1)), -- with which the five begin
    tenant                LowCardinality(String),
    kind                  Enum8('unknown' = 0, 'audio' = 1, 'video' = 2),
    trait                 LowCardinality(String), -- subscriber_region, country, asn, app, browser or network, as in audience_1h
    value                 LowCardinality(String), -- the region, country ...; a number as text
    windows               SimpleAggregateFunction(sum, UInt64), -- rows of e2e; what follows counts or sums over them
    complete              SimpleAggregateFunction(sum, UInt64),
    imputed               SimpleAggregateFunction(sum, UInt64),
    partial               SimpleAggregateFunction(sum, UInt64),
    unresolved            SimpleAggregateFunction(sum, UInt64), -- without a known publisher
    -- Quantiles in ms, within 1 %, of complete and imputed windows. Sums are integers, so that no order of merges shows in them.
    rtt                   AggregateFunction(quantilesDD(0.01, 0.5, 0.95, 0.99), Float32),
    rtt_count             SimpleAggregateFunction(sum, UInt64),
    rtt_sum_us            SimpleAggregateFunction(sum, UInt64),
    rtt_over_150          SimpleAggregateFunction(sum, UInt64),
    rtt_over_300          SimpleAggregateFunction(sum, UInt64),
    rtt_over_400          SimpleAggregateFunction(sum, UInt64),
    rtt_max_us            SimpleAggregateFunction(max, UInt64),
    mouth_to_ear          AggregateFunction(quantilesDD(0.01, 0.5, 0.95, 0.99), Float32),
    mouth_to_ear_count    SimpleAggregateFunction(sum, UInt64),
    mouth_to_ear_sum_us   SimpleAggregateFunction(sum, UInt64),
    mouth_to_ear_over_150 SimpleAggregateFunction(sum, UInt64),
    mouth_to_ear_over_300 SimpleAggregateFunction(sum, UInt64),
    mouth_to_ear_over_400 SimpleAggregateFunction(sum, UInt64),
    mouth_to_ear_max_us   SimpleAggregateFunction(max, UInt64),
    loss_count            SimpleAggregateFunction(sum, UInt64),
    loss_sum_ppm          SimpleAggregateFunction(sum, UInt64),
    concealed_count       SimpleAggregateFunction(sum, UInt64),
    concealed_sum_ppm     SimpleAggregateFunction(sum, UInt64),
    freeze_count          SimpleAggregateFunction(sum, UInt64),
    freeze_sum_ppm        SimpleAggregateFunction(sum, UInt64),
    jitter_count          SimpleAggregateFunction(sum, UInt64),
    jitter_sum_us         SimpleAggregateFunction(sum, UInt64),
    score_count           SimpleAggregateFunction(sum, UInt64),
    score_sum_milli       SimpleAggregateFunction(sum, UInt64),
    bitrate_sum_bps       SimpleAggregateFunction(sum, UInt64),
    bad                   SimpleAggregateFunction(sum, UInt64), -- with somebody to blame
    blame_sender          SimpleAggregateFunction(sum, UInt64),
    blame_receiver        SimpleAggregateFunction(sum, UInt64),
    blame_uplink          SimpleAggregateFunction(sum, UInt64),
    blame_downlink        SimpleAggregateFunction(sum, UInt64),
    blame_sfu_link        SimpleAggregateFunction(sum, UInt64)
)
ENGINE = AggregatingMergeTree
PARTITION BY toDate(minute)
ORDER BY (tenant, trait, kind, minute, value)
TTL minute + INTERVAL 30 DAY
SETTINGS non_replicated_deduplication_window = 20000, ttl_only_drop_parts = 1, min_parts_to_merge_at_once = 10
