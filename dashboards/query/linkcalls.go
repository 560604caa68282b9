package query

import (
	"context"
	"fmt"
	"time"
)

// maxLinkCalls is the longest span over which the calls of links are counted: no rollup knows them.
const maxLinkCalls = 25 * time.Hour

// LinkCallsQuery asks how many calls used the links between SFUs.
type LinkCallsQuery struct {
	Range        // of 25 h at most
	SFU   string // at either end; "" = all
}

// LinkCalls counts the calls of a link.
type LinkCalls struct {
	FromID string `ch:"from_id" json:"from_sfu"`
	ToID   string `ch:"to_id" json:"to_sfu"`
	Calls  uint64 `ch:"n_calls" json:"calls"`
}

// LinkCalls counts the calls that used each link between two SFUs, the most used first.
func (s *Service) LinkCalls(ctx context.Context, q LinkCallsQuery) ([]LinkCalls, error) {
	a := s.arguments(q.Range).text("sfu", q.SFU).limit(1000, 0)
	if span := a.span.To.Sub(a.span.From); span > maxLinkCalls+ahead {
		a.wrong("from", fmt.Sprintf("the calls of links are counted over a day at most, not over %s; ask for a shorter range", span.Round(time.Hour)))
	}
	return all[LinkCalls](ctx, s, "link_calls", a)
}
