package panel

import (
	"context"

	"github.com/grafana/grafana-plugin-sdk-go/data"

	"github.com/earshot-rtc/earshot/dashboards/datasource/frame"
	"github.com/earshot-rtc/earshot/dashboards/query"
)

// rates is what each participant of a call received and sent over time.
func rates(ctx context.Context, s *query.Service, a Ask) (data.Frames, error) {
	r, err := s.Rates(ctx, query.RatesQuery{Range: a.Range, CallID: a.Call, Client: a.Participant, MaxPoints: a.points()})
	if err != nil {
		return nil, err
	}
	stats := make([]string, len(a.Stats))
	for i, stat := range a.Stats {
		stats[i] = stat
		if stat == "send" {
			stats[i] = "send_bps" // send alone is a part of mouth to ear
		}
	}
	w := frame.NewWide(a.Type, stats, millis(r.StepMs))
	for i := range r.Points {
		p := &r.Points[i]
		for _, stat := range stats {
			w.Put(p.At, stat, data.Labels{"client": p.ClientID}, rate(stat, p))
		}
	}
	return data.Frames{w.Frame()}, nil
}

func rate(stat string, p *query.RatePoint) *float64 {
	switch stat {
	case "receive":
		return frame.Number(&p.Receive)
	case "send_bps":
		return frame.Number(&p.Send)
	case "available_receive":
		return frame.Number(p.AvailableReceive)
	case "available_send":
		return frame.Number(p.AvailableSend)
	case "limited":
		return frame.Number(&p.ByBandwidth)
	}
	return nil
}

// bitrate is how downlinks and uplinks were spread over time; as a table, the lowest.
func bitrate(ctx context.Context, s *query.Service, a Ask) (data.Frames, error) {
	if !a.overTime() {
		return lowest(ctx, s, a)
	}
	b, err := s.Bandwidth(ctx, query.BandwidthQuery{
		Range: a.Range, CallID: a.Call, Client: a.Participant, OverTime: true, MaxPoints: a.points(),
	})
	if err != nil {
		return nil, err
	}
	w := frame.NewWide(a.Type, a.Stats, millis(b.StepMs))
	for i := range b.Points {
		p := &b.Points[i]
		for _, stat := range a.Stats {
			w.Put(p.At, stat, nil, spreadOfRates(stat, p))
		}
	}
	return data.Frames{w.Frame()}, nil
}

func spreadOfRates(stat string, p *query.BandwidthPoint) *float64 {
	switch stat {
	case "below_3":
		return frame.Ratio(p.Below, p.Participants)
	case "from_3_to_4":
		return frame.Ratio(p.Between, p.Participants)
	case "from_4":
		return frame.Ratio(p.Above, p.Participants)
	case "receive_p5":
		return frame.Number(p.ReceiveP5)
	case "receive_p50":
		return frame.Number(p.ReceiveP50)
	case "receive_p95":
		return frame.Number(p.ReceiveP95)
	case "send_p5":
		return frame.Number(p.SendP5)
	case "send_p50":
		return frame.Number(p.SendP50)
	case "send_p95":
		return frame.Number(p.SendP95)
	case "limited_by_bandwidth":
		return frame.Number(p.ByBandwidth)
	case "limited_by_cpu":
		return frame.Number(p.ByCPU)
	case "participants":
		return frame.Count(p.Participants)
	}
	return nil
}

func lowest(ctx context.Context, s *query.Service, a Ask) (data.Frames, error) {
	b, err := s.Bitrate(ctx, query.BitrateQuery{Range: a.Range, CallID: a.Call, Client: a.Participant, Limit: a.limit(100)})
	if err != nil {
		return nil, err
	}
	type row = query.ParticipantRates
	t := frame.NewTable(a.Type, b.Lowest)
	frame.Column(t, "call_id", func(p row) string { return p.CallID })
	frame.Column(t, "client_id", func(p row) string { return p.ClientID })
	frame.Figure(t, "receive_bps", func(p row) *float32 { return &p.Receive })
	frame.Figure(t, "receive_max", func(p row) *float32 { return &p.ReceiveMax })
	frame.Figure(t, "send_bps", func(p row) *float32 { return p.Send })
	frame.Figure(t, "send_max", func(p row) *float32 { return &p.SendMax })
	frame.Figure(t, "limited_by_bandwidth", func(p row) *float32 { return p.ByBandwidth })
	frame.Column(t, "app_version", func(p row) string { return p.AppVersion })
	frame.Column(t, "country", func(p row) string { return p.Country })
	frame.Column(t, "networks", func(p row) string { return frame.Join(p.Networks) })
	return data.Frames{t.Frame}, nil
}
