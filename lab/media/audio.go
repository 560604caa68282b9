package media

import (
	"sync"
	"time"
)

// AudioStats are running totals; samples are of the codec's clock, 48 kHz.
type AudioStats struct {
	SamplesReceived   uint64 // played, concealed ones included, as getStats counts
	SamplesConcealed  uint64
	ConcealmentEvents uint64
	PacketsDiscarded  uint64 // came too late to be played
	// JitterBufferDelay is the sum, over emitted samples, of the time from a packet's arrival until it was due to be played.
	JitterBufferDelay time.Duration
	Emitted           uint64
	Target            time.Duration // of the buffer now
	DecodeTime        time.Duration // modelled per frame
	PlayoutDelay      time.Duration // modelled: the sum over emitted samples of one device buffer
}

const (
	audioHistory  = 512                   // packets in the buffer at most: ten seconds
	audioGranule  = 20 * time.Millisecond // buffers grow and shrink by whole frames
	audioDevice   = 20 * time.Millisecond // what the sound card holds
	audioBufferTo = 400 * time.Millisecond
)

// Audio is the playout of one received audio stream: an adaptive jitter buffer that plays every packet at its time and
// conceals what is not there by then. It plays nothing; it keeps the accounts. It is safe for concurrent use.
type Audio struct {
	mu        sync.Mutex
	timing    timing
	stats     AudioStats
	begun     bool
	next      uint16 // sequence number to be played next
	highest   uint16
	nextMedia time.Duration
	slots     [audioHistory]audioSlot
	buffer    time.Duration
	gap       bool // concealing
}

type audioSlot struct {
	full     bool
	sequence uint16
	media    time.Duration
	arrival  time.Time
}

// NewAudioPlayout makes an empty buffer.
func NewAudioPlayout() *Audio {
	return &Audio{timing: timing{rate: AudioClock}}
}

// Packet takes a packet that arrived.
func (a *Audio) Packet(arrival time.Time, sequence uint16, stamp uint32) {
	a.mu.Lock()
	defer a.mu.Unlock()
	media := a.timing.observe(arrival, stamp)
	want := min((a.timing.target()+audioGranule-1)/audioGranule*audioGranule+audioGranule, audioBufferTo)
	if !a.begun {
		a.begun, a.next, a.highest, a.nextMedia, a.buffer = true, sequence, sequence, media, want
	}
	a.buffer = want
	a.play(arrival)
	if ahead := int16(sequence - a.next); ahead < 0 {
		a.stats.PacketsDiscarded++
		return
	} else if ahead >= audioHistory {
		a.next, a.nextMedia = sequence, media // the sender began anew
	}
	a.slots[sequence%audioHistory] = audioSlot{true, sequence, media, arrival}
	if int16(sequence-a.highest) > 0 {
		a.highest = sequence
	}
}

// play accounts for all that was due by now.
func (a *Audio) play(now time.Time) {
	for int16(a.highest-a.next) >= 0 {
		slot := &a.slots[a.next%audioHistory]
		if slot.full && slot.sequence == a.next {
			due := a.timing.due(slot.media, a.buffer)
			if due.After(now) {
				return
			}
			a.stats.JitterBufferDelay += max(due.Sub(slot.arrival), 0) * audioTicks
			a.stats.Emitted += audioTicks
			a.stats.DecodeTime += audioDecodeTime
			a.stats.PlayoutDelay += audioDevice * audioTicks
			a.stats.SamplesReceived += audioTicks
			a.nextMedia = slot.media
			slot.full, a.gap = false, false
		} else {
			if a.timing.due(a.nextMedia, a.buffer).After(now) {
				return
			}
			a.stats.SamplesReceived += audioTicks
			a.stats.SamplesConcealed += audioTicks
			if !a.gap {
				a.stats.ConcealmentEvents++
			}
			a.gap = true
		}
		a.next++
		a.nextMedia += audioFrame
	}
}

// Stats plays what is due and gives the totals.
func (a *Audio) Stats(now time.Time) AudioStats {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.begun {
		a.play(now)
	}
	s := a.stats
	s.Target = a.buffer
	return s
}
