-- One call: one row per day, complete while it runs. Several rows may have one key: group and merge.
CREATE TABLE IF NOT EXISTS calls
(
    day                   Date CODEC(Delta, ZSTD(1)), -- UTC; a call over midnight has rows of two days
    tenant                LowCardinality(String),
    call_id               String CODEC(ZSTD(1)),
    first_seen            SimpleAggregateFunction(min, Nullable(DateTime64(6, 'UTC'))), -- of all samples
    last_seen             SimpleAggregateFunction(max, Nullable(DateTime64(6, 'UTC'))),
    clients               AggregateFunction(uniqExact, String),
    sfus                  AggregateFunction(uniqExact, String),
    countries             SimpleAggregateFunction(groupUniqArrayArray, Array(String)), -- of its clients, in no order
    sfu_regions           SimpleAggregateFunction(groupUniqArrayArray, Array(String)), -- in no order
    samples               SimpleAggregateFunction(sum, UInt64), -- of clients and SFUs
    late_samples          SimpleAggregateFunction(sum, UInt64),
    -- Of the clients' samples: in how many the main transport had what the name says.
    relay                 SimpleAggregateFunction(sum, UInt64), -- over a TURN server
    tcp                   SimpleAggregateFunction(sum, UInt64),
    tls                   SimpleAggregateFunction(sum, UInt64),
    ipv6                  SimpleAggregateFunction(sum, UInt64),
    -- What all its clients received.
    windows               SimpleAggregateFunction(sum, UInt64),
    complete              SimpleAggregateFunction(sum, UInt64),
    imputed               SimpleAggregateFunction(sum, UInt64),
    partial               SimpleAggregateFunction(sum, UInt64),
    rtt                   AggregateFunction(quantilesDD(0.01, 0.5, 0.95, 0.99), Float32), -- quantiles in ms, within 1 %
    rtt_count             SimpleAggregateFunction(sum, UInt64),
    rtt_sum_us            SimpleAggregateFunction(sum, UInt64),
    rtt_max_us            SimpleAggregateFunction(max, UInt64),
    mouth_to_ear          AggregateFunction(quantilesDD(0.01, 0.5, 0.95, 0.99), Float32),
    mouth_to_ear_count    SimpleAggregateFunction(sum, UInt64),
    mouth_to_ear_sum_us   SimpleAggregateFunction(sum, UInt64),
    mouth_to_ear_max_us   SimpleAggregateFunction(max, UInt64),
    audio_score_count     SimpleAggregateFunction(sum, UInt64),
    audio_score_sum_milli SimpleAggregateFunction(sum, UInt64),
    audio_loss_count      SimpleAggregateFunction(sum, UInt64),
    audio_loss_sum_ppm    SimpleAggregateFunction(sum, UInt64),
    video_score_count     SimpleAggregateFunction(sum, UInt64),
    video_score_sum_milli SimpleAggregateFunction(sum, UInt64),
    video_loss_count      SimpleAggregateFunction(sum, UInt64),
    video_loss_sum_ppm    SimpleAggregateFunction(sum, UInt64),
    -- Windows with somebody to blame, as e2e.blame says it from the side of who receives.
    bad                   SimpleAggregateFunction(sum, UInt64),
    blame_sender          SimpleAggregateFunction(sum, UInt64),
    blame_receiver        SimpleAggregateFunction(sum, UInt64),
    blame_uplink          SimpleAggregateFunction(sum, UInt64),
    blame_downlink        SimpleAggregateFunction(sum, UInt64),
    blame_sfu_link        SimpleAggregateFunction(sum, UInt64)
)
ENGINE = AggregatingMergeTree
PARTITION BY toYYYYMM(day)
ORDER BY (tenant, day, call_id)
TTL day + INTERVAL 400 DAY
SETTINGS non_replicated_deduplication_window = 20000, min_parts_to_merge_at_once = 10, index_granularity = 1024
