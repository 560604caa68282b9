-- One client in a call: one row per day and client, complete while the call runs. Several rows may have one key: group and
-- merge.
CREATE TABLE IF NOT EXISTS participants
(
    day                   Date CODEC(Delta, ZSTD(1)), -- UTC; a call over midnight has rows of two days
    tenant                LowCardinality(String),
    call_id               String CODEC(ZSTD(1)),
    client_id             String CODEC(ZSTD(1)),
    first_seen            SimpleAggregateFunction(min, Nullable(DateTime64(6, 'UTC'))), -- of its samples
    last_seen             SimpleAggregateFunction(max, Nullable(DateTime64(6, 'UTC'))),
    joined_at             SimpleAggregateFunction(min, Nullable(DateTime64(6, 'UTC'))), -- as it said itself in an event; NULL = it did not
    left_at               SimpleAggregateFunction(max, Nullable(DateTime64(6, 'UTC'))),
    user_id               SimpleAggregateFunction(max, String), -- as the collector masks it
    app_version           SimpleAggregateFunction(max, String),
    browser               SimpleAggregateFunction(max, String),
    os                    SimpleAggregateFunction(max, String),
    probe_version         SimpleAggregateFunction(max, String),
    country               SimpleAggregateFunction(max, String),
    region                SimpleAggregateFunction(max, String),
    isp                   SimpleAggregateFunction(max, String),
    asn                   SimpleAggregateFunction(max, UInt32),
    networks              SimpleAggregateFunction(groupUniqArrayArray, Array(String)), -- all that it used, in no order
    samples               SimpleAggregateFunction(sum, UInt64),
    late_samples          SimpleAggregateFunction(sum, UInt64),
    -- How it was connected: of its samples, in how many its main transport had what the name says.
    connect_ms            SimpleAggregateFunction(max, UInt32),
    host                  SimpleAggregateFunction(sum, UInt64), -- the local candidate, no TURN server at either end
    srflx                 SimpleAggregateFunction(sum, UInt64),
    prflx                 SimpleAggregateFunction(sum, UInt64),
    relay                 SimpleAggregateFunction(sum, UInt64), -- over a TURN server
    udp                   SimpleAggregateFunction(sum, UInt64),
    tcp                   SimpleAggregateFunction(sum, UInt64),
    tls                   SimpleAggregateFunction(sum, UInt64),
    ipv4                  SimpleAggregateFunction(sum, UInt64),
    ipv6                  SimpleAggregateFunction(sum, UInt64),
    ice_failed            SimpleAggregateFunction(sum, UInt64),
    limited_by_cpu        SimpleAggregateFunction(sum, UInt64),
    limited_by_bandwidth  SimpleAggregateFunction(sum, UInt64),
    pair_changes          SimpleAggregateFunction(max, UInt32), -- of the selected candidate pair
    -- Bit rates over all its transports: how many samples have one, their sum and the highest.
    send_count            SimpleAggregateFunction(sum, UInt64),
    send_sum_bps          SimpleAggregateFunction(sum, UInt64),
    send_max_bps          SimpleAggregateFunction(max, UInt64),
    receive_count         SimpleAggregateFunction(sum, UInt64),
    receive_sum_bps       SimpleAggregateFunction(sum, UInt64),
    receive_max_bps       SimpleAggregateFunction(max, UInt64),
    -- Of its events.
    ice_restarts          SimpleAggregateFunction(sum, UInt64),
    feedback_count        SimpleAggregateFunction(sum, UInt64),
    feedback_sum_milli    SimpleAggregateFunction(sum, Int64), -- ratings times 1000
    -- What it received, over all publishers and kinds (peers has them one by one).
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
    blame_sfu_link        SimpleAggregateFunction(sum, UInt64),
    -- What others received from it, and how often its own device or its first hop was to blame.
    sent_windows          SimpleAggregateFunction(sum, UInt64),
    sent_bad              SimpleAggregateFunction(sum, UInt64),
    sent_blame_sender     SimpleAggregateFunction(sum, UInt64),
    sent_blame_uplink     SimpleAggregateFunction(sum, UInt64)
)
ENGINE = AggregatingMergeTree
PARTITION BY toYYYYMM(day)
ORDER BY (tenant, day, call_id, client_id)
TTL day + INTERVAL 400 DAY
SETTINGS non_replicated_deduplication_window = 20000, min_parts_to_merge_at_once = 10, index_granularity = 1024
