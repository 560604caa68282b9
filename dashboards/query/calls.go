package query

import (
	"context"
	"time"

	"github.com/earshot-rtc/earshot/internal/clickhouse"
)

const knownCalls = 8

// CallsQuery asks for the calls that reported in a range, the newest first.
type CallsQuery struct {
	Range
	Search string // a part of the call id, in any case
	Limit  int    // 0 = 100
	Offset int
}

// Call is one line of the list of calls.
type Call struct {
	CallID    string    `json:"call_id"`
	FirstSeen time.Time `json:"first_seen"` // of the samples in the range
	LastSeen  time.Time `json:"last_seen"`
	Live      bool      `json:"live"`    // the last sample is younger than LiveWithin
	Clients   uint64    `json:"clients"` // that reported
	SFUs      uint64    `json:"sfus"`    // that reported
	Samples   uint64    `json:"samples"`
	Paths     uint64    `json:"paths"` // publisher, subscriber, kind and SFU path
}

// Calls lists calls.
func (s *Service) Calls(ctx context.Context, q CallsQuery) ([]Call, error) {
	a := s.arguments(q.Range).text("search", q.Search).limit(q.Limit, 100).number("offset", int64(q.Offset))
	if q.Offset < 0 {
		a.wrong("offset", "is below 0")
	}
	calls := []Call{}
	err := s.ask(ctx, "calls", a, func(rows clickhouse.Rows) error {
		var c Call
		if err := rows.Scan(&c.CallID, &c.FirstSeen, &c.LastSeen, &c.Clients, &c.SFUs, &c.Samples, &c.Paths); err != nil {
			return err
		}
		c.Live = s.live(c.LastSeen)
		calls = append(calls, c)
		return nil
	})
	return calls, err
}

func (s *Service) live(last time.Time) bool { return s.now().Sub(last) < LiveWithin }

// known tells a call without rows in the answer from one that does not exist.
func (s *Service) known(ctx context.Context, callID string, r Range) error {
	stored, err := s.SamplesStored(ctx, SamplesQuery{CallID: callID, Range: r})
	if err != nil || stored.Samples > 0 {
		return err
	}
	return s.notFound(ctx, callID, r)
}

func (s *Service) notFound(ctx context.Context, callID string, r Range) error {
	calls, err := s.Calls(ctx, CallsQuery{Range: r, Limit: knownCalls})
	if err != nil {
		return err
	}
	if r, err = s.fill(r); err != nil {
		return err
	}
	missing := &NotFoundError{CallID: callID, Within: s.now().Sub(r.From).Round(time.Minute)}
	for _, c := range calls {
		missing.Known = append(missing.Known, c.CallID)
	}
	return missing
}
