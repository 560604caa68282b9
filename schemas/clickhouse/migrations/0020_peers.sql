-- What one participant got of another in a call: one row per day, subscriber, publisher and kind, complete while the call runs.
-- Several rows may have one key: group and merge.
CREATE TABLE IF NOT EXISTS peers
(
    day                   Date CODEC(Delta, ZSTD(1)), -- of the windows, UTC; a call over midnight has rows of two days
    tenant                LowCardinality(String),
    call_id               String CODEC(ZSTD(1)),
    subscriber_id         String CODEC(ZSTD(1)),
    publisher_id          String CODEC(ZSTD(1)),
    kind                  Enum8('unknown' = 0, 'audio' = 1, 'video' = 2),
    first_window          SimpleAggregateFunction(min, DateTime64(3, 'UTC')),
    last_window           SimpleAggregateFunction(max, DateTime64(3, 'UTC')),
    windows               SimpleAggregateFunction(sum, UInt64), -- rows of e2e; what follows counts or sums over them
    complete              SimpleAggregateFunction(sum, UInt64),
    imputed               SimpleAggregateFunction(sum, UInt64),
    partial               SimpleAggregateFunction(sum, UInt64),
    -- Quantiles in ms, within 1 %, of complete and imputed windows. Sums are integers, so that no order of merges shows in them.
    rtt                   AggregateFunction(quantilesDD(0.01, 0.5, 0.95, 0.99), Float32),
    rtt_count             SimpleAggregateFunction(sum, UInt64),
    rtt_sum_us            SimpleAggregateFunction(sum, UInt64),
    rtt_max_us            SimpleAggregateFunction(max, UInt64),
    mouth_to_ear          AggregateFunction(quantilesDD(0.01, 0.5, 0.95, 0.99), Float32),
    mouth_to_ear_count    SimpleAggregateFunction(sum, UInt64),
    mouth_to_ear_sum_us   SimpleAggregateFunction(sum, UInt64),
    mouth_to_ear_max_us   SimpleAggregateFunction(max, UInt64),
    loss_count            SimpleAggregateFunction(sum, UInt64),
    loss_sum_ppm          SimpleAggregateFunction(sum, UInt64),
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
PARTITION BY toYYYYMM(day)
ORDER BY (tenant, day, call_id, subscriber_id, publisher_id, kind)
TTL day + INTERVAL 400 DAY
SETTINGS non_replicated_deduplication_window = 20000, min_parts_to_merge_at_once = 10, index_granularity = 1024
