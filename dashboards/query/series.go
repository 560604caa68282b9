package query

import (
	"context"
	"slices"
	"time"

	"github.com/earshot-rtc/earshot/internal/clickhouse"
)

// SeriesQuery asks how one received track went over time.
type SeriesQuery struct {
	Range
	CallID       string
	PublisherID  string // may be empty: a publisher that does not report
	SubscriberID string
	Kind         string
	TrackID      string // empty: any track of the kind
	MaxPoints    int    // 0 = 1,000; longer ranges are thinned to about as many
}

// PathSeries is a track over time. Its routes are the ways that it took, in order of appearance; a point names one.
type PathSeries struct {
	StepMs int64   `json:"step_ms"` // of a point; above window_ms a point is the worst window of its step
	Routes []Route `json:"routes"`
	Points []Point `json:"points"`
}

// Route is a way from publisher to subscriber.
type Route struct {
	SFUPath    []string `json:"sfu_path"`
	RegionPath []string `json:"region_path"`
	Nodes      []string `json:"nodes"` // publisher, SFUs, subscriber; '' = an end that does not report
}

// Point is one window of a track.
type Point struct {
	WindowStart time.Time  `json:"window_start"`
	WindowMs    uint32     `json:"window_ms"`
	Route       int        `json:"route"`
	Status      string     `json:"status"`
	RTT         *float32   `json:"rtt_ms"`
	RTTErr      *float32   `json:"rtt_err_ms"`
	RTTLower    *float32   `json:"rtt_lower_ms"`
	HopRTT      []*float32 `json:"hop_rtt_ms"`
	MouthToEar  *float32   `json:"mouth_to_ear_ms"`
	Loss        *float32   `json:"loss_ratio"`
	Score       *float32   `json:"score"`
	Parts       Budget     `json:"-"` // of mouth to ear; Missing is not filled in
}

// steps are what a thinned series counts in; even divisors of a day, so that points stay where they are as time goes on.
var steps = []time.Duration{
	time.Second, 5 * time.Second, 10 * time.Second, 30 * time.Second, time.Minute, 2 * time.Minute, 5 * time.Minute,
	10 * time.Minute, 15 * time.Minute, 30 * time.Minute, time.Hour, 2 * time.Hour, 6 * time.Hour, 12 * time.Hour, 24 * time.Hour,
}

func step(span time.Duration, points int) time.Duration {
	want := span / time.Duration(points)
	if i := slices.IndexFunc(steps, func(s time.Duration) bool { return s >= want }); i >= 0 {
		return steps[i]
	}
	return steps[len(steps)-1]
}

// PathSeries gives a track over time, the oldest point first; a *NotFoundError where the call has no sample in the range.
func (s *Service) PathSeries(ctx context.Context, q SeriesQuery) (*PathSeries, error) {
	a := s.arguments(q.Range).call(q.CallID).text("publisher", q.PublisherID).text("subscriber", q.SubscriberID).
		text("track", q.TrackID).kind(q.Kind)
	if q.SubscriberID == "" {
		a.wrong("subscriber", "no subscriber is named")
	}
	if q.Kind == "" {
		a.wrong("kind", "neither audio nor video is asked for")
	}
	out := &PathSeries{StepMs: a.step(0, q.MaxPoints, 1000).Milliseconds(), Routes: []Route{}, Points: []Point{}}
	a.limit(MaxRows, 0)
	err := s.ask(ctx, "path_series", a, func(rows clickhouse.Rows) error { return out.scan(rows) })
	if err == nil && len(out.Points) == 0 {
		err = s.known(ctx, q.CallID, q.Range)
	}
	if err != nil {
		return nil, err
	}
	return out, nil
}

func (p *PathSeries) scan(rows clickhouse.Rows) error {
	var (
		pt       Point
		route    Route
		from, to []string
		rtts     []float32
		b        = &pt.Parts
	)
	err := rows.Scan(&pt.WindowStart, &pt.WindowMs, &route.SFUPath, &route.RegionPath, &pt.Status, &pt.RTT, &pt.RTTErr, &pt.RTTLower,
		&from, &to, &rtts, &pt.MouthToEar, &pt.Loss, &pt.Score,
		&b.Send, &b.Network, &b.Residence, &b.JitterBuffer, &b.Decode, &b.Playout)
	if err != nil {
		return err
	}
	route.Nodes = append(slices.Clone(from), to[max(len(to)-1, 0):]...)
	pt.HopRTT = make([]*float32, len(rtts))
	for i, v := range rtts {
		pt.HopRTT[i] = figure(v)
	}
	pt.Route = slices.IndexFunc(p.Routes, func(r Route) bool { return slices.Equal(r.Nodes, route.Nodes) })
	if pt.Route < 0 {
		pt.Route = len(p.Routes)
		p.Routes = append(p.Routes, route)
	}
	p.Points = append(p.Points, pt)
	return nil
}
