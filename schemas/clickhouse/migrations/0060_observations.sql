-- What the search for regressions sees: one row per call, window of the search, pair of alike ends, and path, made of the complete and
-- imputed windows of e2e. So calls are counted, and not samples.
CREATE TABLE IF NOT EXISTS observations
(
    window_start         DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    window_ms            UInt32 CODEC(T64, ZSTD(1)),
    tenant               LowCardinality(String),
    call_id              String CODEC(ZSTD(1)),
    -- the ends: where a client is, or its SFU where that is not known
    publisher_region     LowCardinality(String),
    publisher_asn        UInt32 CODEC(ZSTD(1)),
    publisher_app        LowCardinality(String),
    subscriber_region    LowCardinality(String),
    subscriber_asn       UInt32 CODEC(ZSTD(1)),
    subscriber_app       LowCardinality(String),
    sfu_path             Array(LowCardinality(String)),
    rtt_ms               Float32 CODEC(ZSTD(1)),                     -- median over the windows of e2e
    hop_rtt_ms           Array(Float32) CODEC(ZSTD(1)),              -- median of each: uplink, from SFU to SFU, downlink
    tracks               UInt16 CODEC(T64, ZSTD(1))                  -- received tracks that it is made of
)
ENGINE = MergeTree
PARTITION BY toDate(window_start)
ORDER BY (tenant, window_start, sfu_path, publisher_region, subscriber_region, call_id)
TTL toDateTime(window_start) + INTERVAL 16 DAY
SETTINGS non_replicated_deduplication_window = 20000, ttl_only_drop_parts = 1
