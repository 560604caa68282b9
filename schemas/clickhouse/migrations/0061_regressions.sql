-- Lasting rises of round-trip times, one per cause. A row is written whenever one opens, changes or is resolved: the latest of an id
-- counts, LIMIT 1 BY tenant, id.
CREATE TABLE IF NOT EXISTS regressions
(
    id                   String,                           -- follows from cause, segment and started_at
    tenant               LowCardinality(String),
    evaluated_at         DateTime64(3, 'UTC'),             -- end of the window that this row was written after; the latest row of an id counts
    window_ms            UInt32,                           -- length of the windows that were compared
    state                Enum8('open' = 1, 'resolved' = 2), -- open while it lasts
    cause                Enum8('sfu_link' = 1, 'access_network' = 2, 'access_sfu' = 3, 'version' = 4, 'other_paths' = 5, 'region_pair' = 6), -- see docs/alerting.md
    severity             Enum8('warning' = 1, 'critical' = 2), -- by the shift and how many calls felt it
    -- what got slower; what the cause does not name is empty
    from_sfu             LowCardinality(String),           -- one end of the link, that which sorts first
    to_sfu               LowCardinality(String),           -- and the other
    sfu                  LowCardinality(String),           -- whose clients
    asn                  UInt32,
    version              LowCardinality(String),           -- of the application
    was_path             Array(LowCardinality(String)),    -- SFUs of the most frequent path before, where calls take others now
    now_path             Array(LowCardinality(String)),    -- and now
    started_at           DateTime64(3, 'UTC'),             -- beginning of the window with the change point
    detected_at          DateTime64(3, 'UTC'),             -- end of the window with which it was certain
    updated_at           DateTime64(3, 'UTC'),             -- end of the last window that changed a figure
    resolved_at          Nullable(DateTime64(3, 'UTC')),   -- end of the window with which it was over; NULL while open
    reason               Enum8('none' = 0, 'gone' = 1, 'unused' = 2, 'lasting' = 3), -- why it was resolved
    -- how much: of a hop, or from end to end where the cause is other_paths or region_pair
    before_ms            Float64,                          -- round-trip time before
    after_ms             Float64,                          -- and since
    shift_ms             Float64,                          -- Hodges-Lehmann estimate
    shift_low_ms         Float64,                          -- its confidence interval
    shift_high_ms        Float64,                          -- its confidence interval
    shift_ratio          Float64,                          -- of what it was before
    q_value              Float64,                          -- p-value adjusted by Benjamini and Hochberg
    calls_before         UInt32,                           -- in the reference
    calls_after          UInt32,                           -- in the windows tested
    windows              UInt32,                           -- tested
    -- pairs of regions that felt it, by calls
    pair_publisher       Array(LowCardinality(String)),    -- region
    pair_subscriber      Array(LowCardinality(String)),    -- region
    pair_calls           Array(UInt32),                    -- that used what got slower
    pair_before_ms       Array(Float64),                   -- end-to-end median before; NaN = not known
    pair_after_ms        Array(Float64),                   -- and since
    summary              String                            -- all that in a sentence
)
ENGINE = ReplacingMergeTree(evaluated_at)
PARTITION BY toYYYYMM(started_at)
ORDER BY (tenant, id)
TTL toDateTime(evaluated_at) + INTERVAL 400 DAY
SETTINGS non_replicated_deduplication_window = 20000
