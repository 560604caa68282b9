package query

import (
	"fmt"
	"slices"
	"time"
)

// rollup is a table that a question about many calls can be answered from. Coarser ones are quicker.
type rollup struct {
	sql     string // "" = that of the question
	table   string
	time    string        // column
	grain   time.Duration // of its rows; 0: as they are
	columns []string      // that it can be grouped and filtered by
}

var (
	byRegions  = []string{"publisher_region", "subscriber_region", "path"}
	byPath     = append(slices.Clone(byRegions), "app")
	byAudience = []string{"subscriber_region", "country", "asn", "app", "browser", "network"}

	// The coarsest first.
	latencySources = []rollup{
		{"latency_paths", "e2e_1h", "hour", time.Hour, byPath},
		{"latency_audience", "audience_1h", "hour", time.Hour, byAudience},
		{"latency_regions", "e2e_1m", "minute", time.Minute, byRegions},
		{"latency_raw", "e2e", "window_start", 0, append(slices.Clone(byPath), "asn", "country", "browser", "network")},
	}
	coverageSources = []rollup{
		{"coverage", "e2e_1h", "hour", time.Hour, byPath},
		{"coverage", "e2e_1m", "minute", time.Minute, byRegions},
	}
	linkSources = []rollup{
		{"links", "hops_1h", "hour", time.Hour, nil},
		{"links", "hops_1m", "minute", time.Minute, nil},
	}
)

// edge is how much of a span the roundings at its ends may add, as 1/edge, where no step says how fine the answer has to be.
const edge = 6

// pick takes the coarsest of the sources that knows the columns and is fine enough, rounds the span to its grain, and binds it.
// The last one is taken where none is.
func (a *arguments) pick(sources []rollup, columns []string, step time.Duration) rollup {
	span := a.span.To.Sub(a.span.From)
	r := sources[len(sources)-1]
	for _, s := range sources {
		knows := subset(columns, s.columns)
		fine := s.grain <= step
		if step == 0 {
			fine = s.grain <= span/edge
		}
		if knows && fine {
			r = s
			break
		}
	}
	if step > 0 && r.grain > 0 && step%r.grain != 0 {
		a.wrong("step", fmt.Sprintf("%s is no multiple of %s; round it", step, r.grain))
	}
	if r.grain > 0 {
		a.span.From = a.span.From.Truncate(r.grain)
		if up := a.span.To.Truncate(r.grain); up.Before(a.span.To) {
			a.span.To = up.Add(r.grain)
		}
	}
	a.params["table"], a.params["time"] = r.table, r.time
	a.params["from_ms"], a.params["to_ms"] = a.span.From.UnixMilli(), a.span.To.UnixMilli()
	return r
}

// longerThan is from which span on single windows are read only by whoever asks for steps finer than the finest rollup's grain: a
// chart of a short span may be as fine as it likes, and one of three hours should not have three points.
func longerThan(grain time.Duration) time.Duration { return min(15*grain, 3*time.Hour) }

// finest is the grain of the finest of the rollups that knows the columns; 0 where only single windows do.
func finest(sources []rollup, columns []string) time.Duration {
	var grain time.Duration
	for _, s := range sources {
		if s.grain > 0 && subset(columns, s.columns) {
			grain = s.grain
		}
	}
	return grain
}

func subset(some, all []string) bool {
	return !slices.ContainsFunc(some, func(c string) bool { return !slices.Contains(all, c) })
}
