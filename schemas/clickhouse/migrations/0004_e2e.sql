-- One row per received track, path and window: how long, from the publisher to the subscriber and back, and where.
CREATE TABLE IF NOT EXISTS e2e
(
    window_start         DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    window_ms            UInt32 CODEC(T64, ZSTD(1)),
    tenant               LowCardinality(String),
    call_id              String CODEC(ZSTD(1)),
    publisher_id         String CODEC(ZSTD(1)),                      -- '' where the path could not be followed so far
    subscriber_id        String CODEC(ZSTD(1)),
    kind                 Enum8('unknown' = 0, 'audio' = 1, 'video' = 2),
    track_id             String CODEC(ZSTD(1)),
    rid                  LowCardinality(String),
    ssrc                 UInt32 CODEC(ZSTD(1)),                      -- of the stream that the subscriber receives
    transport_id         String CODEC(ZSTD(1)),                      -- the subscriber's
    epoch_start          DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)), -- since when the path is as it is
    sfu_path             Array(LowCardinality(String)),
    region_path          Array(LowCardinality(String)),
    status               Enum8('complete' = 1, 'imputed' = 2, 'partial' = 3),
    hops_expected        UInt8,
    hops_measured        UInt8,
    instants             UInt8,                                      -- with a sum, of those that the window has
    rtt_ms               Nullable(Float32) CODEC(ZSTD(1)),           -- median over the instants; NULL when partial
    rtt_err_ms           Nullable(Float32) CODEC(ZSTD(1)),
    rtt_min_ms           Nullable(Float32) CODEC(ZSTD(1)),
    rtt_max_ms           Nullable(Float32) CODEC(ZSTD(1)),
    rtt_lower_ms         Nullable(Float32) CODEC(ZSTD(1)),           -- partial: the sum of what is known
    -- hop by hop, publisher first
    hop_from             Array(LowCardinality(String)),
    hop_to               Array(LowCardinality(String)),              -- '' = an end that does not report
    hop_rtt_ms           Array(Float32) CODEC(ZSTD(1)),              -- NaN = not known
    hop_err_ms           Array(Float32) CODEC(ZSTD(1)),
    hop_age_ms           Array(UInt32) CODEC(ZSTD(1)),
    hop_source           Array(Enum8('none' = 0, 'rtcp_rr' = 1, 'rtcp_xr' = 2, 'stun' = 3, 'sctp' = 4, 'probe' = 5)),
    hop_status           Array(Enum8('measured' = 1, 'imputed' = 2, 'missing' = 3)),
    -- the one-way budget, mouth to ear or glass to glass
    mouth_to_ear_ms      Nullable(Float32) CODEC(ZSTD(1)),
    send_ms              Nullable(Float32) CODEC(ZSTD(1)),
    network_ms           Nullable(Float32) CODEC(ZSTD(1)),           -- half of each hop
    residence_ms         Nullable(Float32) CODEC(ZSTD(1)),
    jitter_buffer_ms     Nullable(Float32) CODEC(ZSTD(1)),
    decode_ms            Nullable(Float32) CODEC(ZSTD(1)),
    playout_ms           Nullable(Float32) CODEC(ZSTD(1)),
    budget_missing       Array(LowCardinality(String)),              -- parts of the budget that nobody reported
    capture_delay_ms     Nullable(Float32) CODEC(ZSTD(1)),           -- measured, abs-capture-time
    -- what the subscriber got
    loss_ratio           Nullable(Float32) CODEC(ZSTD(1)),
    concealed_ratio      Nullable(Float32) CODEC(ZSTD(1)),
    jitter_ms            Nullable(Float32) CODEC(ZSTD(1)),
    bitrate_bps          Float32 CODEC(ZSTD(1)),
    frame_rate           Nullable(Float32) CODEC(ZSTD(1)),
    frame_height         UInt16 CODEC(T64, ZSTD(1)),
    freeze_ratio         Nullable(Float32) CODEC(ZSTD(1)),
    score                Nullable(Float32) CODEC(ZSTD(1)),           -- audio: MOS; video: the index, 0 to 100
    score_r              Nullable(Float32) CODEC(ZSTD(1)),           -- audio: the R factor
    score_parts          Map(LowCardinality(String), Float32) CODEC(ZSTD(1)),
    score_version        LowCardinality(String),
    -- who
    publisher_region     LowCardinality(String),
    subscriber_region    LowCardinality(String),
    publisher_asn        UInt32 CODEC(ZSTD(1)),
    subscriber_asn       UInt32 CODEC(ZSTD(1)),
    publisher_app        LowCardinality(String),
    subscriber_app       LowCardinality(String)
)
ENGINE = MergeTree
PARTITION BY toDate(window_start)
ORDER BY (tenant, call_id, subscriber_id, publisher_id, kind, window_start)
TTL toDateTime(window_start) + INTERVAL 30 DAY
SETTINGS non_replicated_deduplication_window = 1000
