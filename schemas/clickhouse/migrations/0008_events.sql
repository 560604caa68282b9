-- One row per event that a source reported.
CREATE TABLE IF NOT EXISTS events
(
    at                   DateTime64(6, 'UTC') CODEC(Delta, ZSTD(1)),  -- normalised event time
    tenant               LowCardinality(String),
    call_id              String CODEC(ZSTD(1)),
    source_kind          Enum8('client' = 1, 'sfu' = 2),
    source_id            String CODEC(ZSTD(1)),
    type                 Enum8('unknown' = 0, 'join' = 1, 'leave' = 2, 'ice_state' = 3, 'ice_restart' = 4, 'selected_pair' = 5,
                               'track_added' = 6, 'track_removed' = 7, 'track_muted' = 8, 'track_unmuted' = 9, 'device' = 10,
                               'feedback' = 11, 'custom' = 12),
    transport_id         String CODEC(ZSTD(1)),
    track_id             String CODEC(ZSTD(1)),
    value                String CODEC(ZSTD(1)),                       -- the state, device kind, or name of a custom event
    number               Float64 CODEC(ZSTD(1))                       -- score or duration, as the type says
)
ENGINE = MergeTree
PARTITION BY toDate(at)
ORDER BY (tenant, call_id, source_id, at)
TTL toDateTime(at) + INTERVAL 30 DAY
SETTINGS non_replicated_deduplication_window = 20000, ttl_only_drop_parts = 1
