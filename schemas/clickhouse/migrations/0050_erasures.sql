-- One row per erasure that `earshot erase` carried out: that there was one and what it removed, and nothing that leads to whom it
-- concerned. Kept for good.
CREATE TABLE IF NOT EXISTS erasures
(
    erased_at            DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    erasure_id           String,                                      -- random
    tenant               LowCardinality(String),
    kind                 Enum8('user' = 1, 'client' = 2, 'call' = 3),
    calls                UInt64,                                      -- that rows were removed from
    removed              Map(LowCardinality(String), UInt64),         -- rows by table
    remained             UInt64                                       -- rows that were there again afterwards: of calls going on
)
ENGINE = MergeTree
ORDER BY (erased_at, erasure_id)
