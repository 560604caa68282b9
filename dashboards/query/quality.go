package query

import (
	"context"
	"fmt"
	"time"
)

// QualityQuery asks how a call was heard and seen over time.
type QualityQuery struct {
	Range
	CallID      string
	Participant string        // as a subscriber; empty: all of them
	Kind        string        // audio or video; empty: both, apart
	Step        time.Duration // 0: as fine as MaxPoints allows
	MaxPoints   int           // 0 = 300
}

// Quality is a call over time.
type Quality struct {
	StepMs int64          `json:"step_ms"`
	Points []QualityPoint `json:"points"`
}

// QualityPoint is what the subscribers had of one kind in one step. Figures are medians over the windows of all their tracks,
// but for the worst, which is the least score; nil is not known.
type QualityPoint struct {
	At         time.Time         `ch:"at" json:"at"`
	Kind       string            `ch:"kind_name" json:"kind"`
	Windows    uint64            `ch:"windows" json:"windows"`
	Score      *float32          `ch:"score_mid" json:"score"` // audio: MOS, 1 to 4.5; video: an index, 0 to 100
	ScoreWorst *float32          `ch:"score_worst" json:"score_worst"`
	RTT        *float32          `ch:"rtt" json:"rtt_ms"`
	MouthToEar *float32          `ch:"mouth_to_ear" json:"mouth_to_ear_ms"`
	Loss       *float32          `ch:"loss" json:"loss_ratio"`
	Concealed  *float32          `ch:"concealed" json:"concealed_ratio"`
	Jitter     *float32          `ch:"jitter" json:"jitter_ms"`
	JitterBuf  *float32          `ch:"jitter_buffer" json:"jitter_buffer_ms"`
	Freeze     *float32          `ch:"freeze" json:"freeze_ratio"`
	FrameRate  *float32          `ch:"frames" json:"frame_rate"`
	Bitrate    float32           `ch:"bitrate" json:"bitrate_bps"`
	Blame      map[string]uint64 `ch:"blamed" json:"blame"` // bad windows by where the fault lay; no bad one: empty
}

// Quality gives a call over time, the oldest step first; a *NotFoundError where the call has no sample in the range.
func (s *Service) Quality(ctx context.Context, q QualityQuery) (*Quality, error) {
	a := s.arguments(q.Range).call(q.CallID).text("participant", q.Participant).kind(q.Kind).limit(MaxRows, 0)
	if err := s.narrow(ctx, a, q.CallID); err != nil {
		return nil, err
	}
	out := &Quality{StepMs: a.step(q.Step, q.MaxPoints, 300).Milliseconds()}
	rows, err := all[QualityPoint](ctx, s, "quality", a)
	if err != nil {
		return nil, err
	}
	out.Points = rows
	return out, nil
}

// narrow cuts a range down to the call's own time, so that the steps of a short call are short; a *NotFoundError where there is no
// such call in the range.
func (s *Service) narrow(ctx context.Context, a *arguments, callID string) error {
	if a.err != nil {
		return a.err
	}
	page, err := s.Calls(ctx, CallsQuery{Range: a.span, CallID: callID, Limit: 1})
	if err != nil {
		return err
	}
	if len(page.Calls) == 0 {
		return s.notFound(ctx, callID, a.span)
	}
	// A window begins before the sample that opens it.
	if began := page.Calls[0].FirstSeen.Add(-ahead); began.After(a.span.From) {
		a.span.From = began
	}
	if ended := page.Calls[0].LastSeen.Add(ahead); ended.Before(a.span.To) {
		a.span.To = ended
	}
	a.params["from_ms"], a.params["to_ms"] = a.span.From.UnixMilli(), a.span.To.UnixMilli()
	return nil
}

// step binds step_ms: the one that is asked for, or the finest that makes no more points than are wanted.
func (a *arguments) step(asked time.Duration, points, otherwise int) time.Duration {
	if points == 0 {
		points = otherwise
	}
	if points < 2 || points > maxPoints {
		a.wrong("points", fmt.Sprintf("is not between 2 and %d", maxPoints))
		points = otherwise
	}
	d := asked
	switch span := a.span.To.Sub(a.span.From); {
	case d == 0:
		d = step(span, points)
	case d < time.Second || d > 24*time.Hour:
		a.wrong("step", fmt.Sprintf("%s is not between 1s and 24h", asked))
	case span/d > maxPoints:
		a.wrong("step", fmt.Sprintf("%s makes more than %d points of this range; ask for a longer step", asked, maxPoints))
	}
	a.number("step_ms", d.Milliseconds())
	return d
}
