package panel

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/data"

	"github.com/earshot-rtc/earshot/dashboards/datasource/frame"
	"github.com/earshot-rtc/earshot/dashboards/query"
)

func calls(ctx context.Context, s *query.Service, a Ask) (data.Frames, error) {
	q := query.CallsQuery{
		Range: a.Range, Search: a.Call, Client: a.Participant, Version: a.Version, Browser: a.Browser, Country: a.Country,
		Region: a.PublisherRegion, Sort: a.Sort, Limit: a.limit(100),
	}
	if a.Live {
		q.Live = &a.Live
	}
	if a.Sort == "bad" {
		q.MinWindows = query.WorthALook
	}
	page, err := s.Calls(ctx, q)
	if err != nil {
		return nil, err
	}
	return data.Frames{callTable(a, page.Calls)}, nil
}

func call(ctx context.Context, s *query.Service, a Ask) (data.Frames, error) {
	page, err := s.Calls(ctx, query.CallsQuery{Range: a.Range, CallID: a.Call, Limit: 1})
	if err != nil {
		return nil, err
	}
	return data.Frames{callTable(a, page.Calls)}, nil
}

func callTable(a Ask, rows []query.Call) *data.Frame {
	t := frame.NewTable(a.Type, rows)
	id := frame.Column(t, "call_id", func(c query.Call) string { return c.CallID })
	if a.ConsoleURL != "" {
		frame.Link(id, "Open in the call explorer", a.ConsoleURL+"?call=${__value.raw:percentencode}")
	}
	frame.Column(t, "live", func(c query.Call) bool { return c.Live })
	frame.Column(t, "first_seen", func(c query.Call) time.Time { return c.FirstSeen })
	frame.Column(t, "last_seen", func(c query.Call) time.Time { return c.LastSeen })
	frame.Column(t, "duration", func(c query.Call) float64 { return float64(c.DurationMs) })
	frame.Column(t, "clients", func(c query.Call) uint64 { return c.Clients })
	frame.Column(t, "sfus", func(c query.Call) uint64 { return c.SFUs })
	frame.Column(t, "paths", func(c query.Call) uint64 { return c.Paths })
	frame.Column(t, "sfu_regions", func(c query.Call) string { return frame.Join(c.Regions) })
	frame.Column(t, "countries", func(c query.Call) string { return frame.Join(c.Countries) })
	heard(t, func(c query.Call) *query.Heard { return &c.Heard })
	frame.Figure(t, "audio_score", func(c query.Call) *float32 { return c.AudioScore })
	frame.Figure(t, "video_score", func(c query.Call) *float32 { return c.VideoScore })
	frame.Figure(t, "loss", func(c query.Call) *float32 { return c.Loss })
	frame.Figure(t, "bad", func(c query.Call) *float32 { return c.Bad })
	frame.Column(t, "turn", func(c query.Call) bool { return c.TURN })
	frame.Column(t, "tcp", func(c query.Call) bool { return c.TCP })
	frame.Column(t, "ipv6", func(c query.Call) bool { return c.IPv6 })
	return t.Frame
}

// heard adds what was received, and how long it took.
func heard[R any](t *frame.Table[R], of func(R) *query.Heard) {
	frame.Figure(t, "rtt_p50", func(r R) *float32 { return of(r).RTTP50 })
	frame.Figure(t, "rtt_p95", func(r R) *float32 { return of(r).RTTP95 })
	frame.Figure(t, "rtt_max", func(r R) *float32 { return of(r).RTTMax })
	frame.Figure(t, "mouth_to_ear_p50", func(r R) *float32 { return of(r).MouthP50 })
	frame.Figure(t, "mouth_to_ear_p95", func(r R) *float32 { return of(r).MouthP95 })
	frame.Figure(t, "mouth_to_ear_max", func(r R) *float32 { return of(r).MouthMax })
	frame.Column(t, "coverage", func(r R) *float64 { return frame.Ratio(of(r).Complete+of(r).Imputed, of(r).Windows) })
	frame.Column(t, "windows", func(r R) uint64 { return of(r).Windows })
	frame.Column(t, "blame", func(r R) string { return of(r).Blame.Most() })
}

func participants(ctx context.Context, s *query.Service, a Ask) (data.Frames, error) {
	who, err := s.Participants(ctx, query.ParticipantsQuery{Range: a.Range, CallID: a.Call, Client: a.Participant, Limit: a.limit(2000)})
	if err != nil {
		return nil, err
	}
	type row = query.Participant
	t := frame.NewTable(a.Type, who)
	frame.Column(t, "client_id", func(p row) string { return p.ClientID })
	frame.Column(t, "first_seen", func(p row) *time.Time { return first(p.Joined, p.FirstSeen) })
	frame.Column(t, "last_seen", func(p row) *time.Time { return first(p.Left, p.LastSeen) })
	frame.Column(t, "app_version", func(p row) string { return p.AppVersion })
	frame.Column(t, "browser", func(p row) string { return p.Browser })
	frame.Column(t, "os", func(p row) string { return p.OS })
	frame.Column(t, "country", func(p row) string { return p.Country })
	frame.Column(t, "asn", func(p row) string { return operator(p.ASN, p.ISP) })
	frame.Column(t, "networks", func(p row) string { return frame.Join(p.Networks) })
	frame.Column(t, "connect", func(p row) *float64 {
		if p.ConnectMs == nil {
			return nil
		}
		return frame.Count(uint64(*p.ConnectMs))
	})
	frame.Column(t, "ice", func(p row) string { return p.ICE })
	frame.Column(t, "protocol", func(p row) string { return p.Protocol })
	frame.Column(t, "turn", func(p row) bool { return p.TURN })
	frame.Column(t, "ice_restarts", func(p row) uint64 { return p.ICERestarts })
	frame.Column(t, "ice_failed", func(p row) bool { return p.ICEFailed }).Config.Unit = ""
	heard(t, func(p row) *query.Heard { return &p.Heard })
	frame.Column(t, "bad", func(p row) *float64 { return frame.Ratio(p.Blame.Bad(), p.Windows) })
	frame.Column(t, "to_blame", func(p row) string { return p.ToBlame })
	frame.Figure(t, "audio_score", func(p row) *float32 { return p.AudioScore })
	frame.Figure(t, "video_score", func(p row) *float32 { return p.VideoScore })
	frame.Figure(t, "audio_loss", func(p row) *float32 { return p.AudioLoss })
	frame.Figure(t, "video_loss", func(p row) *float32 { return p.VideoLoss })
	frame.Figure(t, "receive_bps", func(p row) *float32 { return p.Receive })
	frame.Figure(t, "send_bps", func(p row) *float32 { return p.Send })
	frame.Figure(t, "limited_by_bandwidth", func(p row) *float32 { return p.ByBandwidth })
	frame.Figure(t, "limited_by_cpu", func(p row) *float32 { return p.ByCPU })
	frame.Figure(t, "rating", func(p row) *float32 { return p.Rating })
	return data.Frames{t.Frame}, nil
}

func first(a, b *time.Time) *time.Time {
	if a != nil {
		return a
	}
	return b
}

// operator names a network's operator by its number, and its name where that is known.
func operator(asn uint32, isp string) string {
	switch {
	case asn == 0:
		return isp
	case isp == "":
		return "AS" + strconv.FormatUint(uint64(asn), 10)
	}
	return fmt.Sprintf("AS%d %s", asn, isp)
}
