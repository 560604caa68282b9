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
    ADD INDEX IF NOT EXISTS window_start_range window_start TYPE minmax GRANULARITY 1;

-- Figures of measurements are noise in their last bits: LZ4 gives up a few bytes of a row for a third of the time that it takes
-- to compress it, at the insert and at every merge. Small parts keep their columns in one file.
ALTER TABLE e2e
    MODIFY COLUMN IF EXISTS rtt_ms           CODEC(LZ4),
    MODIFY COLUMN IF EXISTS rtt_err_ms       CODEC(LZ4),
    MODIFY COLUMN IF EXISTS rtt_min_ms       CODEC(LZ4),
    MODIFY COLUMN IF EXISTS rtt_max_ms       CODEC(LZ4),
    MODIFY COLUMN IF EXISTS hop_rtt_ms       CODEC(LZ4),
    MODIFY COLUMN IF EXISTS hop_err_ms       CODEC(LZ4),
    MODIFY COLUMN IF EXISTS hop_age_ms       CODEC(LZ4),
    MODIFY COLUMN IF EXISTS mouth_to_ear_ms  CODEC(LZ4),
    MODIFY COLUMN IF EXISTS send_ms          CODEC(LZ4),
    MODIFY COLUMN IF EXISTS network_ms       CODEC(LZ4),
    MODIFY COLUMN IF EXISTS residence_ms     CODEC(LZ4),
    MODIFY COLUMN IF EXISTS jitter_buffer_ms CODEC(LZ4),
    MODIFY COLUMN IF EXISTS decode_ms        CODEC(LZ4),
    MODIFY COLUMN IF EXISTS playout_ms       CODEC(LZ4),
    MODIFY COLUMN IF EXISTS jitter_ms        CODEC(LZ4),
    MODIFY COLUMN IF EXISTS bitrate_bps      CODEC(LZ4),
    MODIFY COLUMN IF EXISTS frame_rate       CODEC(LZ4),
    MODIFY COLUMN IF EXISTS score            CODEC(LZ4),
    MODIFY COLUMN IF EXISTS score_r          CODEC(LZ4),
    MODIFY COLUMN IF EXISTS score_parts      CODEC(LZ4);

-- How many inserts lie between the two attempts at one batch depends on the other partitions of the topic, see docs/schema.md.
ALTER TABLE e2e MODIFY SETTING non_replicated_deduplication_window = 20000, min_bytes_for_wide_part = 134217728, min_parts_to_merge_at_once = 8
