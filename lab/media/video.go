package media

import (
	"slices"
	"sync"
	"time"
)

// VideoStats are running totals.
type VideoStats struct {
	Frames, KeyFrames, Dropped uint64
	Width, Height              uint16
	FreezeCount                uint64
	FreezeDuration             time.Duration
	// JitterBufferDelay is the sum, over emitted frames, of the time from a frame's first packet until it was played.
	JitterBufferDelay time.Duration
	Emitted           uint64
	Target            time.Duration
	DecodeTime        time.Duration // modelled from the number of pixels
	ProcessingDelay   time.Duration // buffer and decoder
}

const (
	videoPatience  = 400 * time.Millisecond // for a frame that is not whole, before going on without it
	videoAskAgain  = 500 * time.Millisecond
	videoBufferTo  = 500 * time.Millisecond
	videoPending   = 120 // frames held at most
	freezeAtLeast  = 150 * time.Millisecond
	freezeAverage  = 30 // frames that the mean interval is over, as in the definition of freezeCount
	freezeMultiple = 3
)

// Video is the playout of one received video stream: frames are put together, wait for what they depend on and for their
// time, and are decoded; one that stays broken costs all frames up to the next key frame. It shows nothing; it keeps the
// accounts. It is safe for concurrent use.
type Video struct {
	mu       sync.Mutex
	timing   timing
	stats    VideoStats
	pending  []*frame // by timestamp
	begun    bool
	last     uint16 // sequence number that the decoded frames end with
	lastTS   uint32
	shown    time.Time
	interval time.Duration // mean
	asked    time.Time
}

type frame struct {
	stamp         uint32
	first, final  uint16
	count         int
	start, end    bool
	key           bool
	width, height uint16
	arrival, done time.Time
	media         time.Duration
}

func (f *frame) whole() bool {
	return f.start && f.end && f.count == int(f.final-f.first)+1
}

// NewVideoPlayout makes an empty buffer.
func NewVideoPlayout() *Video {
	return &Video{timing: timing{rate: VideoClock}}
}

// Packet takes a packet that arrived, and says whether to ask the sender for a key frame.
func (v *Video) Packet(arrival time.Time, sequence uint16, stamp uint32, marker bool, payload []byte) (askKey bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	media := v.timing.observe(arrival, stamp)
	if v.begun && int32(stamp-v.lastTS) <= 0 {
		return false // of a frame that is shown or given up, or a repeat
	}
	f := v.frame(stamp, sequence, arrival)
	f.media = media
	f.count++
	if int16(sequence-f.first) < 0 {
		f.first = sequence
	}
	if int16(sequence-f.final) > 0 {
		f.final = sequence
	}
	if start, key := VP8Start(payload); start {
		f.start, f.key = true, key
		f.width, f.height, _ = vp8Size(payload)
	}
	f.end = f.end || marker
	if f.whole() {
		f.done = arrival
	}
	return v.decode(arrival)
}

// frame finds or makes the frame of a timestamp.
func (v *Video) frame(stamp uint32, sequence uint16, arrival time.Time) *frame {
	i, found := slices.BinarySearchFunc(v.pending, stamp, func(f *frame, s uint32) int { return int(int32(f.stamp - s)) })
	if !found {
		v.pending = slices.Insert(v.pending, i, &frame{stamp: stamp, first: sequence, final: sequence, arrival: arrival})
	}
	return v.pending[i]
}

// decode takes all frames that can be had by now, and says whether only a key frame helps.
func (v *Video) decode(now time.Time) (askKey bool) {
	for len(v.pending) > 0 {
		f := v.pending[0]
		follows := f.key || v.begun && f.first == v.last+1
		if f.whole() && follows {
			v.emit(f)
			v.pending = v.pending[1:]
			continue
		}
		if !f.whole() && now.Sub(f.arrival) < videoPatience && len(v.pending) < videoPending ||
			f.whole() && !follows && v.begun && now.Sub(f.done) < videoPatience && len(v.pending) < videoPending {
			return false // it, or the one before it, may yet be repaired
		}
		// Go on from the next whole key frame, or wait for one.
		next := slices.IndexFunc(v.pending, func(f *frame) bool { return f.key && f.whole() })
		if next < 0 {
			next = len(v.pending)
			askKey = now.Sub(v.asked) >= videoAskAgain
		}
		v.stats.Dropped += uint64(next)
		if next > 0 && v.begun {
			v.lastTS = v.pending[next-1].stamp
		}
		v.pending = slices.Delete(v.pending, 0, next)
		if askKey {
			v.asked = now
		}
	}
	return askKey
}

// emit accounts for a frame that is decoded and shown at its time.
func (v *Video) emit(f *frame) {
	target := min(v.timing.target(), videoBufferTo)
	shown := v.timing.due(f.media, target)
	if shown.Before(f.done) {
		shown = f.done
	}
	if f.key {
		v.stats.KeyFrames++
		v.stats.Width, v.stats.Height = f.width, f.height
	}
	decode := decodeTime(v.stats.Width, v.stats.Height)
	wait := shown.Sub(f.arrival)
	v.stats.Frames++
	v.stats.Emitted++
	v.stats.JitterBufferDelay += wait
	v.stats.DecodeTime += decode
	v.stats.ProcessingDelay += wait + decode
	v.stats.Target = target
	v.freeze(shown)
	v.begun, v.last, v.lastTS = true, f.final, f.stamp
}

// freeze follows the definition of freezeCount in the W3C's webrtc-stats: a frame later than three mean intervals, and than
// the mean and 150 ms.
func (v *Video) freeze(shown time.Time) {
	if !v.shown.IsZero() {
		d := shown.Sub(v.shown)
		switch {
		case v.interval == 0:
			v.interval = d
		case d > max(freezeMultiple*v.interval, v.interval+freezeAtLeast):
			v.stats.FreezeCount++
			v.stats.FreezeDuration += d
		default:
			v.interval += (d - v.interval) / freezeAverage
		}
	}
	v.shown = shown
}

// Stats gives the totals.
func (v *Video) Stats() VideoStats {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.stats
}
