-- Who sent and who received, and which part of the path is to blame in a bad window. A call's rows lie together, and a call is
-- short, so the index finds a span of time without a look at the other calls of the day.
ALTER TABLE e2e
    ADD COLUMN IF NOT EXISTS publisher_country  LowCardinality(String), -- ISO 3166-1 alpha-2
    ADD COLUMN IF NOT EXISTS subscriber_country LowCardinality(String),
    ADD COLUMN IF NOT EXISTS publisher_browser  LowCardinality(String), -- name and major version, such as Chrome 131
    ADD COLUMN IF NOT EXISTS subscriber_browser LowCardinality(String),
    ADD COLUMN IF NOT EXISTS publisher_network  LowCardinality(String), -- wifi, cellular, ethernet ...
    ADD COLUMN IF NOT EXISTS subscriber_network LowCardinality(String),
    -- sender: the publisher's device; uplink: the publisher's first hop; sfu_link: a hop between; downlink: the subscriber's last
    -- hop; receiver: the subscriber's device; none: the window was good
    ADD COLUMN IF NOT EXISTS blame
        Enum8('none' = 0, 'sender' = 1, 'receiver' = 2, 'uplink' = 3, 'downlink' = 4, 'sfu_link' = 5) CODEC(ZSTD(1)),
    ADD INDEX IF NOT EXISTS window_start_range window_start TYPE minmax GRANULARITY 1
