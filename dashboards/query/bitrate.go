package query

import (
	"context"
	"time"

	"github.com/earshot-rtc/earshot/internal/clickhouse"
)

// A video call of a few people wants a downlink of 3 to 4 Mbit/s.
const (
	LowDownlink  = 3e6
	GoodDownlink = 4e6
)

// BitrateQuery asks how much participants received and sent.
type BitrateQuery struct {
	Range
	CallID string // "" = all calls
	Client string
	Limit  int // 0 = 1,000
}

// Bitrate is the participants that received least, and how many received how much.
type Bitrate struct {
	Participants uint64             `json:"participants"`
	Below        uint64             `json:"below_3_mbps"` // by their mean downlink
	Between      uint64             `json:"from_3_to_4_mbps"`
	Above        uint64             `json:"from_4_mbps"`
	P5           *float32           `json:"receive_p5_bps"`
	P50          *float32           `json:"receive_p50_bps"`
	P95          *float32           `json:"receive_p95_bps"`
	Lowest       []ParticipantRates `json:"lowest"`
}

// ParticipantRates are the bit rates of one participant over all its transports.
type ParticipantRates struct {
	CallID      string    `ch:"call_id" json:"call_id"`
	ClientID    string    `ch:"client_id" json:"client_id"`
	FirstSeen   time.Time `ch:"began" json:"first_seen"`
	LastSeen    time.Time `ch:"ended" json:"last_seen"`
	AppVersion  string    `ch:"app" json:"app_version"`
	Country     string    `ch:"country_code" json:"country"`
	Networks    []string  `ch:"all_networks" json:"networks"`
	Receive     float32   `ch:"receive_mean" json:"receive_bps"`
	ReceiveMax  float32   `ch:"receive_highest" json:"receive_max_bps"`
	Send        *float32  `ch:"send_mean" json:"send_bps"`
	SendMax     float32   `ch:"send_highest" json:"send_max_bps"`
	ByBandwidth *float32  `ch:"bandwidth_share" json:"limited_by_bandwidth_ratio"`
}

// Bitrate gives the downlinks of participants against what a video call wants.
func (s *Service) Bitrate(ctx context.Context, q BitrateQuery) (*Bitrate, error) {
	a := s.history(q.Range).text("call", q.CallID).text("client", q.Client).limit(q.Limit, 1000)
	a.params["low"], a.params["high"] = float64(LowDownlink), float64(GoodDownlink)
	rows, err := all[ParticipantRates](ctx, s, "bitrate", a)
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 && q.CallID != "" {
		if err := s.known(ctx, q.CallID, q.Range); err != nil {
			return nil, err
		}
	}
	out := &Bitrate{Lowest: rows}
	err = s.ask(ctx, "bitrate_shares", a, func(r clickhouse.Rows) error {
		var spread []float32
		err := r.Scan(&out.Participants, &out.Below, &out.Between, &out.Above, &spread)
		if out.Participants > 0 && len(spread) == 3 {
			out.P5, out.P50, out.P95 = &spread[0], &spread[1], &spread[2]
		}
		return err
	})
	return out, err
}

// RatesQuery asks for the bit rates of a call over time.
type RatesQuery struct {
	Range
	CallID    string
	Client    string        // "" = all of them
	Step      time.Duration // 0: as fine as MaxPoints allows
	MaxPoints int           // 0 = 300
}

// Rates are the bit rates of a call's participants over time.
type Rates struct {
	StepMs int64       `json:"step_ms"`
	Points []RatePoint `json:"points"`
}

// RatePoint is one participant in one step: means over its samples, over all its transports.
type RatePoint struct {
	At               time.Time `ch:"at" json:"at"`
	ClientID         string    `ch:"source_id" json:"client_id"`
	Receive          float32   `ch:"receive" json:"receive_bps"`
	Send             float32   `ch:"send" json:"send_bps"`
	AvailableReceive *float32  `ch:"available_receive" json:"available_receive_bps"` // as bandwidth estimation says
	AvailableSend    *float32  `ch:"available_send" json:"available_send_bps"`
	ByBandwidth      float32   `ch:"bandwidth_share" json:"limited_by_bandwidth_ratio"`
}

// Rates gives the bit rates of a call's participants over time; a *NotFoundError where the call has no sample in the range.
func (s *Service) Rates(ctx context.Context, q RatesQuery) (*Rates, error) {
	a := s.arguments(q.Range).call(q.CallID).text("client", q.Client).limit(MaxRows, 0)
	if err := s.narrow(ctx, a, q.CallID); err != nil {
		return nil, err
	}
	out := &Rates{StepMs: a.step(q.Step, q.MaxPoints, 300).Milliseconds()}
	points, err := all[RatePoint](ctx, s, "bitrate_series", a)
	if err != nil {
		return nil, err
	}
	out.Points = points
	return out, nil
}
