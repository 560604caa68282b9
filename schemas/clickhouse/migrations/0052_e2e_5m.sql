-- Rollup of e2e: what subscribers got in five minutes, by regions and path: a chart of a day has as many points, and reads a fifth of
-- what e2e_1m has for it. Several rows may have one key: group and merge.
CREATE TABLE IF NOT EXISTS e2e_5m
(
    minute                DateTime('UTC') CODEC(Delta, ZSTD(1)), -- with which the five begin
    tenant                LowCardinality(String),
    kind                  Enum8('unknown' = 0, 'audio' = 1, 'video' = 2),
    -- where publisher and subscriber meet the service: the region of their SFU; without one the country
    publisher_region      LowCardinality(String),
    subscriber_region     LowCardinality(String),
    path                  LowCardinality(String), -- regions of the SFUs joined by '>'; 'p2p' without an SFU, '' where the path could not be followed
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
    -- Parts of the mouth-to-ear budget, over the windows in which the whole is known; what nobody reported counts as nothing.
    send_sum_us           SimpleAggregateFunction(sum, UInt64),
    network_sum_us        SimpleAggregateFunction(sum, UInt64),
    residence_sum_us      SimpleAggregateFunction(sum, UInt64),
    jitter_buffer_sum_us  SimpleAggregateFunction(sum, UInt64),
    decode_sum_us         SimpleAggregateFunction(sum, UInt64),
    playout_sum_us        SimpleAggregateFunction(sum, UInt64),
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
ORDER BY (tenant, kind, minute, publisher_region, subscriber_region, path)
TTL minute + INTERVAL 90 DAY
SETTINGS non_replicated_deduplication_window = 20000, ttl_only_drop_parts = 1, min_parts_to_merge_at_once = 10
