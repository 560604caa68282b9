-- One row per RTP stream per sample: what the counters did since the stream's sample before, as rates.
CREATE TABLE IF NOT EXISTS streams
(
    sampled_at           DateTime64(6, 'UTC') CODEC(Delta, ZSTD(1)),
    tenant               LowCardinality(String),
    call_id              String CODEC(ZSTD(1)),
    source_kind          Enum8('client' = 1, 'sfu' = 2),
    source_id            String CODEC(ZSTD(1)),
    transport_id         String CODEC(ZSTD(1)),
    direction            Enum8('inbound' = 1, 'outbound' = 2),
    kind                 Enum8('unknown' = 0, 'audio' = 1, 'video' = 2),
    ssrc                 UInt32 CODEC(ZSTD(1)),
    mid                  LowCardinality(String),
    rid                  LowCardinality(String),
    codec                LowCardinality(String),
    track_id             String CODEC(ZSTD(1)),
    interval_ms          UInt32 CODEC(T64, ZSTD(1)),                 -- since the sample before; 0 = the first one
    bitrate_bps          Float32 CODEC(Gorilla, ZSTD(1)),
    packet_rate          Float32 CODEC(Gorilla, ZSTD(1)),
    loss_ratio           Nullable(Float32) CODEC(ZSTD(1)),
    jitter_ms            Float32 CODEC(Gorilla, ZSTD(1)),
    rtt_ms               Nullable(Float32) CODEC(ZSTD(1)),           -- mean of the measurements in the interval
    rtt_source           Enum8('none' = 0, 'rtcp_rr' = 1, 'rtcp_xr' = 2, 'stun' = 3, 'sctp' = 4, 'probe' = 5),
    nack_rate            Float32 CODEC(Gorilla, ZSTD(1)),
    pli_rate             Float32 CODEC(Gorilla, ZSTD(1)),
    frame_rate           Float32 CODEC(Gorilla, ZSTD(1)),
    frame_width          UInt16 CODEC(T64, ZSTD(1)),
    frame_height         UInt16 CODEC(T64, ZSTD(1)),
    freeze_ratio         Float32 CODEC(Gorilla, ZSTD(1)),
    concealed_ratio      Float32 CODEC(Gorilla, ZSTD(1)),
    jitter_buffer_ms     Nullable(Float32) CODEC(ZSTD(1)),
    residence_ms         Nullable(Float32) CODEC(ZSTD(1)),
    muted                Bool CODEC(ZSTD(1))
)
ENGINE = MergeTree
PARTITION BY toDate(sampled_at)
ORDER BY (tenant, call_id, source_id, transport_id, direction, ssrc, sampled_at)
TTL toDateTime(sampled_at) + INTERVAL 3 DAY
SETTINGS non_replicated_deduplication_window = 1000
