package query

import (
	"context"
	"errors"
	"math"
	"time"

	"github.com/earshot-rtc/earshot/internal/clickhouse"
)

// E2EQuery asks for the windows of a call's paths. Empty filters match everything.
type E2EQuery struct {
	Range
	CallID      string
	Participant string // publisher or subscriber
	Kind        string // audio or video
	Limit       int    // 0 = 10,000 windows, or 2,000 paths
	After       *After // Windows: from WindowPage.Next, the page after that
}

// E2ERow is one received track in one window. A nil figure is not known; it is never zero.
type E2ERow struct {
	WindowStart  time.Time `json:"window_start"`
	WindowMs     uint32    `json:"window_ms"`
	PublisherID  string    `json:"publisher"`
	SubscriberID string    `json:"subscriber"`
	Kind         string    `json:"kind"`
	TrackID      string    `json:"track_id"`
	RID          string    `json:"rid"`
	SSRC         uint32    `json:"ssrc"`
	TransportID  string    `json:"transport_id"`
	EpochStart   time.Time `json:"epoch_start"`
	SFUPath      []string  `json:"sfu_path"`
	RegionPath   []string  `json:"region_path"`

	Status       string   `json:"status"` // complete, imputed or partial
	HopsExpected uint8    `json:"hops_expected"`
	HopsMeasured uint8    `json:"hops_measured"`
	Instants     uint8    `json:"instants"`
	RTT          *float32 `json:"rtt_ms"` // nil when partial
	RTTErr       *float32 `json:"rtt_err_ms"`
	RTTMin       *float32 `json:"rtt_min_ms"`
	RTTMax       *float32 `json:"rtt_max_ms"`
	RTTLower     *float32 `json:"rtt_lower_ms"` // partial: the sum of what is known
	Hops         []Hop    `json:"hops"`         // publisher first

	MouthToEar   *float32 `json:"mouth_to_ear_ms"` // one way
	Budget       Budget   `json:"budget"`
	CaptureDelay *float32 `json:"capture_delay_ms"`

	Loss       *float32           `json:"loss_ratio"`
	Concealed  *float32           `json:"concealed_ratio"`
	Jitter     *float32           `json:"jitter_ms"`
	Bitrate    float32            `json:"bitrate_bps"`
	FrameRate  *float32           `json:"frame_rate"`
	FrameH     uint16             `json:"frame_height"`
	Freeze     *float32           `json:"freeze_ratio"`
	Score      *float32           `json:"score"` // audio: MOS, 1 to 4.5; video: an index, 0 to 100
	ScoreR     *float32           `json:"score_r"`
	ScoreParts map[string]float32 `json:"score_parts"`

	PublisherRegion  string `json:"publisher_region"`
	SubscriberRegion string `json:"subscriber_region"`
	PublisherApp     string `json:"publisher_app"`
	SubscriberApp    string `json:"subscriber_app"`
}

// End is when the window ends.
func (r *E2ERow) End() time.Time {
	return r.WindowStart.Add(time.Duration(r.WindowMs) * time.Millisecond)
}

// Hop is one link of a path in one window.
type Hop struct {
	From   string   `json:"from"`
	To     string   `json:"to"` // empty: an end that does not report
	RTT    *float32 `json:"rtt_ms"`
	Err    *float32 `json:"rtt_err_ms"`
	AgeMs  uint32   `json:"age_ms"` // of the measurement at the end of the window
	Source string   `json:"source"` // none, rtcp_rr, rtcp_xr, stun, sctp or probe
	Status string   `json:"status"` // measured, imputed or missing
}

// Budget is where the one-way time goes. Its parts sum to mouth-to-ear when none is missing.
type Budget struct {
	Send         *float32 `json:"send_ms"`
	Network      *float32 `json:"network_ms"` // half of each hop
	Residence    *float32 `json:"residence_ms"`
	JitterBuffer *float32 `json:"jitter_buffer_ms"`
	Decode       *float32 `json:"decode_ms"`
	Playout      *float32 `json:"playout_ms"`
	Missing      []string `json:"missing"` // parts that nobody reported
}

// E2E gives all windows of a call, the oldest first; a *NotFoundError where the call has no sample in the range.
func (s *Service) E2E(ctx context.Context, q E2EQuery) ([]E2ERow, error) {
	page, err := s.Windows(ctx, q)
	if err != nil {
		return nil, err
	}
	return page.Windows, nil
}

