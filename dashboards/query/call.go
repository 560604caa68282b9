package query

import (
	"context"
	"time"

	"github.com/earshot-rtc/earshot/internal/clickhouse"
)

// CallQuery asks about one call.
type CallQuery struct {
	Range
	CallID string
}

// Overview is what is known of one call as a whole.
type Overview struct {
	CallID    string    `json:"call_id"`
	FirstSeen time.Time `json:"first_seen"`
	LastSeen  time.Time `json:"last_seen"`
	Live      bool      `json:"live"`
	Nodes     []Node    `json:"nodes"`
	Stored    Stored    `json:"stored"`
	Summary   *Call     `json:"summary"` // nil: only others report that there was the call
}

// Node is a client or an SFU of a call. One that does not report itself is known from the links of others.
type Node struct {
	Kind      string     `json:"kind"` // client or sfu
	ID        string     `json:"id"`
	Region    string     `json:"region"`
	Samples   uint64     `json:"samples"`    // 0 = does not report
	FirstSeen *time.Time `json:"first_seen"` // of its own samples
	LastSeen  *time.Time `json:"last_seen"`
}

// CallOverview describes a call; a *NotFoundError where nothing is known of it in the range.
func (s *Service) CallOverview(ctx context.Context, q CallQuery) (*Overview, error) {
	r, err := s.Span(q.Range) // once: all parts of the answer cover the same span
	if err != nil {
		return nil, err
	}
	out := &Overview{CallID: q.CallID}
	if out.Nodes, err = s.nodes(ctx, q.CallID, r); err != nil {
		return nil, err
	}
	if len(out.Nodes) == 0 {
		return nil, s.notFound(ctx, q.CallID, r)
	}
	for _, n := range out.Nodes {
		if n.Samples == 0 {
			continue
		}
		if out.FirstSeen.IsZero() || n.FirstSeen.Before(out.FirstSeen) {
			out.FirstSeen = *n.FirstSeen
		}
		if n.LastSeen.After(out.LastSeen) {
			out.LastSeen = *n.LastSeen
		}
	}
	out.Live = s.live(out.LastSeen)
	if out.Stored, err = s.SamplesStored(ctx, SamplesQuery{CallID: q.CallID, Range: r}); err != nil {
		return nil, err
	}
	page, err := s.Calls(ctx, CallsQuery{Range: r, CallID: q.CallID, Limit: 1})
	if err != nil {
		return nil, err
	}
	if len(page.Calls) == 1 {
		out.Summary = &page.Calls[0]
	}
	return out, nil
}

func (s *Service) nodes(ctx context.Context, callID string, r Range) ([]Node, error) {
	out := []Node{}
	err := s.ask(ctx, "call_nodes", s.arguments(r).call(callID), func(rows clickhouse.Rows) error {
		var n Node
		err := rows.Scan(&n.Kind, &n.ID, &n.Region, &n.Samples, &n.FirstSeen, &n.LastSeen)
		if n.Samples == 0 {
			n.FirstSeen, n.LastSeen = nil, nil
		}
		out = append(out, n)
		return err
	})
	return out, err
}

// SamplesQuery counts the samples of one call.
type SamplesQuery struct {
	Range
	CallID string
}

// Stored counts the samples whose rows reached the store. A sample is told by (source_id, session_id, sequence), so one that
// was split over calls counts once.
type Stored struct {
	Samples uint64 `json:"samples"`
	Late    uint64 `json:"late"` // of these, too late for at least one window
}

// SamplesStored counts the samples of a call, each once: a sample that reached the store twice, as one that was split or sent again
// after a lost acknowledgement, has two rows.
func (s *Service) SamplesStored(ctx context.Context, q SamplesQuery) (Stored, error) {
	var out Stored
	err := s.ask(ctx, "samples_stored", s.arguments(q.Range).call(q.CallID), func(rows clickhouse.Rows) error {
		return rows.Scan(&out.Samples, &out.Late)
	})
	return out, err
}
