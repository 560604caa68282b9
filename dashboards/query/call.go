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
	r, err := s.fill(q.Range) // once: all parts of the answer cover the same span
	if err != nil {
		return nil, err
	}
	out := &Overview{CallID: q.CallID, Nodes: []Node{}}
	err = s.ask(ctx, "call_nodes", s.arguments(r).call(q.CallID), func(rows clickhouse.Rows) error {
		var n Node
		if err := rows.Scan(&n.Kind, &n.ID, &n.Region, &n.Samples, &n.FirstSeen, &n.LastSeen); err != nil {
			return err
		}
		if n.Samples == 0 {
			n.FirstSeen, n.LastSeen = nil, nil
		} else {
			if out.FirstSeen.IsZero() || n.FirstSeen.Before(out.FirstSeen) {
				out.FirstSeen = *n.FirstSeen
			}
			if n.LastSeen.After(out.LastSeen) {
				out.LastSeen = *n.LastSeen
			}
		}
		out.Nodes = append(out.Nodes, n)
		return nil
	})
	if err != nil {
		return nil, err
	}
	if len(out.Nodes) == 0 {
		return nil, s.notFound(ctx, q.CallID, r)
	}
	out.Live = s.live(out.LastSeen)
	out.Stored, err = s.SamplesStored(ctx, SamplesQuery{CallID: q.CallID, Range: r})
	return out, err
}

// SamplesQuery counts samples; an empty CallID means those of all calls.
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

// SamplesStored counts samples.
func (s *Service) SamplesStored(ctx context.Context, q SamplesQuery) (Stored, error) {
	var out Stored
	err := s.ask(ctx, "samples_stored", s.arguments(q.Range).text("call", q.CallID), func(rows clickhouse.Rows) error {
		return rows.Scan(&out.Samples, &out.Late)
	})
	return out, err
}
