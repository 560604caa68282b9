package query

import (
	"context"
	"time"
)

// CoverageQuery asks for how many windows there is a round-trip time.
type CoverageQuery struct {
	Range
	Step             time.Duration // 0 with OverTime: as fine as MaxPoints allows
	OverTime         bool          // points; otherwise one for the whole range
	MaxPoints        int           // 0 = 300
	Kind             string
	PublisherRegion  string
	SubscriberRegion string
}

// Coverage is how much is known, by step.
type Coverage struct {
	From   time.Time       `json:"from"` // the span that was covered: the one asked for, rounded to what the source has
	To     time.Time       `json:"to"`
	StepMs int64           `json:"step_ms"` // 0: one point for the whole range
	Source string          `json:"source"`
	Points []CoveragePoint `json:"points"`
}

// CoveragePoint counts windows in one step.
type CoveragePoint struct {
	At         time.Time `ch:"at" json:"at"`
	Windows    uint64    `ch:"n_windows" json:"windows"` // received tracks times windows
	Complete   uint64    `ch:"n_complete" json:"complete"`
	Imputed    uint64    `ch:"n_imputed" json:"imputed"`
	Partial    uint64    `ch:"n_partial" json:"partial"`
	Unresolved uint64    `ch:"n_unresolved" json:"unresolved"` // of the partial ones, without a known publisher
	Ratio      float64   `ch:"-" json:"coverage_ratio"`        // complete and imputed, of all
}

// Coverage gives how much is known, by step.
func (s *Service) Coverage(ctx context.Context, q CoverageQuery) (*Coverage, error) {
	a := s.history(q.Range).kind(q.Kind).text("publisher_region", q.PublisherRegion).text("subscriber_region", q.SubscriberRegion).
		limit(MaxRows, 0)
	out := &Coverage{}
	if q.OverTime {
		out.StepMs = max(a.step(q.Step, q.MaxPoints, 300), time.Minute).Milliseconds()
	}
	a.number("step_ms", out.StepMs)
	source := a.pick(coverageSources, nil, time.Duration(out.StepMs)*time.Millisecond)
	points, err := all[CoveragePoint](ctx, s, source.sql, a)
	if err != nil {
		return nil, err
	}
	for i := range points {
		p := &points[i]
		p.Ratio = float64(p.Complete+p.Imputed) / float64(max(p.Windows, 1))
	}
	out.From, out.To, out.Source, out.Points = a.span.From, a.span.To, source.table, points
	return out, nil
}