// WindowPage is a page of windows, the oldest first.
type WindowPage struct {
	Windows []E2ERow
	Next    *After // nil: there are no more
	Range   Range  // that was asked about
}

// Windows is E2E, a page at a time.
func (s *Service) Windows(ctx context.Context, q E2EQuery) (*WindowPage, error) {
	if q.Limit == 0 {
		q.Limit = 10_000
	}
	r, err := s.Span(q.Range)
	if err != nil {
		return nil, err
	}
	q.Range = r // once: all pages cover the same span
	rows, err := s.e2e(ctx, "e2e", q, q.Limit)
	if err != nil {
		return nil, err
	}
	times := make([]int64, len(rows))
	for i := range rows {
		times[i] = rows[i].WindowStart.UnixMicro()
	}
	return &WindowPage{Windows: rows, Next: next(q.After, q.Limit, times), Range: r}, nil
}

// PathsNow gives the latest window of every path that the call had in the range: one row per publisher, subscriber, kind,
// track and SFU path. A path whose window is older than its neighbours' has ended.
func (s *Service) PathsNow(ctx context.Context, q E2EQuery) ([]E2ERow, error) {
	return s.e2e(ctx, "paths_now", q, 2_000)
}

func (s *Service) e2e(ctx context.Context, name string, q E2EQuery, limit int) ([]E2ERow, error) {
	a := s.arguments(q.Range).call(q.CallID).text("participant", q.Participant).kind(q.Kind).limit(q.Limit, limit).after(q.After)
	out := []E2ERow{}
	err := s.ask(ctx, name, a, func(rows clickhouse.Rows) error {
		r, err := scanE2E(rows)
		if err == nil {
			out = append(out, r)
		}
		return err
	})
	if err == nil && len(out) == 0 && q.After == nil {
		err = s.known(ctx, q.CallID, q.Range)
	}
	return out, err
}

// hopColumns are the arrays of a row that together are its hops.
type hopColumns struct {
	from, to, source, status []string
	rtt, err                 []float32
	age                      []uint32
}

func (c *hopColumns) hops() ([]Hop, error) {
	n := len(c.from)
	if len(c.to) != n || len(c.rtt) != n || len(c.err) != n || len(c.age) != n || len(c.source) != n || len(c.status) != n {
		return nil, errors.New("the hop columns of a row differ in length")
	}
	out := make([]Hop, n)
	for i := range out {
		out[i] = Hop{
			From: c.from[i], To: c.to[i], RTT: figure(c.rtt[i]), Err: figure(c.err[i]),
			AgeMs: c.age[i], Source: c.source[i], Status: c.status[i],
		}
		if out[i].RTT == nil {
			out[i].Err = nil
		}
	}
	return out, nil
}

// figure turns the NaN of an array, which cannot hold NULL, into nil.
func figure(v float32) *float32 {
	if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
		return nil
	}
	return &v
}

// scanE2E reads the columns of sql/e2e_columns.sql, in their order.
func scanE2E(rows clickhouse.Rows) (E2ERow, error) {
	var (
		r E2ERow
		h hopColumns
		b = &r.Budget
	)
	err := rows.Scan(
		&r.WindowStart, &r.WindowMs, &r.PublisherID, &r.SubscriberID, &r.Kind, &r.TrackID, &r.RID, &r.SSRC, &r.TransportID,
		&r.EpochStart, &r.SFUPath, &r.RegionPath,
		&r.Status, &r.HopsExpected, &r.HopsMeasured, &r.Instants,
		&r.RTT, &r.RTTErr, &r.RTTMin, &r.RTTMax, &r.RTTLower,
		&h.from, &h.to, &h.rtt, &h.err, &h.age, &h.source, &h.status,
		&r.MouthToEar, &b.Send, &b.Network, &b.Residence, &b.JitterBuffer, &b.Decode, &b.Playout, &b.Missing, &r.CaptureDelay,
		&r.Loss, &r.Concealed, &r.Jitter, &r.Bitrate, &r.FrameRate, &r.FrameH, &r.Freeze, &r.Score, &r.ScoreR, &r.ScoreParts,
		&r.PublisherRegion, &r.SubscriberRegion, &r.PublisherApp, &r.SubscriberApp,
	)
	if err != nil {
		return r, err
	}
	r.Hops, err = h.hops()
	return r, err
}
