-- Rollup of hops: the links between two SFUs, and those of an SFU with its clients, in a minute.
CREATE TABLE IF NOT EXISTS hops_1m
(
    minute               DateTime('UTC') CODEC(Delta, ZSTD(1)),
    tenant               LowCardinality(String),
    from_kind            Enum8('client' = 1, 'sfu' = 2),
    from_sfu             LowCardinality(String), -- '' where that end is a client
    from_region          LowCardinality(String),
    to_kind              Enum8('unknown' = 0, 'client' = 1, 'sfu' = 2),
    to_sfu               LowCardinality(String),
    to_region            LowCardinality(String),
    windows              SimpleAggregateFunction(sum, UInt64), -- rows of hops; what follows counts or sums over them
    windows_ms           SimpleAggregateFunction(sum, UInt64), -- their length
    -- Quantiles in ms, within 1 %.
    rtt                  AggregateFunction(quantilesDD(0.01, 0.5, 0.95, 0.99), Float32),
    rtt_count            SimpleAggregateFunction(sum, UInt64),
    rtt_sum_us           SimpleAggregateFunction(sum, UInt64),
    rtt_max_us           SimpleAggregateFunction(max, UInt64),
    loss_from_to_count   SimpleAggregateFunction(sum, UInt64),
    loss_from_to_sum_ppm SimpleAggregateFunction(sum, UInt64),
    lossy_from_to        SimpleAggregateFunction(sum, UInt64), -- windows with more than 2 % loss
    loss_to_from_count   SimpleAggregateFunction(sum, UInt64),
    loss_to_from_sum_ppm SimpleAggregateFunction(sum, UInt64),
    lossy_to_from        SimpleAggregateFunction(sum, UInt64),
    -- How the two ends are connected: over a TURN server, or by candidates of a kind; by protocol; by IP version.
    relay                SimpleAggregateFunction(sum, UInt64),
    host                 SimpleAggregateFunction(sum, UInt64),
    srflx                SimpleAggregateFunction(sum, UInt64),
    prflx                SimpleAggregateFunction(sum, UInt64),
    udp                  SimpleAggregateFunction(sum, UInt64),
    tcp                  SimpleAggregateFunction(sum, UInt64),
    tls                  SimpleAggregateFunction(sum, UInt64),
    ipv4                 SimpleAggregateFunction(sum, UInt64),
    ipv6                 SimpleAggregateFunction(sum, UInt64),
    source_switches      SimpleAggregateFunction(sum, UInt64)
)
ENGINE = AggregatingMergeTree
PARTITION BY toDate(minute)
ORDER BY (tenant, from_kind, minute, from_sfu, from_region, to_kind, to_sfu, to_region)
TTL minute + INTERVAL 90 DAY
SETTINGS non_replicated_deduplication_window = 20000, ttl_only_drop_parts = 1, min_parts_to_merge_at_once = 10
