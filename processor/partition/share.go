package partition

import (
	"github.com/earshot-rtc/earshot/processor/row"
	earshotv1 "github.com/earshot-rtc/earshot/schemas/proto/earshot/v1"
)

// share is what falls to one window of what a client counted for a stream: counters run over windows' edges, so each
// window gets its part by time.
type share struct {
	window                       int64
	from                         int64 // of a gain that is still to be shared out: the time of the sample before
	seconds                      float32
	packets, lost, bytes, frames float32
	freeze, samples, concealed   float32
	buffer, emitted              float32 // µs, frames or samples
	decode, processing           float32 // µs
	playout, played              float32 // µs, samples
	encode, send, qp             float32
	jitter                       float32 // µs x seconds
	capture, captured            float32 // µs x seconds, seconds
	height, side                 uint16  // of the picture: its height, and the shorter of height and width
}

// play takes in what only clients count. The share holds what all streams count; it is empty for a stream's first sample.
func (a *arrival) play(m *earshotv1.Stream, s *strand, r *row.Stream, d *share) {
	if s.play == nil {
		s.play = &playback{shares: make([]share, 0, 2)}
	} else if d.seconds > 0 {
		a.spread(m, s.play, r, d)
	}
	b := s.play
	b.freeze, b.samples, b.concealed = m.FreezeDurationUs, m.SamplesReceived, audible(m)
	b.buffer, b.emitted = m.JitterBufferDelayUs, m.JitterBufferEmitted
	b.decode, b.processing = m.DecodeTimeUs, m.ProcessingDelayUs
	b.playout, b.played = m.PlayoutDelayUs, m.PlayoutCount
	b.encode, b.send, b.qp = m.EncodeTimeUs, m.PacketSendDelayUs, m.QpSum
}

// audible is how many samples were made up for what did not come, but for silence.
func audible(m *earshotv1.Stream) uint64 { return since(m.SamplesConcealed, m.SamplesConcealedSilent) }

// spread adds what clients count to the share, and gives it to the row and to the windows that it falls into.
func (a *arrival) spread(m *earshotv1.Stream, b *playback, r *row.Stream, d *share) {
	d.freeze, d.samples = gain(m.FreezeDurationUs, b.freeze), gain(m.SamplesReceived, b.samples)
	d.concealed = gain(audible(m), b.concealed)
	d.buffer, d.emitted = gain(m.JitterBufferDelayUs, b.buffer), gain(m.JitterBufferEmitted, b.emitted)
	d.decode, d.processing = gain(m.DecodeTimeUs, b.decode), gain(m.ProcessingDelayUs, b.processing)
	d.playout, d.played = gain(m.PlayoutDelayUs, b.playout), gain(m.PlayoutCount, b.played)
	d.encode, d.send, d.qp = gain(m.EncodeTimeUs, b.encode), gain(m.PacketSendDelayUs, b.send), gain(m.QpSum, b.qp)
	d.jitter = float32(m.JitterUs) * d.seconds
	if m.CaptureDelayUs > 0 {
		d.capture, d.captured = float32(m.CaptureDelayUs)*d.seconds, d.seconds
	}
	d.height, d.side = r.FrameHeight, min(r.FrameHeight, r.FrameWidth)
	r.FreezeRatio = min(d.freeze/1e6/d.seconds, 1)
	if d.samples > 0 {
		r.ConcealedRatio = min(d.concealed/d.samples, 1)
	}
	if d.emitted > 0 {
		r.JitterBufferMs = row.Some(d.buffer / d.emitted / 1e3)
	}
	for _, w := range a.windows(d.from) {
		b.in(w.index, a.call.next).add(d, w.part)
	}
}

func gain(now, before uint64) float32 { return float32(since(now, before)) }

// in returns the share of a window, made if need be in the place of one that has closed: next is the first that has not.
func (b *playback) in(index, next int64) *share {
	old := -1
	for i := range b.shares {
		switch w := b.shares[i].window; {
		case w == index:
			return &b.shares[i]
		case w < next:
			old = i
		}
	}
	if old < 0 {
		b.shares = append(b.shares, share{})
		old = len(b.shares) - 1
	}
	b.shares[old] = share{window: index}
	return &b.shares[old]
}

// get returns the share of a window, nil where there is none.
func (b *playback) get(index int64) *share {
	for i := range b.shares {
		if b.shares[i].window == index {
			return &b.shares[i]
		}
	}
	return nil
}

func (s *share) add(d *share, part float32) {
	s.seconds += d.seconds * part
	s.packets += d.packets * part
	s.lost += d.lost * part
	s.bytes += d.bytes * part
	s.frames += d.frames * part
	s.freeze += d.freeze * part
	s.samples += d.samples * part
	s.concealed += d.concealed * part
	s.buffer += d.buffer * part
	s.emitted += d.emitted * part
	s.decode += d.decode * part
	s.processing += d.processing * part
	s.playout += d.playout * part
	s.played += d.played * part
	s.encode += d.encode * part
	s.send += d.send * part
	s.qp += d.qp * part
	s.jitter += d.jitter * part
	s.capture += d.capture * part
	s.captured += d.captured * part
	if d.height > 0 {
		s.height, s.side = d.height, d.side
	}
}
