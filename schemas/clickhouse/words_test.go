package ddl_test

// common says what columns are that several tables have.
var common = map[string]string{
	"window_start": "when the window begins", "window_ms": "its length", "minute": "the minute", "hour": "the hour",
	"day": "the day", "tenant": "whose rows these are; '' without tenants", "call_id": "the call", "client_id": "the client",
	"sampled_at": "when the sample was taken, on the collectors' clock", "received_at": "when a collector received it",
	"source_kind": "what reported", "source_id": "its client_id or sfu_id", "session_id": "one run of the probe", "sequence": "number of the sample within the session",
	"clock_offset_us": "what was added to the source's clock", "clock_error_us": "by how much that may be wrong", "transports": "how many the sample had",
	"streams": "how many the sample had", "user_id": "as the collector masks it", "app_version": "version of the application", "browser": "name and major version",
	"os": "operating system", "network_type": "wifi, cellular, ethernet ...", "network": "wifi, cellular, ethernet ...", "probe_version": "version of the probe",
	"country": "ISO 3166-1 alpha-2", "region": "of the client's address", "asn": "number of the network operator", "isp": "its name",
	"local_candidate": "type of the selected pair's candidate at this end", "remote_candidate": "and at the other", "protocol": "between the two candidates",
	"ice_state": "as RTCIceTransportState", "relay": "a TURN server is between", "transport_id": "one end of a link, as its owner names it",
	"track_id": "as the publisher names it", "direction": "seen from the source", "kind": "of media", "ssrc": "of the RTP stream", "mid": "media identification, as in SDP",
	"rid": "layer of a simulcast", "codec": "as in SDP", "muted": "paused at this end", "type": "what happened",
	"bitrate_bps": "of the payload", "packet_rate": "packets", "loss_ratio": "packets lost of those that should have come", "jitter_ms": "RFC 3550 section 6.4.1",
	"rtt_source": "where the round-trip time comes from", "nack_rate": "NACKs", "pli_rate": "PLIs", "frame_rate": "frames", "frame_width": "in pixels", "frame_height": "in lines",
	"freeze_ratio": "share of the time in which the picture stood still", "concealed_ratio": "share of the audio that was concealed", "jitter_buffer_ms": "mean delay in the jitter buffer",
	"residence_ms": "from receive to send, in the SFUs", "from_kind": "what the one end is", "to_kind": "what the other end is", "from_id": "its client_id or sfu_id",
	"from_transport": "its transport", "from_region": "its region", "to_transport": "its transport", "to_region": "its region", "from_sfu": "the SFU", "to_sfu": "the SFU; '' where that end is a client",
	"paired_by": "what brought the two ends together", "rtt_err_ms": "half the width of its error band", "rtt_min_ms": "the least", "rtt_mean_ms": "the mean", "rtt_max_ms": "the largest", "rtt_count": "measurements",
	"source_switches": "how often another source was taken", "loss_from_to": "packets lost, of those sent", "loss_to_from": "and the other way",
	"sfu_path": "the SFUs, publisher's first", "region_path": "their regions", "status": "how far the round-trip time is known", "hops_expected": "links on the path", "hops_measured": "and how many of these were measured",
	"hop_from": "the nearer end of each", "hop_err_ms": "error band of each", "hop_age_ms": "how old each is", "hop_source": "source of each", "hop_status": "status of each",
	"mouth_to_ear_ms": "the whole way, one way; NULL without network or jitter buffer", "send_ms": "in the publisher: encoding and pacing", "decode_ms": "in the subscriber", "playout_ms": "in the subscriber, audio only",
	"score_parts": "components of the score", "score_version": "formula of the score", "publisher_app": "the publisher's version", "subscriber_app": "the subscriber's version", "app": "the subscriber's version",
	"publisher_asn": "the publisher's network operator", "subscriber_asn": "the subscriber's network operator",
	"path": "regions of the SFUs joined by '>'", "publisher_id": "who sends", "subscriber_id": "who receives", "topic": "of Kafka", "partition": "of the topic", "offset": "in the partition",
	"windows": "rows of e2e", "windows_ms": "their length", "complete": "windows with every hop measured", "imputed": "windows with an older value of a hop", "partial": "windows with a hop that is not known",
	"unresolved": "windows without a known publisher", "rtt": "quantiles, within 1 %", "mouth_to_ear": "quantiles, within 1 %", "bad": "windows with somebody to blame",
	"host": "of them with a host candidate", "srflx": "with a server-reflexive candidate", "prflx": "with a peer-reflexive candidate", "udp": "over UDP", "tcp": "over TCP", "tls": "over TLS",
	"ipv4": "over IPv4", "ipv6": "over IPv6", "ice_failed": "with ICE in the state failed", "limited_by_cpu": "that sent less for want of processor time", "limited_by_bandwidth": "that sent less for want of bandwidth",
	"first_seen": "time of the first sample", "last_seen": "time of the last sample", "joined_at": "as the client said it", "left_at": "as the client said it; NULL = it did not",
	"first_window": "start of the first window", "last_window": "start of the last window", "samples": "how many came", "late_samples": "of these too late for a window",
	"connect_ms": "the longest time to connect; 0 = not known", "pair_changes": "changes of the selected candidate pair", "joins": "join", "leaves": "leave", "ice_restarts": "ICE restarts",
	"clients": "which clients, counted exactly", "sfus": "which SFUs, counted exactly", "networks": "kinds of networks", "sent_windows": "windows that others received", "sent_bad": "of these bad",
	"sent_blame_sender": "with its device to blame", "sent_blame_uplink": "with its first hop to blame", "feedback_sum_milli": "sum of ratings", "at": "when",
	"bitrate_sum_bps": "sum over all windows", "quality_limitation": "what held video back", "available_receive_bps": "the same for what is received", "receive_bps": "received",
	"erased_at": "when it was done", "erasure_id": "the erasure", "begun_at": "when the erasure began", "what": "kind of the name",
	"blame": "the part of the path that spoiled the window", "send_bps": "sent", "relay_protocol": "to the TURN server",
}

// suffixes say what columns of sums are; % is the rest of the name.
var suffixes = [][2]string{
	{"_windows", "windows of %"}, {"_count", "in how many % is known"}, {"_sum_us", "sum of %"}, {"_sum_ppm", "sum of %"}, {"_sum_milli", "sum of %"}, {"_sum_bps", "sum of %"},
	{"_max_us", "the largest %"}, {"_max_bps", "the highest"}, {"_over_150", "windows with % over 150 ms"}, {"_over_300", "over 300 ms"}, {"_over_400", "over 400 ms"},
}
