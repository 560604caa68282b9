package query

import (
	"context"
	"time"

	"github.com/earshot-rtc/earshot/internal/clickhouse"
)

// HopsQuery asks for the links of a call.
type HopsQuery struct {
	Range
	CallID string
	FromID string // HopSeries: one end of the link, as Link.From.ID gives it
	ToID   string
	Limit  int // 0 = 2,000 links, or 10,000 windows
}

// Link is one link in one window.
type Link struct {
	WindowStart    time.Time `json:"window_start"`
	WindowMs       uint32    `json:"window_ms"`
	From           End       `json:"from"`
	To             End       `json:"to"`
	PairedBy       string    `json:"paired_by"`
	RTT            *float32  `json:"rtt_ms"`
	RTTErr         *float32  `json:"rtt_err_ms"`
	RTTMin         *float32  `json:"rtt_min_ms"`
	RTTMean        *float32  `json:"rtt_mean_ms"`
	RTTMax         *float32  `json:"rtt_max_ms"`
	RTTCount       uint32    `json:"rtt_count"`
	Bias           float32   `json:"rtt_bias_ms"` // taken off already
	Source         string    `json:"source"`
	MeasuredAt     string    `json:"measured_at"` // none, from or to
	SourceSwitches uint16    `json:"source_switches"`
	LossFromTo     *float32  `json:"loss_from_to_ratio"`
	LossToFrom     *float32  `json:"loss_to_from_ratio"`
	Protocol       string    `json:"protocol"`
	Relay          bool      `json:"relay"`
}

// End is one end of a link.
type End struct {
	Kind      string `json:"kind"` // client, sfu or unknown
	ID        string `json:"id"`   // empty: it does not report
	Transport string `json:"transport"`
	Region    string `json:"region"`
}

// HopsNow gives the latest window of every link of a call; a *NotFoundError where the call has no sample in the range.
func (s *Service) HopsNow(ctx context.Context, q HopsQuery) ([]Link, error) {
	return s.hops(ctx, "hops_now", q, s.arguments(q.Range).call(q.CallID).limit(q.Limit, 2_000))
}

// HopSeries gives all windows of the links between two ends, the oldest first.
func (s *Service) HopSeries(ctx context.Context, q HopsQuery) ([]Link, error) {
	a := s.arguments(q.Range).call(q.CallID).text("from_id", q.FromID).text("to_id", q.ToID).limit(q.Limit, 10_000)
	if q.FromID == "" {
		a.wrong("from_id", "no end of the link is named")
	}
	return s.hops(ctx, "hop_series", q, a)
}

func (s *Service) hops(ctx context.Context, name string, q HopsQuery, a *arguments) ([]Link, error) {
	out := []Link{}
	err := s.ask(ctx, name, a, func(rows clickhouse.Rows) error {
		var l Link
		err := rows.Scan(&l.WindowStart, &l.WindowMs, &l.From.Kind, &l.From.ID, &l.From.Transport, &l.From.Region,
			&l.To.Kind, &l.To.ID, &l.To.Transport, &l.To.Region, &l.PairedBy,
			&l.RTT, &l.RTTErr, &l.RTTMin, &l.RTTMean, &l.RTTMax, &l.RTTCount, &l.Bias, &l.Source, &l.MeasuredAt, &l.SourceSwitches,
			&l.LossFromTo, &l.LossToFrom, &l.Protocol, &l.Relay)
		out = append(out, l)
		return err
	})
	if err == nil && len(out) == 0 {
		err = s.known(ctx, q.CallID, q.Range)
	}
	return out, err
}
