-- The IP version of a link, and an index that finds a span of time as the one of e2e does.
ALTER TABLE hops
    ADD COLUMN IF NOT EXISTS ip_version UInt8 CODEC(ZSTD(1)), -- 4, 6; 0 = not known
    ADD INDEX IF NOT EXISTS window_start_range window_start TYPE minmax GRANULARITY 1;

ALTER TABLE hops MODIFY SETTING non_replicated_deduplication_window = 20000, min_bytes_for_wide_part = 134217728
