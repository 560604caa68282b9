package query

import (
	"context"
	"time"
)

// ActivityQuery asks how much was going on.
type ActivityQuery struct {
	Range
	Step      time.Duration // 0 with OverTime: as fine as MaxPoints allows
	OverTime  bool          // points; otherwise one for the whole range
	MaxPoints int           // 0 = 300
}

// Activity is how many calls there were.
type Activity struct {
	StepMs int64           `json:"step_ms"` // 0: one point for the whole range
	Points []ActivityPoint `json:"points"`  // the oldest first
}

// ActivityPoint counts what was going on in a step, for however short a part of it.
type ActivityPoint struct {
	At           time.Time `ch:"at" json:"at"`
	Calls        uint64    `ch:"n_calls" json:"calls"`
	Active       uint64    `ch:"n_active" json:"active_calls"`       // of these, going on at the end of the step, or still
	Participants uint64    `ch:"n_participants" json:"participants"` // of these calls, whoever reported
}

// Activity gives how many calls and participants there were. It reads the summary of calls.
func (s *Service) Activity(ctx context.Context, q ActivityQuery) (*Activity, error) {
	a := s.history(q.Range).limit(MaxRows, 0)
	out := &Activity{}
	if q.OverTime {
		out.StepMs = a.step(q.Step, q.MaxPoints, 300).Milliseconds()
	}
	end := a.span.To
	if now := s.now(); now.Before(end) {
		end = now
	}
	a.number("step_ms", out.StepMs).number("live_ms", end.Add(-LiveWithin).UnixMilli())
	points, err := all[ActivityPoint](ctx, s, "activity", a)
	if err != nil {
		return nil, err
	}
	out.Points = points
	return out, nil
}
