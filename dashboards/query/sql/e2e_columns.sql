    window_start, window_ms, publisher_id, subscriber_id, toString(kind) AS kind_name, track_id, rid, ssrc, transport_id,
    epoch_start, sfu_path, region_path,
    toString(status) AS status_name, hops_expected, hops_measured, instants,
    rtt_ms, rtt_err_ms, rtt_min_ms, rtt_max_ms, rtt_lower_ms,
    hop_from, hop_to, hop_rtt_ms, hop_err_ms, hop_age_ms,
    arrayMap(s -> toString(s), hop_source) AS hop_source_names, arrayMap(s -> toString(s), hop_status) AS hop_status_names,
    mouth_to_ear_ms, send_ms, network_ms, residence_ms, jitter_buffer_ms, decode_ms, playout_ms, budget_missing, capture_delay_ms,
    loss_ratio, concealed_ratio, jitter_ms, bitrate_bps, frame_rate, frame_height, freeze_ratio, score, score_r, score_parts,
    publisher_region, subscriber_region, publisher_app, subscriber_app
