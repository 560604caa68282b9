package query

import (
	"context"
	"math"
	"slices"
	"time"
)

// RegressionStates and RegressionCauses are the words that a RegressionsQuery takes for State and Cause.
func RegressionStates() []string { return slices.Clone(regressionStates) }

// RegressionCauses are those of package processor/regression.
func RegressionCauses() []string { return slices.Clone(regressionCauses) }

var (
	regressionStates = []string{"open", "resolved"}
	regressionCauses = []string{"sfu_link", "access_network", "access_sfu", "version", "other_paths", "region_pair"}
)

// RegressionsQuery asks for latency that shifted: what was open at some time of the range. Empty filters match everything.
type RegressionsQuery struct {
	Range
	ID               string // only this one, whenever it was
	State            string // open or resolved; "" = both
	Cause            string // one of RegressionCauses
	Link             string // two SFUs with - between them, in either order
	SFU              string // at an end of the link, or whose clients
	Region           string // of those who felt it, at either end
	PublisherRegion  string // of those who felt it
	SubscriberRegion string
	Version          string
	ASN              uint32
	Limit            int // 0 = 1,000
}

// Regression is a lasting rise of round-trip times with one cause. What the cause does not name is empty.
type Regression struct {
	ID         string           `ch:"id" json:"id"`
	State      string           `ch:"state" json:"state"`
	Cause      string           `ch:"cause" json:"cause"`
	Severity   string           `ch:"severity" json:"severity"` // warning or critical
	Summary    string           `ch:"summary" json:"summary"`   // all that in a sentence
	Link       string           `ch:"-" json:"link"`            // the two SFUs, with - between them
	FromSFU    string           `ch:"from_sfu" json:"from_sfu"`
	ToSFU      string           `ch:"to_sfu" json:"to_sfu"`
	SFU        string           `ch:"sfu" json:"sfu"` // whose clients
	ASN        uint32           `ch:"asn" json:"asn"`
	Version    string           `ch:"version" json:"version"`
	WasPath    []string         `ch:"was_path" json:"was_path"` // SFUs of the most frequent path before
	NowPath    []string         `ch:"now_path" json:"now_path"` // and now
	StartedAt  time.Time        `ch:"started_at" json:"started_at"`
	DetectedAt time.Time        `ch:"detected_at" json:"detected_at"`
	UpdatedAt  time.Time        `ch:"updated_at" json:"updated_at"`
	ResolvedAt *time.Time       `ch:"resolved_at" json:"resolved_at"` // nil while it is open
	Reason     string           `ch:"why" json:"reason"`              // of the resolution: gone, unused or lasting
	Before     float64          `ch:"before_ms" json:"before_ms"`     // of a hop, or from end to end for other_paths and region_pair
	After      float64          `ch:"after_ms" json:"after_ms"`
	Shift      float64          `ch:"shift_ms" json:"shift_ms"`
	ShiftLow   float64          `ch:"shift_low_ms" json:"shift_low_ms"` // confidence interval
	ShiftHigh  float64          `ch:"shift_high_ms" json:"shift_high_ms"`
	ShiftRatio float64          `ch:"shift_ratio" json:"shift_ratio"`
	Q          float64          `ch:"q_value" json:"q_value"` // p-value adjusted by Benjamini and Hochberg
	CallsWas   uint32           `ch:"calls_before" json:"calls_before"`
	CallsNow   uint32           `ch:"calls_after" json:"calls_after"`
	Windows    uint32           `ch:"windows" json:"windows"`
	WindowMs   uint32           `ch:"window_ms" json:"window_ms"`
	Pairs      []RegressionPair `ch:"-" json:"pairs"` // by calls, most first

	PairPublisher  []string  `ch:"pair_publisher" json:"-"`
	PairSubscriber []string  `ch:"pair_subscriber" json:"-"`
	PairCalls      []uint32  `ch:"pair_calls" json:"-"`
	PairBefore     []float64 `ch:"pair_before_ms" json:"-"`
	PairAfter      []float64 `ch:"pair_after_ms" json:"-"`
}

// RegressionPair is a pair of regions whose calls felt a regression.
type RegressionPair struct {
	Publisher  string   `json:"publisher_region"`
	Subscriber string   `json:"subscriber_region"`
	Calls      uint32   `json:"calls"`     // that used what got slower
	Before     *float64 `json:"before_ms"` // end-to-end RTT, median over calls
	After      *float64 `json:"after_ms"`
}

// Regressions gives latency that shifted, the newest first.
func (s *Service) Regressions(ctx context.Context, q RegressionsQuery) ([]Regression, error) {
	a := s.history(q.Range).text("id", q.ID).oneOf("state", q.State, regressionStates).oneOf("cause", q.Cause, regressionCauses).
		text("link", q.Link).text("sfu", q.SFU).text("region", q.Region).text("publisher_region", q.PublisherRegion).
		text("subscriber_region", q.SubscriberRegion).text("version", q.Version).number("asn", int64(q.ASN)).limit(q.Limit, 1000)
	rows, err := all[Regression](ctx, s, "regressions", a)
	for i := range rows {
		rows[i].complete()
	}
	return rows, err
}

func (r *Regression) complete() {
	if r.FromSFU != "" || r.ToSFU != "" {
		r.Link = r.FromSFU + "-" + r.ToSFU
	}
	r.WasPath, r.NowPath = orEmpty(r.WasPath), orEmpty(r.NowPath)
	r.Pairs = make([]RegressionPair, len(r.PairPublisher))
	for i := range r.Pairs {
		r.Pairs[i] = RegressionPair{
			r.PairPublisher[i], r.PairSubscriber[i], r.PairCalls[i], known(r.PairBefore[i]), known(r.PairAfter[i]),
		}
	}
}

func orEmpty(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}

func known(v float64) *float64 {
	if math.IsNaN(v) {
		return nil
	}
	return &v
}
