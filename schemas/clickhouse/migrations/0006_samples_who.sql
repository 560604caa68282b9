-- Who the source is, and how it is connected: its main transport, the one that carries most media.
ALTER TABLE samples
    ADD COLUMN IF NOT EXISTS user_id          String CODEC(ZSTD(1)),    -- as the collector masks it
    ADD COLUMN IF NOT EXISTS app_version      LowCardinality(String),
    ADD COLUMN IF NOT EXISTS browser          LowCardinality(String),   -- name and major version, such as Chrome 131
    ADD COLUMN IF NOT EXISTS os               LowCardinality(String),
    ADD COLUMN IF NOT EXISTS network_type     LowCardinality(String),   -- wifi, cellular, ethernet ...
    ADD COLUMN IF NOT EXISTS probe_version    LowCardinality(String),
    ADD COLUMN IF NOT EXISTS country          LowCardinality(String),   -- ISO 3166-1 alpha-2
    ADD COLUMN IF NOT EXISTS region           LowCardinality(String),   -- of the client's address
    ADD COLUMN IF NOT EXISTS asn              UInt32 CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS isp              LowCardinality(String),
    ADD COLUMN IF NOT EXISTS sfu_region       LowCardinality(String),   -- of an SFU, as it says itself
    ADD COLUMN IF NOT EXISTS local_candidate  Enum8('unknown' = 0, 'host' = 1, 'srflx' = 2, 'prflx' = 3, 'relay' = 4),
    ADD COLUMN IF NOT EXISTS remote_candidate Enum8('unknown' = 0, 'host' = 1, 'srflx' = 2, 'prflx' = 3, 'relay' = 4),
    ADD COLUMN IF NOT EXISTS protocol         Enum8('unknown' = 0, 'udp' = 1, 'tcp' = 2, 'tls' = 3),
    ADD COLUMN IF NOT EXISTS relay_protocol   Enum8('unknown' = 0, 'udp' = 1, 'tcp' = 2, 'tls' = 3), -- to its TURN server
    ADD COLUMN IF NOT EXISTS relay            Bool CODEC(ZSTD(1)),      -- a TURN server is between, at either end
    ADD COLUMN IF NOT EXISTS ip_version       UInt8 CODEC(ZSTD(1)),     -- 4, 6; 0 = not known
    ADD COLUMN IF NOT EXISTS ice_state        Enum8('unknown' = 0, 'new' = 1, 'checking' = 2, 'connected' = 3, 'completed' = 4,
                                                    'disconnected' = 5, 'failed' = 6, 'closed' = 7),
    ADD COLUMN IF NOT EXISTS pair_changes     UInt32 CODEC(T64, ZSTD(1)), -- of the selected candidate pair, so far
    ADD COLUMN IF NOT EXISTS connect_ms       UInt32 CODEC(T64, ZSTD(1)), -- from the making of the connection to ICE and DTLS connected; 0 = not known
    -- over all transports, since the source's sample before; 0 in the first one
    ADD COLUMN IF NOT EXISTS send_bps         UInt64 CODEC(T64, ZSTD(1)),
    ADD COLUMN IF NOT EXISTS receive_bps      UInt64 CODEC(T64, ZSTD(1)),
    ADD COLUMN IF NOT EXISTS available_send_bps    UInt64 CODEC(T64, ZSTD(1)), -- as bandwidth estimation says; 0 = not known
    ADD COLUMN IF NOT EXISTS available_receive_bps UInt64 CODEC(T64, ZSTD(1)),
    -- of the video streams that it sends, the strongest: bandwidth before cpu before other
    ADD COLUMN IF NOT EXISTS quality_limitation
        Enum8('unknown' = 0, 'none' = 1, 'cpu' = 2, 'bandwidth' = 3, 'other' = 4) CODEC(ZSTD(1));

ALTER TABLE samples MODIFY SETTING non_replicated_deduplication_window = 20000, min_bytes_for_wide_part = 134217728
