package partition

import (
	"github.com/earshot-rtc/earshot/processor/quality"
	"github.com/earshot-rtc/earshot/processor/row"
)

// parts is a set of parts of the one-way budget.
type parts uint8

// The parts, as budget_missing names them.
const (
	partEncode parts = 1 << iota
	partSend
	partNetwork
	partResidence
	partBuffer
	partDecode
	partPlayout
	allParts = iota
)

var partNames = [allParts]string{"encode", "send", "network", "residence", "jitter_buffer", "decode", "playout"}

// partLists has the names of each set; rows share them.
var partLists = listParts()

func listParts() (lists [1 << allParts][]string) {
	for set := range lists {
		for i, name := range partNames {
			if set&(1<<i) != 0 {
				lists[set] = append(lists[set], name)
			}
		}
	}
	return lists
}

func (p parts) names() []string { return partLists[p] }

// budget fills in the way from mouth to ear, or from glass to glass, part by part. Half of each hop's round trip is what
// a way takes where nothing is known of its asymmetry. What nobody reported is named; the sum is there only if network and jitter
// buffer are: half a round trip alone is no latency.
func (q *quest) budget(r *row.E2E) {
	var missing parts
	sum := float32(0)
	has := func(f row.Float, part parts) {
		if f.Valid {
			sum += f.Value
		} else {
			missing |= part
		}
	}
	missing |= q.send(r)
	sum += r.SendMs.Or(0)
	if r.RTTMs.Valid {
		r.NetworkMs = row.Some(r.RTTMs.Value / 2)
	}
	has(r.NetworkMs, partNetwork)
	if len(q.group.route.relays) > 0 || q.group.route.publisher == nil {
		var unknown parts
		r.ResidenceMs, unknown = q.residence()
		missing |= unknown
		sum += r.ResidenceMs.Or(0)
	}
	s := q.share
	r.JitterBufferMs = mean(s.buffer, s.emitted)
	has(r.JitterBufferMs, partBuffer)
	if r.Kind == row.Audio {
		// The way through the decoder is what processing has beyond the buffer (W3C webrtc-stats, totalProcessingDelay).
		if s.processing > s.buffer {
			r.DecodeMs = mean(s.processing-s.buffer, s.emitted)
		} else {
			r.DecodeMs = mean(s.decode, s.emitted*boolTo1(s.decode > 0))
		}
	} else {
		r.DecodeMs = mean(s.decode, s.frames)
	}
	has(r.DecodeMs, partDecode)
	if r.Kind == row.Audio {
		r.PlayoutMs = mean(s.playout, s.played)
		has(r.PlayoutMs, partPlayout)
	}
	if r.NetworkMs.Valid && r.JitterBufferMs.Valid {
		r.MouthToEarMs = row.Some(sum)
	}
	r.BudgetMissing = missing.names()
	r.CaptureDelayMs = mean(s.capture, s.captured)
}

// sending is what a publisher takes in a window to encode, where it says so, and to get a packet out. It is the same for all
// who receive the track.
type sending struct {
	window  int64
	known   bool
	ms      row.Float
	missing parts
}

func (q *quest) send(r *row.E2E) parts {
	t := q.group.route.track
	if t == nil || t.play == nil {
		s := share{}
		one := s.sending(r.Kind)
		return one.missing
	}
	one := &t.play.sending
	if !one.known || one.window != q.p.work.window {
		s := t.play.get(q.p.work.window)
		if s == nil {
			s = &q.p.work.nothing
		}
		*one = s.sending(r.Kind)
		one.window, one.known = q.p.work.window, true
	}
	r.SendMs = one.ms
	return one.missing
}

func (s *share) sending(kind row.Media) (one sending) {
	// 0 is not a time that anything takes; it is what a counter says that is not kept.
	encode, send := mean(s.encode, s.frames), mean(s.send, s.packets)
	encode.Valid, send.Valid = encode.Valid && s.encode > 0, send.Valid && s.send > 0
	if encode.Valid || send.Valid {
		one.ms = row.Some(encode.Value + send.Value)
	}
	if !encode.Valid && kind != row.Audio {
		one.missing |= partEncode
	}
	if !send.Valid {
		one.missing |= partSend
	}
	return one
}

// staleResidence is how old what an SFU said of a stream may be.
const staleResidence = 30_000_000

// residence is the time inside all SFUs on the way. It is known in part where some say nothing.
func (q *quest) residence() (ms row.Float, missing parts) {
	us, known := float32(0), 0
	relays := q.group.route.relays
	for _, s := range relays {
		if s.residenceAt == 0 || q.p.grid.Start(q.p.work.window)-s.residenceAt > staleResidence {
			continue
		}
		us += s.residence
		known++
	}
	if known < len(relays) || q.group.route.publisher == nil {
		missing = partResidence
	}
	if known == 0 {
		return ms, missing
	}
	return row.Some(us / 1e3), missing
}

// mean is a sum of µs over its number, in ms.
func mean(us, n float32) row.Float {
	if n <= 0 {
		return row.Float{}
	}
	return row.Some(us / n / 1e3)
}

func boolTo1(b bool) float32 {
	if b {
		return 1
	}
	return 0
}

// quality fills in what the subscriber got, and the score.
func (q *quest) quality(r *row.E2E) {
	s := q.share
	if s.seconds <= 0 {
		return
	}
	r.LossRatio = ratio(s.lost, s.packets+s.lost)
	r.ConcealedRatio = ratio(s.concealed, s.samples)
	r.JitterMs = row.Some(s.jitter / s.seconds / 1e3)
	r.BitrateBps = s.bytes * 8 / s.seconds
	var score quality.Score
	switch r.Kind {
	case row.Video:
		r.FrameRate = row.Some(s.frames / s.seconds)
		r.FreezeRatio = ratio(s.freeze, s.seconds*1e6)
		r.FrameHeight = s.height
		score = q.p.scoreVideo(quality.VideoInput{
			FreezeRatio: r.FreezeRatio.OrNaN(), FrameRate: r.FrameRate.OrNaN(), FrameHeight: float64(s.side),
			QP: mean(s.qp*1e3, s.frames*boolTo1(s.qp > 0)).OrNaN(), Codec: q.strand.codec, OneWayMs: r.MouthToEarMs.OrNaN(),
		})
	case row.Audio:
		score = q.p.scoreAudio(quality.AudioInput{
			OneWayMs: r.MouthToEarMs.OrNaN(), LossRatio: r.ConcealedRatio.OrNaN(), Codec: q.strand.codec,
		})
	}
	r.ScoreParts, r.ScoreVersion = score.Parts, score.Version
	if score.Known {
		r.Score, r.ScoreR = row.Some(score.Value), row.Some(score.R)
	}
}

func (p *Partition) scoreAudio(in quality.AudioInput) quality.Score {
	if p.quality != nil {
		return p.quality.Audio(in)
	}
	return quality.Audio(in)
}

func (p *Partition) scoreVideo(in quality.VideoInput) quality.Score {
	if p.quality != nil {
		return p.quality.Video(in)
	}
	return quality.Video(in)
}
