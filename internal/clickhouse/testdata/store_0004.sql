-- Rows of a store as of migration 0004: a call of two over an SFU, in two windows, and one row of a path that could not be followed.
INSERT INTO samples (sampled_at, received_at, tenant, call_id, source_kind, source_id, session_id, sequence, clock_offset_us, clock_error_us, transports, streams, late) VALUES
    ({at} + INTERVAL 1 SECOND, {at} + INTERVAL 2 SECOND, 't', 'standup', 'client', 'ana', 's1', 1, 120, 900, 1, 4, false),
    ({at} + INTERVAL 6 SECOND, {at} + INTERVAL 7 SECOND, 't', 'standup', 'client', 'ana', 's1', 2, 121, 900, 1, 4, true),
    ({at} + INTERVAL 2 SECOND, {at} + INTERVAL 3 SECOND, 't', 'standup', 'client', 'bo', 's2', 1, -50, 700, 1, 4, false),
    ({at} + INTERVAL 3 SECOND, {at} + INTERVAL 4 SECOND, 't', 'standup', 'sfu', 'fra', 's3', 1, 3, 40, 2, 8, false);
INSERT INTO streams (sampled_at, tenant, call_id, source_kind, source_id, transport_id, direction, kind, ssrc, bitrate_bps, rtt_ms) VALUES
    ({at} + INTERVAL 1 SECOND, 't', 'standup', 'client', 'ana', 'T01', 'outbound', 'audio', 77, 32000, 20.5),
    ({at} + INTERVAL 2 SECOND, 't', 'standup', 'client', 'bo', 'T01', 'inbound', 'audio', 78, 31000, NULL);
INSERT INTO hops (window_start, window_ms, tenant, call_id, from_kind, from_id, from_transport, to_kind, to_id, to_transport, to_region, paired_by, rtt_ms, rtt_err_ms, rtt_count, protocol, relay) VALUES
    ({at}, 5000, 't', 'standup', 'client', 'ana', 'T01', 'sfu', 'fra', 'F1', 'eu-central', 'link_key', 20.5, 1, 5, 'udp', false),
    ({at} + INTERVAL 5 SECOND, 5000, 't', 'standup', 'client', 'ana', 'T01', 'sfu', 'fra', 'F1', 'eu-central', 'link_key', 22.5, 1, 5, 'udp', false),
    ({at}, 5000, 't', 'standup', 'client', 'bo', 'T01', 'sfu', 'fra', 'F2', 'eu-central', 'link_key', NULL, NULL, 0, 'tcp', true);
INSERT INTO e2e (window_start, window_ms, tenant, call_id, publisher_id, subscriber_id, kind, track_id, ssrc, transport_id, epoch_start, sfu_path, region_path, status, hops_expected, hops_measured, instants, rtt_ms, rtt_err_ms, hop_from, hop_to, hop_rtt_ms, hop_err_ms, hop_age_ms, hop_source, hop_status, mouth_to_ear_ms, network_ms, bitrate_bps, score, score_r, score_parts, publisher_app, subscriber_app) VALUES
    ({at}, 5000, 't', 'standup', 'ana', 'bo', 'audio', 'mic', 78, 'T01', {at}, ['fra'], ['eu-central'], 'complete', 2, 2, 5, 41.25, 1.5, ['ana', 'fra'], ['fra', 'bo'], [20.5, 20.75], [1, 1], [400, 900], ['rtcp_rr', 'rtcp_xr'], ['measured', 'measured'], 110.5, 20.625, 31000, 4.375, 92.5, {'r0': 93.2, 'idd': 0.7}, 'web/1', 'web/2'),
    ({at} + INTERVAL 5 SECOND, 5000, 't', 'standup', 'ana', 'bo', 'audio', 'mic', 78, 'T01', {at}, ['fra'], ['eu-central'], 'complete', 2, 2, 5, 161.25, 1.5, ['ana', 'fra'], ['fra', 'bo'], [20.5, 140.75], [1, 1], [400, 900], ['rtcp_rr', 'rtcp_xr'], ['measured', 'measured'], 170.5, 80.625, 30000, 4.125, 88.5, {'r0': 93.2, 'idd': 4.7}, 'web/1', 'web/2'),
    ({at}, 5000, 't', 'standup', '', 'ana', 'video', '', 79, 'T01', {at}, [], [], 'partial', 2, 1, 0, NULL, NULL, ['fra'], ['ana'], [20.5], [1], [400], ['rtcp_rr'], ['measured'], NULL, NULL, 900000, NULL, NULL, {}, '', 'web/1');
