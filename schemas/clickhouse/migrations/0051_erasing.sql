-- Names that an erasure which is going on looks for. They stand here and not in the statements that remove rows, since ClickHouse
-- remembers those (system.mutations); a partition is dropped when its erasure is done.
CREATE TABLE IF NOT EXISTS erasing
(
    erasure_id           String,
    begun_at             DateTime('UTC') DEFAULT now(),
    what                 Enum8('call' = 1, 'client' = 2, 'transport' = 3, 'track' = 4),
    call_id              String,
    name                 String,                                      -- client, or SFU of a transport, or track
    transport_id         String
)
ENGINE = MergeTree
PARTITION BY erasure_id
ORDER BY (what, call_id, name, transport_id)
TTL begun_at + INTERVAL 1 DAY
