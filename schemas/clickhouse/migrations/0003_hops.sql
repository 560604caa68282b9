-- One row per link in one window. from_* is the end that sorts first: clients before SFUs, then by id and transport.
CREATE TABLE IF NOT EXISTS hops
(
    window_start         DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    window_ms            UInt32 CODEC(T64, ZSTD(1)),
    tenant               LowCardinality(String),
    call_id              String CODEC(ZSTD(1)),
    from_kind            Enum8('client' = 1, 'sfu' = 2),
    from_id              String CODEC(ZSTD(1)),
    from_transport       String CODEC(ZSTD(1)),
    from_region          LowCardinality(String),
    to_kind              Enum8('unknown' = 0, 'client' = 1, 'sfu' = 2),
    to_id                String CODEC(ZSTD(1)),                      -- '' where the other end does not report
    to_transport         String CODEC(ZSTD(1)),
    to_region            LowCardinality(String),
    paired_by            Enum8('none' = 0, 'link_key' = 1, 'explicit' = 2, 'ufrag' = 3, 'address' = 4, 'ssrc' = 5),
    rtt_ms               Nullable(Float32) CODEC(ZSTD(1)),           -- median over the window's instants, bias removed
    rtt_err_ms           Nullable(Float32) CODEC(ZSTD(1)),
    rtt_min_ms           Nullable(Float32) CODEC(ZSTD(1)),           -- of the raw measurements
    rtt_mean_ms          Nullable(Float32) CODEC(ZSTD(1)),
    rtt_max_ms           Nullable(Float32) CODEC(ZSTD(1)),
    rtt_count            UInt32 CODEC(T64, ZSTD(1)),
    rtt_bias_ms          Float32 CODEC(ZSTD(1)),                     -- what was taken off
    rtt_source           Enum8('none' = 0, 'rtcp_rr' = 1, 'rtcp_xr' = 2, 'stun' = 3, 'sctp' = 4, 'probe' = 5),
    rtt_end              Enum8('none' = 0, 'from' = 1, 'to' = 2),    -- which end measured
    source_switches      UInt16 CODEC(T64, ZSTD(1)),
    loss_from_to         Nullable(Float32) CODEC(ZSTD(1)),
    loss_to_from         Nullable(Float32) CODEC(ZSTD(1)),
    local_candidate      Enum8('unknown' = 0, 'host' = 1, 'srflx' = 2, 'prflx' = 3, 'relay' = 4),
    remote_candidate     Enum8('unknown' = 0, 'host' = 1, 'srflx' = 2, 'prflx' = 3, 'relay' = 4),
    protocol             Enum8('unknown' = 0, 'udp' = 1, 'tcp' = 2, 'tls' = 3),
    relay                Bool CODEC(ZSTD(1))
)
ENGINE = MergeTree
PARTITION BY toDate(window_start)
ORDER BY (tenant, call_id, from_id, to_id, from_transport, window_start)
TTL toDateTime(window_start) + INTERVAL 30 DAY
SETTINGS non_replicated_deduplication_window = 1000
