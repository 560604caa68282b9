package media

import (
	"math/rand/v2"
	"sync"
	"time"

	"github.com/pion/rtp"
)

// Kind of media.
type Kind int

// The kinds.
const (
	KindAudio Kind = iota
	KindVideo
)

// Writer takes packets. It may change the header but keep neither header nor payload.
type Writer interface {
	WriteRTP(h *rtp.Header, payload []byte)
}

// Layer is one encoding of video.
type Layer struct {
	// RID is "" where there is one layer only.
	RID           string
	Width, Height uint16
	BitsPerSecond int
}

// The layers of a simulcast publisher, and the one of others.
var (
	Simulcast = []Layer{{"q", 320, 180, 120_000}, {"h", 640, 360, 250_000}, {"f", 1280, 720, 500_000}}
	Plain     = []Layer{{"", 640, 360, 500_000}}
)

const (
	// AudioClock is the RTP clock rate of Opus.
	AudioClock = 48000
	// VideoClock is the RTP clock rate of VP8.
	VideoClock = 90000

	audioFrame   = 20 * time.Millisecond
	audioTicks   = AudioClock / 50
	audioMin     = 80
	audioMax     = 160
	framesPerSec = 30
	videoTicks   = VideoClock / framesPerSec

	payloadMax = 1150 // leaves room for headers and the authentication tag in a 1200-byte datagram
	keyEvery   = 10 * time.Second
	keyFactor  = 5 // a key frame is so much larger than others

	// maxBehind is how late a source may be and still make up for it; a host that was asleep starts afresh.
	maxBehind = time.Second
)

// SourceStats are running totals of one encoding.
type SourceStats struct {
	Frames, KeyFrames uint64
	Width, Height     uint16
	// EncodeTime is modelled from the number of pixels; there is no encoder.
	EncodeTime time.Duration
	// SendDelay is measured: from when a packet was due until it had been handed to the network.
	SendDelay time.Duration
	Muted     bool
}

// Source is a microphone or a camera with its encoder. It is a Task, and safe for concurrent use.
type Source struct {
	kind  Kind
	start time.Time
	rand  *rand.Rand // used in Tick only

	mu        sync.Mutex
	encodings []*encoding
	muted     bool
	next      uint64 // frames since start
	silent    bool   // the last frame was not sent
}

type encoding struct {
	Layer
	writers  []Writer
	sequence uint16
	stamp    uint32
	wantKey  bool
	lastKey  time.Time
	stats    SourceStats
}

// NewAudio makes a microphone.
func NewAudio(seed uint64) *Source { return newSource(KindAudio, seed, []Layer{{}}) }

// NewVideo makes a camera that is encoded in the given layers.
func NewVideo(seed uint64, layers []Layer) *Source { return newSource(KindVideo, seed, layers) }

func newSource(kind Kind, seed uint64, layers []Layer) *Source {
	s := &Source{kind: kind, rand: rand.New(rand.NewPCG(seed, 0x50fa))}
	for _, l := range layers {
		s.encodings = append(s.encodings, &encoding{Layer: l, sequence: uint16(s.rand.Uint32()), stamp: s.rand.Uint32(), wantKey: true})
	}
	return s
}

// Begin gives the time of the first frame: now, plus a phase of its own so that sources do not send in step.
func (s *Source) Begin(now time.Time) time.Time {
	s.start = now.Add(time.Duration(s.rand.Int64N(int64(s.interval()))))
	return s.start
}

func (s *Source) interval() time.Duration {
	if s.kind == KindAudio {
		return audioFrame
	}
	return time.Second / framesPerSec
}

// Output adds a writer of the encoding with the given RID, and asks for a key frame. Remove takes it away.
func (s *Source) Output(rid string, w Writer) (remove func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range s.encodings {
		if e.RID == rid {
			e.writers = append(e.writers, w)
			e.wantKey = true
			return func() { s.remove(e, w) }
		}
	}
	return func() {}
}

func (s *Source) remove(e *encoding, w Writer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range e.writers {
		if e.writers[i] == w {
			e.writers = append(e.writers[:i:i], e.writers[i+1:]...)
			return
		}
	}
}

// Mute stops or resumes sending. The RTP clock runs on.
func (s *Source) Mute(muted bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.muted = muted
	for _, e := range s.encodings {
		e.wantKey = true
	}
}

// KeyFrame makes the next frame of an encoding a key frame, as a PLI asks.
func (s *Source) KeyFrame(rid string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range s.encodings {
		if e.RID == rid {
			e.wantKey = true
		}
	}
}

// Stats of one encoding.
func (s *Source) Stats(rid string) SourceStats {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range s.encodings {
		if e.RID == rid {
			e.stats.Width, e.stats.Height, e.stats.Muted = e.Width, e.Height, s.muted
			return e.stats
		}
	}
	return SourceStats{}
}

// Tick sends one frame of every encoding.
func (s *Source) Tick(due time.Time) time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	frame := s.next
	s.next++
	if s.muted {
		s.silent = true
	} else {
		for _, e := range s.encodings {
			if s.kind == KindAudio {
				s.audio(e, frame, due)
			} else {
				s.video(e, frame, due)
			}
		}
		s.silent = false
	}
	if behind := time.Since(due); behind > maxBehind {
		s.next += uint64(behind / s.interval())
	}
	return s.start.Add(time.Duration(s.next) * time.Second / (time.Second / s.interval()))
}

func (s *Source) audio(e *encoding, frame uint64, due time.Time) {
	h := rtp.Header{Version: 2, Marker: s.silent, Timestamp: e.stamp + uint32(frame)*audioTicks}
	e.stats.Frames++
	e.stats.EncodeTime += audioEncodeTime
	e.send(&h, noise[:audioMin+s.rand.IntN(audioMax-audioMin+1)], due)
}

func (s *Source) video(e *encoding, frame uint64, due time.Time) {
	key := e.wantKey || due.Sub(e.lastKey) >= keyEvery
	size := e.BitsPerSecond / 8 / framesPerSec
	size = size*3/4 + s.rand.IntN(size/2+1)
	if key {
		size *= keyFactor
		e.wantKey, e.lastKey = false, due
		e.stats.KeyFrames++
	}
	e.stats.Frames++
	e.stats.EncodeTime += encodeTime(e.Layer)
	h := rtp.Header{Version: 2, Timestamp: e.stamp + uint32(frame)*videoTicks}
	for first := true; size > 0; first = false {
		n := min(size, payloadMax)
		size -= n
		var buf [payloadMax + vp8HeaderMax]byte
		start := vp8Header(buf[:], first, key, e.Width, e.Height)
		copy(buf[start:], noise[:n])
		h.Marker = size == 0
		e.send(&h, buf[:start+n], due)
	}
}

func (e *encoding) send(h *rtp.Header, payload []byte, due time.Time) {
	h.SequenceNumber = e.sequence
	e.sequence++
	for _, w := range e.writers {
		out := *h
		w.WriteRTP(&out, payload)
	}
	e.stats.SendDelay += max(time.Since(due), 0)
}

// noise is the content of all packets; nobody looks at it.
var noise = func() (b [payloadMax]byte) {
	r := rand.New(rand.NewPCG(1, 1))
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}()
