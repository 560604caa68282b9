package query

import "math"

// Figures are what subscribers had over some windows. Quantiles come from merged sketches, within 1 %, and never from averages of
// quantiles. A nil figure is not known; it is never zero.
type Figures struct {
	Windows    uint64 `ch:"n_windows" json:"windows"`       // received tracks times windows
	Complete   uint64 `ch:"n_complete" json:"complete"`     // of these, with every hop measured
	Imputed    uint64 `ch:"n_imputed" json:"imputed"`       // with an older value of a hop
	Partial    uint64 `ch:"n_partial" json:"partial"`       // with a lower bound only: in no quantile
	Unresolved uint64 `ch:"n_unresolved" json:"unresolved"` // without a known publisher

	RTT
	MouthToEar

	AudioScore *float32 `ch:"audio_mos" json:"audio_score"`   // mean MOS, 1 to 4.5
	VideoScore *float32 `ch:"video_index" json:"video_score"` // mean index, 0 to 100
	Loss       *float32 `ch:"loss_mean" json:"loss_ratio"`
	Concealed  *float32 `ch:"concealed_mean" json:"concealed_ratio"`
	Freeze     *float32 `ch:"freeze_mean" json:"freeze_ratio"`
	Jitter     *float32 `ch:"jitter_mean" json:"jitter_ms"`
	Bitrate    float32  `ch:"bitrate_mean" json:"bitrate_bps"` // of a track
	Blamed     []uint64 `ch:"blamed" json:"-"`
	Blame      Blame    `ch:"-" json:"blame"`
}

// RTT is how the end-to-end round-trip times were spread.
type RTT struct {
	RTTCount   uint64   `ch:"n_rtt" json:"rtt_windows"` // windows that have one
	RTTP50     *float32 `ch:"-" json:"rtt_p50_ms"`
	RTTP95     *float32 `ch:"-" json:"rtt_p95_ms"`
	RTTP99     *float32 `ch:"-" json:"rtt_p99_ms"`
	RTTMax     *float32 `ch:"-" json:"rtt_max_ms"`
	RTTOver150 *float32 `ch:"rtt_over_150_share" json:"rtt_over_150_ratio"` // share of the windows that have one
	RTTOver300 *float32 `ch:"rtt_over_300_share" json:"rtt_over_300_ratio"`
	RTTOver400 *float32 `ch:"rtt_over_400_share" json:"rtt_over_400_ratio"`

	RTTQuantiles []float32 `ch:"rtt_quantiles" json:"-"`
	RTTHighest   float32   `ch:"rtt_highest" json:"-"`
}

// MouthToEar is how the one-way times were spread, mouth to ear or glass to glass.
type MouthToEar struct {
	MouthCount   uint64   `ch:"n_mouth_to_ear" json:"mouth_to_ear_windows"`
	MouthP50     *float32 `ch:"-" json:"mouth_to_ear_p50_ms"`
	MouthP95     *float32 `ch:"-" json:"mouth_to_ear_p95_ms"`
	MouthP99     *float32 `ch:"-" json:"mouth_to_ear_p99_ms"`
	MouthMax     *float32 `ch:"-" json:"mouth_to_ear_max_ms"`
	MouthOver150 *float32 `ch:"mouth_to_ear_over_150_share" json:"mouth_to_ear_over_150_ratio"`
	MouthOver300 *float32 `ch:"mouth_to_ear_over_300_share" json:"mouth_to_ear_over_300_ratio"`
	MouthOver400 *float32 `ch:"mouth_to_ear_over_400_share" json:"mouth_to_ear_over_400_ratio"`

	MouthQuantiles []float32 `ch:"mouth_to_ear_quantiles" json:"-"`
	MouthHighest   float32   `ch:"mouth_to_ear_highest" json:"-"`
}

// Blame counts bad windows by where the fault lay, as the subscriber sees it.
type Blame struct {
	Sender   uint64 `json:"sender"`   // the publisher's device
	Receiver uint64 `json:"receiver"` // the subscriber's own device
	Uplink   uint64 `json:"uplink"`   // the publisher's first hop
	Downlink uint64 `json:"downlink"` // the subscriber's last hop
	SFULink  uint64 `json:"sfu_link"` // a hop between SFUs
}

// Bad is how many windows have somebody to blame.
func (b Blame) Bad() uint64 { return b.Sender + b.Receiver + b.Uplink + b.Downlink + b.SFULink }

// Most names what was to blame most often, "" where there was no bad window.
func (b Blame) Most() string {
	most, word := uint64(0), ""
	for _, c := range []struct {
		n    uint64
		word string
	}{{b.Uplink, "uplink"}, {b.Downlink, "downlink"}, {b.SFULink, "sfu_link"}, {b.Sender, "sender"}, {b.Receiver, "receiver"}} {
		if c.n > most {
			most, word = c.n, c.word
		}
	}
	return word
}

// blame reads the counts in the order in which the SQL writes them.
func blame(counts []uint64) Blame {
	if len(counts) != 5 {
		return Blame{}
	}
	return Blame{Sender: counts[0], Receiver: counts[1], Uplink: counts[2], Downlink: counts[3], SFULink: counts[4]}
}

// finish makes of what the store answered what is said to people.
func (f *Figures) finish() {
	f.Blame = blame(f.Blamed)
	q := &f.RTT
	q.RTTP50, q.RTTP95, q.RTTP99, q.RTTMax = quantiles(q.RTTCount, q.RTTQuantiles, q.RTTHighest)
	m := &f.MouthToEar
	m.MouthP50, m.MouthP95, m.MouthP99, m.MouthMax = quantiles(m.MouthCount, m.MouthQuantiles, m.MouthHighest)
}

// quantiles are those of a sketch. It is true within 1 %, so its quantiles may lie a little above the highest value, which is
// exact.
func quantiles(count uint64, q []float32, highest float32) (p50, p95, p99, most *float32) {
	if count == 0 || len(q) != 3 {
		return nil, nil, nil, nil
	}
	at := func(i int) *float32 {
		if v := float64(q[i]); math.IsNaN(v) || math.IsInf(v, 0) {
			return nil
		}
		v := min(q[i], highest)
		return &v
	}
	return at(0), at(1), at(2), &highest
}
