package watch

import (
	"context"
	"time"

	"github.com/earshot-rtc/earshot/internal/clickhouse"
	"github.com/earshot-rtc/earshot/processor/regression"
)

// stored is a row of regressions.
type stored struct {
	ID             string     `ch:"id"`
	Tenant         string     `ch:"tenant"`
	State          string     `ch:"state"`
	Cause          string     `ch:"cause"`
	Severity       string     `ch:"severity"`
	FromSFU        string     `ch:"from_sfu"`
	ToSFU          string     `ch:"to_sfu"`
	SFU            string     `ch:"sfu"`
	ASN            uint32     `ch:"asn"`
	Version        string     `ch:"version"`
	WasPath        []string   `ch:"was_path"`
	NowPath        []string   `ch:"now_path"`
	StartedAt      time.Time  `ch:"started_at"`
	DetectedAt     time.Time  `ch:"detected_at"`
	UpdatedAt      time.Time  `ch:"updated_at"`
	ResolvedAt     *time.Time `ch:"resolved_at"`
	Reason         string     `ch:"reason"`
	BeforeMs       float64    `ch:"before_ms"`
	AfterMs        float64    `ch:"after_ms"`
	ShiftMs        float64    `ch:"shift_ms"`
	ShiftLowMs     float64    `ch:"shift_low_ms"`
	ShiftHighMs    float64    `ch:"shift_high_ms"`
	ShiftRatio     float64    `ch:"shift_ratio"`
	Q              float64    `ch:"q_value"`
	CallsBefore    uint32     `ch:"calls_before"`
	CallsAfter     uint32     `ch:"calls_after"`
	Windows        uint32     `ch:"windows"`
	PairPublisher  []string   `ch:"pair_publisher"`
	PairSubscriber []string   `ch:"pair_subscriber"`
	PairCalls      []uint32   `ch:"pair_calls"`
	PairBefore     []float64  `ch:"pair_before_ms"`
	PairAfter      []float64  `ch:"pair_after_ms"`
}

// known reads back the regressions that are open, and those that were resolved since a time.
func (s *store) known(ctx context.Context, since time.Time) ([]change, error) {
	var all []change
	err := s.each(ctx, "known", clickhouse.Params{"window_ms": s.window.Milliseconds(), "since_ms": since.UnixMilli()}, func(r clickhouse.Rows) error {
		var row stored
		err := r.ScanStruct(&row)
		if err == nil {
			all = append(all, change{row.Tenant, row.regression()})
		}
		return err
	})
	return all, err
}

func (r *stored) regression() regression.Regression {
	out := regression.Regression{
		ID: r.ID, State: regression.State(r.State), Cause: regression.Cause(r.Cause), Severity: regression.Severity(r.Severity),
		Link: regression.Link{From: r.FromSFU, To: r.ToSFU}, SFU: r.SFU, ASN: r.ASN, Version: r.Version, WasPath: r.WasPath, NowPath: r.NowPath,
		StartedAt: r.StartedAt.UTC(), DetectedAt: r.DetectedAt.UTC(), UpdatedAt: r.UpdatedAt.UTC(),
		BeforeMs: r.BeforeMs, AfterMs: r.AfterMs, ShiftMs: r.ShiftMs, ShiftLowMs: r.ShiftLowMs, ShiftHighMs: r.ShiftHighMs,
		ShiftRatio: r.ShiftRatio, Q: r.Q, CallsBefore: int(r.CallsBefore), CallsAfter: int(r.CallsAfter), Windows: int(r.Windows),
	}
	if r.ResolvedAt != nil {
		out.ResolvedAt = r.ResolvedAt.UTC()
	}
	if r.Reason != "none" {
		out.Reason = regression.Reason(r.Reason)
	}
	for i := range r.PairPublisher {
		out.Pairs = append(out.Pairs, regression.Affected{
			Pair:  regression.Pair{Publisher: r.PairPublisher[i], Subscriber: r.PairSubscriber[i]},
			Calls: int(r.PairCalls[i]), BeforeMs: r.PairBefore[i], AfterMs: r.PairAfter[i],
		})
	}
	return out
}
