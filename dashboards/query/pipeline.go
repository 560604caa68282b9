package query

import (
	"context"
	"time"

	"github.com/earshot-rtc/earshot/internal/clickhouse"
)

// PipelineGroups are the words that PipelineQuery.By takes.
func PipelineGroups() []string { return []string{"source_kind", "probe_version"} }

// PipelineQuery asks how samples come in and what becomes of them. Tables and reasons are told apart anyway.
type PipelineQuery struct {
	Range
	By        string        // one of PipelineGroups, for samples; "" = all together
	Step      time.Duration // 0 with OverTime: as fine as MaxPoints allows, a minute at least
	OverTime  bool          // points; otherwise one for the whole range
	MaxPoints int           // 0 = 300
}

// Ingest is how samples came in.
type Ingest struct {
	From   time.Time     `json:"from"` // the span that was covered: the one asked for, in whole minutes
	To     time.Time     `json:"to"`
	StepMs int64         `json:"step_ms"` // 0: one point for the whole range
	Points []IngestPoint `json:"points"`  // by time, then by the number of samples
}

// IngestPoint is one group in one step.
type IngestPoint struct {
	At       time.Time `ch:"at" json:"at"`
	Group    string    `ch:"group_name" json:"group"`
	Samples  uint64    `ch:"n_samples" json:"samples"`
	Late     uint64    `ch:"n_late" json:"late_samples"` // too late for at least one window
	Rate     float64   `ch:"-" json:"samples_per_second"`
	DelayP50 *float32  `ch:"-" json:"delay_p50_ms"` // from sampled to received
	DelayP95 *float32  `ch:"-" json:"delay_p95_ms"`
	DelayP99 *float32  `ch:"-" json:"delay_p99_ms"`
	DelayMax *float32  `ch:"-" json:"delay_max_ms"`

	Quantiles []float32 `ch:"delay_quantiles" json:"-"`
	Highest   float32   `ch:"delay_highest" json:"-"`
}

// Ingest gives how samples came in.
func (s *Service) Ingest(ctx context.Context, q PipelineQuery) (*Ingest, error) {
	a, step := s.pipeline(&q)
	points, err := all[IngestPoint](ctx, s, "ingest", a)
	if err != nil {
		return nil, err
	}
	for i := range points {
		p := &points[i]
		p.DelayP50, p.DelayP95, p.DelayP99, p.DelayMax = quantiles(p.Samples, p.Quantiles, p.Highest)
		p.Rate = float64(p.Samples) / s.lasted(p.At, step, a.span).Seconds()
		if q.By == "" {
			p.Group = ""
		}
	}
	return &Ingest{From: a.span.From, To: a.span.To, StepMs: step.Milliseconds(), Points: points}, nil
}

// Tally is how many of a thing there were, by step and name.
type Tally struct {
	StepMs int64        `json:"step_ms"` // 0: one point for the whole range
	Points []TallyPoint `json:"points"`  // of each name the oldest first
}

// TallyPoint is one thing in one step.
type TallyPoint struct {
	At   time.Time `json:"at"`
	Name string    `json:"name"`
	N    uint64    `json:"n"`
	Rate float64   `json:"per_second"`
}

// RowsStored counts the rows of the tables with the most of them, as the rollups have them.
func (s *Service) RowsStored(ctx context.Context, q PipelineQuery) (*Tally, error) {
	return s.tally(ctx, "rows_stored", q)
}

// Unreadable counts what could not be read, by reason. What could not be read has no tenant, so only whoever has none sees it.
func (s *Service) Unreadable(ctx context.Context, q PipelineQuery) (*Tally, error) {
	return s.tally(ctx, "dead_letters_series", q)
}

// Sources counts who reported: clients over their calls, and SFUs.
func (s *Service) Sources(ctx context.Context, q PipelineQuery) (*Tally, error) {
	a, step := s.pipeline(&q)
	activity, err := s.Activity(ctx, ActivityQuery{Range: q.Range, OverTime: q.OverTime, Step: step})
	if err != nil {
		return nil, err
	}
	out := &Tally{StepMs: activity.StepMs, Points: []TallyPoint{}}
	for _, p := range activity.Points {
		out.Points = append(out.Points, TallyPoint{At: p.At, Name: "client", N: p.Participants})
	}
	return out, s.ask(ctx, "sources", a, func(rows clickhouse.Rows) error {
		p := TallyPoint{Name: "sfu"}
		err := rows.Scan(&p.At, &p.N)
		out.Points = append(out.Points, p)
		return err
	})
}

// NewestWindow is when the newest window of the range ended; nil where it has none.
func (s *Service) NewestWindow(ctx context.Context, r Range) (*time.Time, error) {
	var out *time.Time
	err := s.ask(ctx, "newest_window", s.history(r), func(rows clickhouse.Rows) error { return rows.Scan(&out) })
	return out, err
}

func (s *Service) tally(ctx context.Context, name string, q PipelineQuery) (*Tally, error) {
	a, step := s.pipeline(&q)
	out := &Tally{StepMs: step.Milliseconds(), Points: []TallyPoint{}}
	return out, s.ask(ctx, name, a, func(rows clickhouse.Rows) error {
		var p TallyPoint
		err := rows.Scan(&p.At, &p.Name, &p.N)
		p.Rate = float64(p.N) / s.lasted(p.At, step, a.span).Seconds()
		out.Points = append(out.Points, p)
		return err
	})
}

// pipeline binds what these questions share: whole minutes, which is what the rollups have.
func (s *Service) pipeline(q *PipelineQuery) (*arguments, time.Duration) {
	a := s.history(q.Range).oneOf("by", q.By, PipelineGroups()).limit(MaxRows, 0)
	if q.By == "" || a.err != nil {
		a.params["by"] = nothing
	}
	var step time.Duration
	if q.OverTime {
		step = max(a.step(q.Step, q.MaxPoints, 300), time.Minute)
	}
	a.number("step_ms", step.Milliseconds())
	a.pick([]rollup{{table: "samples_1m", time: "minute", grain: time.Minute}}, nil, step)
	return a, step
}

// lasted is how long a step was so far, of a span: what is not yet over has fewer of anything.
func (s *Service) lasted(at time.Time, step time.Duration, span Range) time.Duration {
	end := span.To
	if step > 0 && at.Add(step).Before(end) {
		end = at.Add(step)
	}
	if now := s.now(); now.Before(end) {
		end = now
	}
	if at.Before(span.From) {
		at = span.From
	}
	return max(end.Sub(at), time.Second)
}
