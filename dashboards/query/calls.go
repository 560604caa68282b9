package query

import (
	"context"
	"math"
	"time"

	"github.com/earshot-rtc/earshot/internal/clickhouse"
)

const knownCalls = 8

// WorthALook is how many windows (received tracks times windows) a call has at least that counts among the worst: two people for a
// minute.
const WorthALook = 24

// CallsQuery asks for the calls that were going on in a range. Empty filters match everything; those on clients match a call in
// which one client meets them all.
type CallsQuery struct {
	Range
	CallID  string // exactly this one
	Search  string // a part of the call id, in any case
	Client  string
	User    string // plain or as it is stored
	Version string // of the application
	Browser string // name and major version
	Country string // ISO 3166-1 alpha-2
	Region  string // of an SFU

	TURN        *bool // somebody was connected over a TURN server
	Live        *bool
	MinRTT      *float64 // ms, p95 of the call
	MaxScore    *float64 // mean audio MOS
	MinDuration time.Duration
	MaxDuration time.Duration // 0 = any
	MinClients  int
	MinWindows  int // received tracks times windows

	Sort      string // one of CallSorts; "" = last_seen
	Ascending bool   // the highest come first otherwise
	Limit     int    // 0 = 100
	After     *Place // from CallPage.Next: the page after that
}

// CallSorts are the words that CallsQuery.Sort takes. rtt and mouth_to_ear are the p95 of a call, score is the mean audio MOS, bad
// the share of windows with somebody to blame.
func CallSorts() []string {
	return []string{"last_seen", "first_seen", "duration", "clients", "rtt", "mouth_to_ear", "score", "bad"}
}

// CallPage is a page of calls.
type CallPage struct {
	Calls []Call
	Next  *Place // nil: there are no more
	Range Range  // that was asked about
}

// Place is where a page of calls ended: the next begins behind it.
type Place struct {
	Key    float64 `json:"k"` // of the order that was asked for
	CallID string  `json:"c"`
}

// Call is what is known of one call as a whole, also while it runs. A nil figure is not known; it is never zero.
type Call struct {
	CallID     string    `ch:"call_id" json:"call_id"`
	FirstSeen  time.Time `ch:"began" json:"first_seen"` // of its samples
	LastSeen   time.Time `ch:"ended" json:"last_seen"`
	DurationMs int64     `ch:"lasted_ms" json:"duration_ms"`
	Live       bool      `ch:"-" json:"live"`            // the last sample is younger than LiveWithin
	Clients    uint64    `ch:"n_clients" json:"clients"` // that reported
	SFUs       uint64    `ch:"n_sfus" json:"sfus"`       // that reported
	Countries  []string  `ch:"all_countries" json:"countries"`
	Regions    []string  `ch:"all_regions" json:"sfu_regions"`
	Samples    uint64    `ch:"n_samples" json:"samples"`
	Late       uint64    `ch:"n_late" json:"late_samples"`
	Paths      uint64    `ch:"-" json:"paths"` // publisher, subscriber and kind

	Heard

	AudioScore *float32 `ch:"audio_mos" json:"audio_score"`   // mean MOS, 1 to 4.5
	VideoScore *float32 `ch:"video_index" json:"video_score"` // mean index, 0 to 100
	Loss       *float32 `ch:"loss_mean" json:"loss_ratio"`
	Bad        *float32 `ch:"bad_share" json:"bad_ratio"` // windows with somebody to blame
	TURN       bool     `ch:"any_relay" json:"turn"`
	TCP        bool     `ch:"any_tcp" json:"tcp"`
	IPv6       bool     `ch:"any_ipv6" json:"ipv6"`

	Key float64 `ch:"sort_key" json:"-"`
}

// Heard is what was received over some windows: how much is known, and how long it took.
type Heard struct {
	Windows  uint64   `ch:"n_windows" json:"windows"` // received tracks times windows
	Complete uint64   `ch:"n_complete" json:"complete"`
	Imputed  uint64   `ch:"n_imputed" json:"imputed"`
	Partial  uint64   `ch:"n_partial" json:"partial"`
	RTTP50   *float32 `ch:"-" json:"rtt_p50_ms"`
	RTTP95   *float32 `ch:"-" json:"rtt_p95_ms"`
	RTTMax   *float32 `ch:"-" json:"rtt_max_ms"`
	MouthP50 *float32 `ch:"-" json:"mouth_to_ear_p50_ms"`
	MouthP95 *float32 `ch:"-" json:"mouth_to_ear_p95_ms"`
	MouthMax *float32 `ch:"-" json:"mouth_to_ear_max_ms"`
	Blame    Blame    `ch:"-" json:"blame"`

	RTTCount       uint64    `ch:"n_rtt" json:"-"`
	RTTQuantiles   []float32 `ch:"rtt_quantiles" json:"-"`
	RTTHighest     float32   `ch:"rtt_highest" json:"-"`
	MouthCount     uint64    `ch:"n_mouth_to_ear" json:"-"`
	MouthQuantiles []float32 `ch:"mouth_to_ear_quantiles" json:"-"`
	MouthHighest   float32   `ch:"mouth_to_ear_highest" json:"-"`
	Blamed         []uint64  `ch:"blamed" json:"-"`
}

