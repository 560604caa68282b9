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
