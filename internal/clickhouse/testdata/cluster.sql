CREATE DATABASE IF NOT EXISTS `earshot` ON CLUSTER `prod`;

CREATE TABLE IF NOT EXISTS schema_migrations ON CLUSTER `prod`
(
    name       String,
    checksum   String,
    applied_at DateTime64(3, 'UTC')
)
ENGINE = ReplicatedMergeTree('/clickhouse/tables/all/earshot/schema_migrations', '{shard}-{replica}')
ORDER BY name;

-- What is said of calls.
-- Twice.
CREATE TABLE IF NOT EXISTS t_local ON CLUSTER `prod`
(
    at DateTime, -- when
    call_id String CODEC(ZSTD(1))
)
ENGINE = ReplicatedMergeTree
PARTITION BY toDate(at)
ORDER BY (call_id, at)
TTL at + INTERVAL 3 DAY
SETTINGS replicated_deduplication_window = 1000, replicated_deduplication_window_seconds = 604800, ttl_only_drop_parts = 1;

CREATE TABLE IF NOT EXISTS t ON CLUSTER `prod` AS t_local
ENGINE = Distributed('prod', 'earshot', 't_local', cityHash64(call_id));

CREATE TABLE IF NOT EXISTS sums_local ON CLUSTER `prod`
(
    day Date,
    n SimpleAggregateFunction(sum, UInt64)
)
ENGINE = ReplicatedAggregatingMergeTree
ORDER BY day;

CREATE TABLE IF NOT EXISTS sums ON CLUSTER `prod` AS sums_local
ENGINE = Distributed('prod', 'earshot', 'sums_local', rand());

CREATE MATERIALIZED VIEW IF NOT EXISTS sums_from_t ON CLUSTER `prod` TO sums_local AS
SELECT toDate(t.at) AS day, count() AS n
FROM t_local AS t
WHERE call_id != ''
GROUP BY day;

-- More.
ALTER TABLE t_local ON CLUSTER `prod`
    ADD COLUMN IF NOT EXISTS x UInt8 CODEC(LZ4),
    ADD INDEX IF NOT EXISTS i at TYPE minmax;

CREATE OR REPLACE TABLE t ON CLUSTER `prod` AS t_local
ENGINE = Distributed('prod', 'earshot', 't_local', cityHash64(call_id));

ALTER TABLE t_local ON CLUSTER `prod`
    MODIFY SETTING replicated_deduplication_window = 20000, replicated_deduplication_window_seconds = 604800;

CREATE VIEW IF NOT EXISTS last ON CLUSTER `prod` AS
SELECT max(at) AS at
FROM t;

DROP VIEW IF EXISTS sums_from_t ON CLUSTER `prod` SYNC;

DROP TABLE IF EXISTS sums ON CLUSTER `prod` SYNC;

DROP TABLE IF EXISTS sums_local ON CLUSTER `prod` SYNC;
