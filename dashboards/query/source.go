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
	one     bool          // but by exactly one of them at a time
}

var (
	byRegions  = []string{"publisher_region", "subscriber_region", "path"}
	byPath     = append(slices.Clone(byRegions), "app")
	byAudience = []string{"subscriber_region", "country", "asn", "app", "browser", "network"}

	// The coarsest first.
	latencySources = []rollup{
		{sql: "latency_trait", table: "trait_1h", time: "hour", grain: time.Hour, columns: byAudience, one: true},
		{sql: "latency_paths", table: "e2e_1h", time: "hour", grain: time.Hour, columns: byPath},
		{sql: "latency_audience", table: "audience_1h", time: "hour", grain: time.Hour, columns: byAudience},
		{sql: "latency_trait", table: "trait_5m", time: "minute", grain: 5 * time.Minute, columns: byAudience, one: true},
		{sql: "latency_regions", table: "e2e_5m", time: "minute", grain: 5 * time.Minute, columns: byRegions},
		{sql: "latency_regions", table: "e2e_1m", time: "minute", grain: time.Minute, columns: byRegions},
		{sql: "latency_raw", table: "e2e", time: "window_start", columns: append(slices.Clone(byPath), "asn", "country", "browser", "network")},
	}
	coverageSources = []rollup{
		{sql: "coverage", table: "e2e_1h", time: "hour", grain: time.Hour, columns: byPath},
		{sql: "coverage", table: "e2e_5m", time: "minute", grain: 5 * time.Minute, columns: byRegions},
		{sql: "coverage", table: "e2e_1m", time: "minute", grain: time.Minute, columns: byRegions},
	}
	linkSources = []rollup{
		{sql: "links", table: "hops_1h", time: "hour", grain: time.Hour},
		{sql: "links", table: "hops_1m", time: "minute", grain: time.Minute},
	}
)

// edge is how much of a span the roundings at its ends may add, as 1/edge, where no step says how fine the answer has to be.
const edge = 6

// pick takes the coarsest of the sources that knows the columns and is fine enough, rounds the span to its grain, and binds it.
// The last one is taken where none is.
func (a *arguments) pick(sources []rollup, columns []string, step time.Duration) rollup {
	r, found := sources[len(sources)-1], false
	for _, s := range sources {
		if !s.knows(columns) || !s.fine(step, a.span) || (found && s.grain == 0) {
			continue
		}
		if divides := step == 0 || s.grain == 0 || step%s.grain == 0; divides || !found {
			r, found = s, true // what does not divide the step is only better than single windows
			if divides {
				break
			}
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

// knows whether rows can be told apart by the columns.
func (r *rollup) knows(columns []string) bool {
	return subset(columns, r.columns) && (!r.one || len(columns) == 1)
}

// fine is whether rows are short enough for the steps of an answer, or for the ends of its span where it has none.
func (r *rollup) fine(step time.Duration, span Range) bool {
	if step == 0 {
		return r.grain <= span.To.Sub(span.From)/edge
	}
	return r.grain <= step
}

// longerThan is from which span on single windows are read only by whoever asks for steps finer than the finest rollup's grain: a
// chart of a short span may be as fine as it likes, and one of three hours should not have three points.
func longerThan(grain time.Duration) time.Duration { return min(15*grain, 3*time.Hour) }

// finest is the grain of the finest of the rollups that knows the columns; 0 where only single windows do.
func finest(sources []rollup, columns []string) time.Duration {
	var grain time.Duration
	for _, s := range sources {
		if s.grain > 0 && s.knows(columns) {
			grain = s.grain
		}
	}
	return grain
}

func subset(some, all []string) bool {
	return !slices.ContainsFunc(some, func(c string) bool { return !slices.Contains(all, c) })
}
