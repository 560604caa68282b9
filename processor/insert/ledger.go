package insert

import "github.com/earshot-rtc/earshot/processor/row"

func sampleColumns() []column[row.Sample] {
	return []column[row.Sample]{
		value("sampled_at", func(r *row.Sample) int64 { return r.SampledAt }),
		value("received_at", func(r *row.Sample) int64 { return r.ReceivedAt }),
		value("tenant", func(r *row.Sample) string { return r.Tenant }),
		value("call_id", func(r *row.Sample) string { return r.CallID }),
		enum("source_kind", func(r *row.Sample) row.Kind { return r.SourceKind }),
		value("source_id", func(r *row.Sample) string { return r.SourceID }),
		value("session_id", func(r *row.Sample) string { return r.SessionID }),
		value("sequence", func(r *row.Sample) uint64 { return r.Sequence }),
		value("clock_offset_us", func(r *row.Sample) int64 { return r.ClockOffsetUs }),
		value("clock_error_us", func(r *row.Sample) uint64 { return r.ClockErrorUs }),
		value("transports", func(r *row.Sample) uint16 { return r.Transports }),
		value("streams", func(r *row.Sample) uint16 { return r.Streams }),
		value("late", func(r *row.Sample) bool { return r.Late }),
		value("user_id", func(r *row.Sample) string { return r.UserID }),
		value("app_version", func(r *row.Sample) string { return r.App }),
		value("browser", func(r *row.Sample) string { return r.Browser }),
		value("os", func(r *row.Sample) string { return r.OS }),
		value("network_type", func(r *row.Sample) string { return r.Network }),
		value("probe_version", func(r *row.Sample) string { return r.ProbeVersion }),
		value("country", func(r *row.Sample) string { return r.Country }),
		value("region", func(r *row.Sample) string { return r.Region }),
		value("asn", func(r *row.Sample) uint32 { return r.ASN }),
		value("isp", func(r *row.Sample) string { return r.ISP }),
		value("sfu_region", func(r *row.Sample) string { return r.SFURegion }),
		enum("local_candidate", func(r *row.Sample) row.Candidate { return r.LocalCandidate }),
		enum("remote_candidate", func(r *row.Sample) row.Candidate { return r.RemoteCandidate }),
		enum("protocol", func(r *row.Sample) row.Protocol { return r.Protocol }),
		enum("relay_protocol", func(r *row.Sample) row.Protocol { return r.RelayProtocol }),
		value("relay", func(r *row.Sample) bool { return r.Relay }),
		value("ip_version", func(r *row.Sample) uint8 { return r.IPVersion }),
		enum("ice_state", func(r *row.Sample) row.ICEState { return r.ICEState }),
		value("pair_changes", func(r *row.Sample) uint32 { return r.PairChanges }),
		value("connect_ms", func(r *row.Sample) uint32 { return r.ConnectMs }),
		value("send_bps", func(r *row.Sample) uint64 { return r.SendBps }),
		value("receive_bps", func(r *row.Sample) uint64 { return r.ReceiveBps }),
		value("available_send_bps", func(r *row.Sample) uint64 { return r.AvailableSendBps }),
		value("available_receive_bps", func(r *row.Sample) uint64 { return r.AvailableReceiveBps }),
		enum("quality_limitation", func(r *row.Sample) row.Limitation { return r.QualityLimitation }),
	}
}

func streamColumns() []column[row.Stream] {
	return []column[row.Stream]{
		value("sampled_at", func(r *row.Stream) int64 { return r.SampledAt }),
		value("tenant", func(r *row.Stream) string { return r.Tenant }),
		value("call_id", func(r *row.Stream) string { return r.CallID }),
		enum("source_kind", func(r *row.Stream) row.Kind { return r.SourceKind }),
		value("source_id", func(r *row.Stream) string { return r.SourceID }),
		value("transport_id", func(r *row.Stream) string { return r.TransportID }),
		enum("direction", func(r *row.Stream) row.Direction { return r.Direction }),
		enum("kind", func(r *row.Stream) row.Media { return r.Kind }),
		value("ssrc", func(r *row.Stream) uint32 { return r.SSRC }),
		value("mid", func(r *row.Stream) string { return r.Mid }),
		value("rid", func(r *row.Stream) string { return r.Rid }),
		value("codec", func(r *row.Stream) string { return r.Codec }),
		value("track_id", func(r *row.Stream) string { return r.TrackID }),
		value("interval_ms", func(r *row.Stream) uint32 { return r.IntervalMs }),
		value("bitrate_bps", func(r *row.Stream) float32 { return r.BitrateBps }),
		value("packet_rate", func(r *row.Stream) float32 { return r.PacketRate }),
		optional("loss_ratio", func(r *row.Stream) row.Float { return r.LossRatio }),
		value("jitter_ms", func(r *row.Stream) float32 { return r.JitterMs }),
		optional("rtt_ms", func(r *row.Stream) row.Float { return r.RTTMs }),
		enum("rtt_source", func(r *row.Stream) row.RTTSource { return r.RTTSource }),
		value("nack_rate", func(r *row.Stream) float32 { return r.NackRate }),
		value("pli_rate", func(r *row.Stream) float32 { return r.PliRate }),
		value("frame_rate", func(r *row.Stream) float32 { return r.FrameRate }),
		value("frame_width", func(r *row.Stream) uint16 { return r.FrameWidth }),
		value("frame_height", func(r *row.Stream) uint16 { return r.FrameHeight }),
		value("freeze_ratio", func(r *row.Stream) float32 { return r.FreezeRatio }),
		value("concealed_ratio", func(r *row.Stream) float32 { return r.ConcealedRatio }),
		optional("jitter_buffer_ms", func(r *row.Stream) row.Float { return r.JitterBufferMs }),
		optional("residence_ms", func(r *row.Stream) row.Float { return r.ResidenceMs }),
		value("muted", func(r *row.Stream) bool { return r.Muted }),
	}
}

func eventColumns() []column[row.Event] {
	return []column[row.Event]{
		value("at", func(r *row.Event) int64 { return r.At }),
		value("tenant", func(r *row.Event) string { return r.Tenant }),
		value("call_id", func(r *row.Event) string { return r.CallID }),
		enum("source_kind", func(r *row.Event) row.Kind { return r.SourceKind }),
		value("source_id", func(r *row.Event) string { return r.SourceID }),
		enum("type", func(r *row.Event) row.EventType { return r.Type }),
		value("transport_id", func(r *row.Event) string { return r.TransportID }),
		value("track_id", func(r *row.Event) string { return r.TrackID }),
		value("value", func(r *row.Event) string { return r.Value }),
		value("number", func(r *row.Event) float64 { return r.Number }),
	}
}

func deadColumns() []column[row.DeadLetter] {
	return []column[row.DeadLetter]{
		value("received_at", func(r *row.DeadLetter) int64 { return r.ReceivedAt }),
		value("topic", func(r *row.DeadLetter) string { return r.Topic }),
		value("partition", func(r *row.DeadLetter) uint32 { return r.Partition }),
		value("offset", func(r *row.DeadLetter) uint64 { return r.Offset }),
		value("reason", func(r *row.DeadLetter) string { return r.Reason }),
		value("detail", func(r *row.DeadLetter) string { return r.Detail }),
		value("source", func(r *row.DeadLetter) string { return r.Source }),
		value("bytes", func(r *row.DeadLetter) uint32 { return r.Bytes }),
	}
}
