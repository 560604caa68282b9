-- One row per stored sample: the ledger that says what came, from whom and how late. (call_id, source_id, session_id,
-- sequence) names a sample.
CREATE TABLE IF NOT EXISTS samples
(
    sampled_at      DateTime64(6, 'UTC') CODEC(Delta, ZSTD(1)),      -- normalised event time
    received_at     DateTime64(6, 'UTC') CODEC(Delta, ZSTD(1)),
    tenant          LowCardinality(String),
    call_id         String CODEC(ZSTD(1)),
    source_kind     Enum8('client' = 1, 'sfu' = 2),
    source_id       String CODEC(ZSTD(1)),
    session_id      String CODEC(ZSTD(1)),
    sequence        UInt64 CODEC(Delta, ZSTD(1)),
    clock_offset_us Int64 CODEC(T64, ZSTD(1)),
    clock_error_us  UInt64 CODEC(T64, ZSTD(1)),
    transports      UInt16 CODEC(T64, ZSTD(1)),
    streams         UInt16 CODEC(T64, ZSTD(1)),
    late            Bool CODEC(ZSTD(1))                              -- too late for at least one window
)
ENGINE = MergeTree
PARTITION BY toDate(sampled_at)
ORDER BY (tenant, call_id, source_id, sampled_at)
TTL toDateTime(sampled_at) + INTERVAL 7 DAY
SETTINGS non_replicated_deduplication_window = 1000
