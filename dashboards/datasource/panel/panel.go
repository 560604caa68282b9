// Package panel answers what a panel asks: a checked query comes in, questions go to the store, and Grafana's frames come out.
package panel

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/data"

	"github.com/earshot-rtc/earshot/dashboards/datasource/model"
	"github.com/earshot-rtc/earshot/dashboards/query"
)

// Ask is one query of a panel.
type Ask struct {
	model.Query
	Range query.Range
	// MaxPoints is how many points fit into the panel, Interval the shortest step that it wants; 0 = not said.
	MaxPoints int64
	Interval  time.Duration
	// MaxRows bounds a table; Query.Limit may lower it.
	MaxRows int
	// ConsoleURL is that of the call explorer, "" without one.
	ConsoleURL string
	// Channel is that of a data source's streams, without the path.
	Channel string
}

// answerers are the types that a question of package query answers.
var answerers = map[string]func(context.Context, *query.Service, Ask) (data.Frames, error){
	model.Latency: latency, model.Matrix: matrix, model.Coverage: coverage, model.Quality: quality, model.Hops: hops,
	model.Topology: topology, model.Links: links, model.Calls: calls, model.Call: call, model.Participants: participants,
	model.Paths: paths, model.Waterfall: waterfall, model.Events: events, model.Rates: rates, model.Bitrate: bitrate,
	model.Connectivity: connectivity, model.Regressions: regressions, model.Summary: summary, model.Pipeline: pipeline, model.Variable: variable,
}

// Answer asks the store and makes frames of what it says. Queries in SQL are not for it.
func Answer(ctx context.Context, s *query.Service, a Ask) (data.Frames, error) {
	answer, ok := answerers[a.Type]
	if !ok {
		return nil, fmt.Errorf("queryType: %q is not answered here", a.Type)
	}
	return answer(ctx, s, a)
}

const (
	// A chart has no use for more points, nor for steps shorter than a window.
	mostPoints   = 1000
	shortestStep = 5 * time.Second
	// mostGroups is how many lines a chart has where its query does not say.
	mostGroups = 20
)

// points is how many the panel wants of its range.
func (a Ask) points() int {
	n := min(cmp.Or(a.MaxPoints, 300), mostPoints)
	step := max(a.Interval, shortestStep)
	return int(min(max(min(n, int64(a.Range.To.Sub(a.Range.From)/step)), 2), mostPoints))
}

// limit is how many rows there may be: what the query says, or otherwise, and never more than the data source allows.
func (a Ask) limit(otherwise int) int {
	n := cmp.Or(a.Limit, otherwise)
	if a.MaxRows > 0 {
		n = min(n, a.MaxRows)
	}
	return n
}

func (a Ask) overTime() bool { return a.Format == model.TimeSeries }

// filter is whose windows are meant.
func (a Ask) filter() (query.LatencyFilter, error) {
	f := query.LatencyFilter{
		Kind: a.Kind, PublisherRegion: a.PublisherRegion, SubscriberRegion: a.SubscriberRegion, Path: a.Path, Version: a.Version,
		Country: a.Country, Browser: a.Browser, Network: a.Network,
	}
	if a.ASN == "" {
		return f, nil
	}
	asn, err := query.ParseASN(a.ASN)
	f.ASN = asn
	return f, err
}

// group is the label of one group; none where all is together.
func (a Ask) group(value string) data.Labels {
	if a.By == "" {
		return nil
	}
	return data.Labels{a.By: value}
}

func millis(ms int64) time.Duration { return time.Duration(ms) * time.Millisecond }
