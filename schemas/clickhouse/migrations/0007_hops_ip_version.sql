-- The IP version of a link, and an index that finds a span of time as the one of e2e does.
ALTER TABLE hops
    ADD COLUMN IF NOT EXISTS ip_version UInt8 CODEC(ZSTD(1)), -- 4, 6; 0 = not known
    ADD INDEX IF NOT EXISTS window_start_range window_start TYPE minmax GRANULARITY 1
