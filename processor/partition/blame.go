package partition

import (
	"github.com/earshot-rtc/earshot/processor/blame"
	"github.com/earshot-rtc/earshot/processor/graph"
	"github.com/earshot-rtc/earshot/processor/row"
)

// blame says which part of the path spoiled the window, where it is known from end to end.
func (q *quest) blame(r *row.E2E) {
	route, s := q.group.route, q.share
	if route.publisher == nil || s.seconds <= 0 {
		return
	}
	w := blame.Window{
		Video: r.Kind == row.Video, RTTMs: r.RTTMs.OrNaN(), MouthToEarMs: r.MouthToEarMs.OrNaN(),
		Loss: r.LossRatio.OrNaN(), Concealed: r.ConcealedRatio.OrNaN(), Freeze: r.FreezeRatio.OrNaN(), Score: r.Score.OrNaN(),
	}
	rule := q.p.cfg.Blame
	if !rule.Bad(&w) {
		return
	}
	w.JitterMs, w.FrameRate = r.JitterMs.OrNaN(), r.FrameRate.OrNaN()
	w.SendMs, w.ResidenceMs, w.DecodeMs = r.SendMs.OrNaN(), r.ResidenceMs.OrNaN(), r.DecodeMs.OrNaN()
	w.ReceiveMs, w.SentFrameRate = blame.Unknown, blame.Unknown
	if r.JitterBufferMs.Valid {
		w.ReceiveMs = float64(r.JitterBufferMs.Value + r.DecodeMs.Or(0) + r.PlayoutMs.Or(0))
	}
	if t := route.track; t != nil && t.play != nil {
		w.Limit = blame.Limit(t.limit)
		if sent := t.play.get(q.p.work.window); sent != nil && sent.seconds > 0 && w.Video {
			w.SentFrameRate = float64(sent.frames / sent.seconds)
		}
	}
	hops := q.p.work.blamed[:0]
	for i, h := range route.path.Hops {
		one := blame.Hop{RTTMs: blame.Unknown, Loss: q.lossTo(h)}
		if i < len(r.HopRTTMs) {
			one.RTTMs = float64(r.HopRTTMs[i])
		}
		hops = append(hops, one)
	}
	r.Blame = row.Blame(rule.Of(&w, hops))
	q.p.work.blamed = hops
}

// lossTo is the share of packets lost on a hop on the way to the subscriber: what the receiving end saw is better than what it
// reported to the other.
func (q *quest) lossTo(h graph.Hop) float64 {
	window := q.p.work.window
	to := endOf(h.To).lostIn(window, window)
	if there := ratio(to.in, to.inPackets); there.Valid || h.From == nil {
		return there.OrNaN()
	}
	from := endOf(h.From).lostIn(window, window)
	return ratio(from.out, from.outPackets).OrNaN()
}
