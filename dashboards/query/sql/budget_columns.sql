    sum(mouth_to_ear_count) AS n_mouth_to_ear,
    toFloat32(sum(mouth_to_ear_sum_us) / nullIf(n_mouth_to_ear, 0) / 1000) AS mouth_to_ear_mean,
    toFloat32(sum(send_sum_us) / nullIf(n_mouth_to_ear, 0) / 1000) AS send_mean,
    toFloat32(sum(network_sum_us) / nullIf(n_mouth_to_ear, 0) / 1000) AS network_mean,
    toFloat32(sum(residence_sum_us) / nullIf(n_mouth_to_ear, 0) / 1000) AS residence_mean,
    toFloat32(sum(jitter_buffer_sum_us) / nullIf(n_mouth_to_ear, 0) / 1000) AS jitter_buffer_mean,
    toFloat32(sum(decode_sum_us) / nullIf(n_mouth_to_ear, 0) / 1000) AS decode_mean,
    toFloat32(sum(playout_sum_us) / nullIf(n_mouth_to_ear, 0) / 1000) AS playout_mean
