-- One row per record that could not be read. What was in it is not kept here: it may be personal, and it is in the topic of
-- dead letters.
CREATE TABLE IF NOT EXISTS dead_letters
(
    received_at          DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),  -- the record's time
    topic                LowCardinality(String),
    partition            UInt32 CODEC(T64, ZSTD(1)),
    offset               UInt64 CODEC(Delta, ZSTD(1)),
    reason               LowCardinality(String),                      -- one of a few words, to count by
    detail               String CODEC(ZSTD(1)),                       -- what exactly is wrong
    source               LowCardinality(String),                      -- which collector let it in, where that is known
    bytes                UInt32 CODEC(T64, ZSTD(1))                   -- key and value
)
ENGINE = MergeTree
PARTITION BY toDate(received_at)
ORDER BY (reason, received_at)
TTL toDateTime(received_at) + INTERVAL 30 DAY
SETTINGS non_replicated_deduplication_window = 20000, ttl_only_drop_parts = 1
