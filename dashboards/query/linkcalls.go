package query

import (
	"context"
	"time"
)

// linkCallSources know which calls used a link.
var linkCallSources = []rollup{
	{sql: "link_calls", table: "link_calls_1h", time: "hour", grain: time.Hour},
	{sql: "link_calls_raw", table: "hops", time: "window_start"},
}

// LinkCallsQuery asks how many calls used the links between SFUs.
type LinkCallsQuery struct {
	Range        // of 6 h or more: rounded to hours
	SFU   string // at either end; "" = all
}

// LinkCalls counts the calls of a link, within 1 %.
type LinkCalls struct {
	FromID string `ch:"from_id" json:"from_sfu"`
	ToID   string `ch:"to_id" json:"to_sfu"`
	Calls  uint64 `ch:"n_calls" json:"calls"`
}

// LinkCalls counts the calls that used each link between two SFUs, the most used first.
func (s *Service) LinkCalls(ctx context.Context, q LinkCallsQuery) ([]LinkCalls, error) {
	a := s.history(q.Range).text("sfu", q.SFU).limit(1000, 0)
	source := a.pick(linkCallSources, nil, 0)
	return all[LinkCalls](ctx, s, source.sql, a)
}