func (h *Heard) finish() {
	h.RTTP50, h.RTTP95, _, h.RTTMax = quantiles(h.RTTCount, h.RTTQuantiles, h.RTTHighest)
	h.MouthP50, h.MouthP95, _, h.MouthMax = quantiles(h.MouthCount, h.MouthQuantiles, h.MouthHighest)
	h.Blame = blame(h.Blamed)
}

// Calls lists calls, a page at a time. It reads the summary of calls, and no samples.
func (s *Service) Calls(ctx context.Context, q CallsQuery) (*CallPage, error) {
	if q.Limit == 0 {
		q.Limit = 100
	}
	a := s.callArguments(&q)
	calls, err := all[Call](ctx, s, "calls", a)
	if err != nil {
		return nil, err
	}
	if err := s.countPaths(ctx, calls, a.span); err != nil {
		return nil, err
	}
	for i := range calls {
		c := &calls[i]
		c.finish()
		c.Live = s.live(c.LastSeen)
	}
	page := &CallPage{Calls: calls, Range: a.span}
	if n := len(calls); n == q.Limit {
		page.Next = &Place{Key: calls[n-1].Key, CallID: calls[n-1].CallID}
	}
	return page, nil
}

func (s *Service) callArguments(q *CallsQuery) *arguments {
	a := s.history(q.Range).text("call", q.CallID).text("search", q.Search).text("client", q.Client).text("user", q.User).
		text("version", q.Version).text("browser", q.Browser).text("country", q.Country).text("region", q.Region).
		oneOf("sort", q.Sort, CallSorts()).limit(q.Limit, 0).
		number("min_ms", q.MinDuration.Milliseconds()).number("max_ms", q.MaxDuration.Milliseconds()).
		atLeast("min_clients", q.MinClients).atLeast("min_windows", q.MinWindows).
		number("live_ms", s.now().Add(-LiveWithin).UnixMilli())
	if q.MinDuration < 0 || q.MaxDuration < 0 {
		a.wrong("duration", "is below 0")
	}
	delete(a.params, "user")
	a.params["users"] = s.storedUsers(q.User)
	a.params["by_people"] = q.Client != "" || q.User != "" || q.Version != "" || q.Browser != "" || q.Country != ""
	a.params["turn"], a.params["live"], a.params["min_rtt"], a.params["max_score"] = q.TURN, q.Live, q.MinRTT, q.MaxScore
	a.number("sign", 1)
	if q.Ascending {
		a.number("sign", -1)
	}
	after := Place{}
	var key *float64
	if q.After != nil {
		after, key = *q.After, &q.After.Key
		if math.IsNaN(after.Key) || math.IsInf(after.Key, 0) {
			a.wrong("cursor", "is damaged; leave it out to begin with the first page")
		}
	}
	a.text("after_call", after.CallID)
	a.params["after_key"] = key
	return a
}

// storedUsers are the forms in which a user may stand in the store: as it was given, and as the collector's key hides it.
func (s *Service) storedUsers(user string) []string {
	if user == "" {
		return []string{}
	}
	users := []string{user}
	if s.hide != nil {
		if hidden := s.hide(s.tenant, user); hidden != user {
			users = append(users, hidden)
		}
	}
	return users
}

func (s *Service) countPaths(ctx context.Context, calls []Call, r Range) error {
	if len(calls) == 0 {
		return nil
	}
	ids, at := make([]string, len(calls)), make(map[string]*Call, len(calls))
	for i := range calls {
		ids[i], at[calls[i].CallID] = calls[i].CallID, &calls[i]
	}
	a := s.history(r).limit(len(ids), 0)
	a.params["calls"] = ids
	return s.ask(ctx, "call_paths", a, func(rows clickhouse.Rows) error {
		var (
			id string
			n  uint64
		)
		err := rows.Scan(&id, &n)
		if c := at[id]; c != nil {
			c.Paths = n
		}
		return err
	})
}

func (s *Service) live(last time.Time) bool { return s.now().Sub(last) < LiveWithin }

// known tells a call without rows in the answer from one that does not exist.
func (s *Service) known(ctx context.Context, callID string, r Range) error {
	page, err := s.Calls(ctx, CallsQuery{Range: r, CallID: callID, Limit: 1})
	if err != nil || len(page.Calls) > 0 {
		return err
	}
	return s.notFound(ctx, callID, r)
}

func (s *Service) notFound(ctx context.Context, callID string, r Range) error {
	page, err := s.Calls(ctx, CallsQuery{Range: r, Limit: knownCalls})
	if err != nil {
		return err
	}
	missing := &NotFoundError{CallID: callID, Within: s.now().Sub(page.Range.From).Round(time.Minute)}
	for _, c := range page.Calls {
		missing.Known = append(missing.Known, c.CallID)
	}
	return missing
}
