package query

import (
	"context"
	"time"
)

// EventsQuery asks what happened in a call. Empty filters match everything.
type EventsQuery struct {
	Range
	CallID   string
	SourceID string // client or SFU
	Type     string // one of EventTypes
	Limit    int    // 0 = 1,000
	After    *After // from Events.Next: the page after that
}

// EventTypes are the types of events, as the store names them.
func EventTypes() []string {
	return []string{
		"join", "leave", "ice_state", "ice_restart", "selected_pair", "track_added", "track_removed", "track_muted", "track_unmuted",
		"device", "feedback", "custom",
	}
}

// Events is a page of events, the oldest first.
type Events struct {
	Events []Event `json:"events"`
	Next   *After  `json:"-"` // nil: there are no more
	Range  Range   `json:"-"` // that was asked about
}

// Event is one thing that happened.
type Event struct {
	At          time.Time `ch:"at" json:"at"`
	SourceKind  string    `ch:"source_kind_name" json:"source_kind"` // client or sfu
	SourceID    string    `ch:"source_id" json:"source"`
	Type        string    `ch:"type_name" json:"type"`
	TransportID string    `ch:"transport_id" json:"transport"`
	TrackID     string    `ch:"track_id" json:"track"`
	Value       string    `ch:"value" json:"value"`   // the state, device kind, or name of a custom event
	Number      float64   `ch:"number" json:"number"` // a rating or a duration, as the type says
}

// Events lists what happened in a call; a *NotFoundError where the call has no sample in the range.
func (s *Service) Events(ctx context.Context, q EventsQuery) (*Events, error) {
	if q.Limit == 0 {
		q.Limit = 1000
	}
	a := s.arguments(q.Range).call(q.CallID).text("source", q.SourceID).oneOf("type", q.Type, EventTypes()).
		limit(q.Limit, 0).after(q.After)
	rows, err := all[Event](ctx, s, "events", a)
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 && q.After == nil {
		if err := s.known(ctx, q.CallID, q.Range); err != nil {
			return nil, err
		}
	}
	times := make([]int64, len(rows))
	for i := range rows {
		times[i] = rows[i].At.UnixMicro()
	}
	return &Events{Events: rows, Next: next(q.After, q.Limit, times), Range: a.span}, nil
}
