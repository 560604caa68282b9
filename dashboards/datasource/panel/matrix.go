package panel

import (
	"context"
	"slices"

	"github.com/grafana/grafana-plugin-sdk-go/data"

	"github.com/earshot-rtc/earshot/dashboards/datasource/frame"
	"github.com/earshot-rtc/earshot/dashboards/datasource/model"
	"github.com/earshot-rtc/earshot/dashboards/query"
)

// mostPairs keeps a matrix readable: beyond it the pairs with the fewest windows are left out.
const mostPairs = 900

func matrix(ctx context.Context, s *query.Service, a Ask) (data.Frames, error) {
	f, err := a.filter()
	if err != nil {
		return nil, err
	}
	m, err := s.Matrix(ctx, query.MatrixQuery{Range: a.Range, LatencyFilter: f, Limit: a.limit(mostPairs)})
	if err != nil {
		return nil, err
	}
	if a.Format == model.Long {
		t := frame.NewTable(a.Type, m.Pairs)
		frame.Unknown(frame.Column(t, "publisher_region", func(p query.RegionPair) string { return p.Publisher }))
		frame.Unknown(frame.Column(t, "subscriber_region", func(p query.RegionPair) string { return p.Subscriber }))
		for _, stat := range a.Stats {
			frame.Column(t, stat, func(p query.RegionPair) *float64 { return spreadOf(a.Metric, stat, &p.Figures) })
		}
		return data.Frames{t.Numeric()}, nil
	}
	return data.Frames{square(a, m.Pairs)}, nil
}

// square has a row per region that sends and a column per region that receives, both in the order of the alphabet.
func square(a Ask, pairs []query.RegionPair) *data.Frame {
	var from, to []string
	values := map[[2]string]*float64{}
	for i := range pairs {
		p := &pairs[i]
		from, to = append(from, p.Publisher), append(to, p.Subscriber)
		values[[2]string{p.Publisher, p.Subscriber}] = spreadOf(a.Metric, a.Stats[0], &p.Figures)
	}
	slices.Sort(from)
	slices.Sort(to)
	t := frame.NewTable(a.Type, slices.Compact(from))
	frame.Unknown(frame.Column(t, "publisher_region", func(r string) string { return r }))
	t.Frame.Fields[0].Config.DisplayNameFromDS = "from \\ to"
	for _, region := range slices.Compact(to) {
		f := frame.Column(t, a.Stats[0], func(r string) *float64 { return values[[2]string{r, region}] })
		f.Name = region
		f.Config.DisplayNameFromDS = region
		if region == "" {
			f.Name, f.Config.DisplayNameFromDS = "unknown", "unknown"
		}
	}
	return t.Frame
}
