package query

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// budgetSources keep the parts of mouth to ear. Single windows are read for short spans only: see maxRawBudget.
var budgetSources = []rollup{
	{sql: "budget_paths", table: "e2e_1h", time: "hour", grain: time.Hour, columns: byPath},
	{sql: "budget_regions", table: "e2e_5m", time: "minute", grain: 5 * time.Minute, columns: byRegions},
	{sql: "budget_regions", table: "e2e_1m", time: "minute", grain: time.Minute, columns: byRegions},
	{sql: "budget_raw", table: "e2e", time: "window_start", columns: append(slices.Clone(byPath), "asn", "country", "browser", "network")},
}

// maxRawBudget is the longest span whose single windows are read for what no rollup tells apart.
const maxRawBudget = 6 * time.Hour

// BudgetGroups are the words that BudgetQuery.By takes.
func BudgetGroups() []string {
	return []string{"publisher_region", "subscriber_region", "path", "version"}
}

// BudgetQuery asks where the time goes from those who speak to those who hear, over many calls. Empty filters match everything.
type BudgetQuery struct {
	Range
	By        string        // one of BudgetGroups; "" = all together
	Step      time.Duration // of a point; 0 with OverTime: as fine as MaxPoints allows
	OverTime  bool          // points; otherwise one for the whole range
	MaxPoints int           // 0 = 300
	Groups    int           // at most so many, those with the most windows; 0 = 20, or 1,000 where not over time
	LatencyFilter
}

// BudgetParts is the mean budget by step and group.
type BudgetParts struct {
	From   time.Time     `json:"from"` // the span that was covered: the one asked for, rounded to what the source has
	To     time.Time     `json:"to"`
	StepMs int64         `json:"step_ms"` // 0: one point for the whole range
	Source string        `json:"source"`
	Points []BudgetPoint `json:"points"` // by time, then by the number of windows
}

// BudgetPoint is the mean of each part over the windows in which mouth to ear is known; what nobody reported counts as nothing. Nil
// is not known.
type BudgetPoint struct {
	At           time.Time `ch:"at" json:"at"`
	Group        string    `ch:"group_a" json:"group"`
	Windows      uint64    `ch:"n_mouth_to_ear" json:"windows"`
	MouthToEar   *float32  `ch:"mouth_to_ear_mean" json:"mouth_to_ear_ms"`
	Send         *float32  `ch:"send_mean" json:"send_ms"`
	Network      *float32  `ch:"network_mean" json:"network_ms"`
	Residence    *float32  `ch:"residence_mean" json:"residence_ms"`
	JitterBuffer *float32  `ch:"jitter_buffer_mean" json:"jitter_buffer_ms"`
	Decode       *float32  `ch:"decode_mean" json:"decode_ms"`
	Playout      *float32  `ch:"playout_mean" json:"playout_ms"`
}

// Budget gives the mean parts of mouth to ear by step and group.
func (s *Service) Budget(ctx context.Context, q BudgetQuery) (*BudgetParts, error) {
	a := s.history(q.Range).filter(&q.LatencyFilter).oneOf("by", q.By, BudgetGroups())
	out := &BudgetParts{}
	used := q.columns()
	a.params["by"] = nothing
	if column := groups[q.By]; column != "" {
		a.params["by"] = column
		used = append(used, column)
	}
	if q.OverTime {
		step := a.step(q.Step, q.MaxPoints, 300)
		if grain := finest(budgetSources, used); q.Step == 0 && a.span.To.Sub(a.span.From) > longerThan(grain) {
			step = max(step, grain)
		}
		out.StepMs = step.Milliseconds()
		if q.Groups == 0 {
			q.Groups = 20
		}
	}
	a.number("step_ms", out.StepMs).limit(q.Groups, 1000)
	a.params["groups"], a.params["limit"] = a.params["limit"], int64(MaxRows)
	source := a.pick(budgetSources, used, time.Duration(out.StepMs)*time.Millisecond)
	if span := a.span.To.Sub(a.span.From); source.grain == 0 && span > maxRawBudget+ahead {
		a.wrong("from", fmt.Sprintf("the parts of mouth to ear are told apart so for %s at most; leave filters out or ask for a shorter range", maxRawBudget))
	}
	points, err := all[BudgetPoint](ctx, s, source.sql, a)
	if err != nil {
		return nil, err
	}
	if q.By == "" {
		for i := range points {
			points[i].Group = ""
		}
	}
	out.From, out.To, out.Source, out.Points = a.span.From, a.span.To, source.table, points
	return out, nil
}
