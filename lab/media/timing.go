package media

import "time"

// timing follows how long packets take over the fastest of late, in the manner of WebRTC's NetEq: every arrival is set
// against the RTP timestamp; what it is above the least of the last seconds is its relative delay; a slowly forgotten
// histogram of those gives the delay that all but a few packets keep.
type timing struct {
	rate   int64 // RTP clock
	begun  bool
	last   uint32
	media  time.Duration // of the last timestamp, unwrapped
	epoch  time.Time
	floor  [2]time.Duration // least transit of the bucket before and of this one
	since  time.Duration    // start of this bucket
	bins   [timingBins]float64
	weight float64
}

const (
	timingBins   = 100
	timingBin    = 5 * time.Millisecond
	timingBucket = 5 * time.Second
	timingForget = 0.998 // per packet
	timingKeep   = 0.97
)

// observe takes a packet and returns its media time.
func (t *timing) observe(arrival time.Time, stamp uint32) time.Duration {
	if !t.begun {
		t.begun, t.last, t.epoch = true, stamp, arrival
		t.floor = [2]time.Duration{1 << 62, 1 << 62}
	}
	media := t.at(stamp)
	if media > t.media {
		t.media, t.last = media, stamp
	}
	now := arrival.Sub(t.epoch)
	transit := now - media
	if now-t.since > timingBucket {
		t.floor, t.since = [2]time.Duration{t.floor[1], transit}, now
	}
	t.floor[1] = min(t.floor[1], transit)
	relative := transit - min(t.floor[0], t.floor[1])
	for i := range t.bins {
		t.bins[i] *= timingForget
	}
	t.weight = t.weight*timingForget + 1
	t.bins[min(int(relative/timingBin), timingBins-1)]++
	return media
}

// at gives the media time of a timestamp near the last.
func (t *timing) at(stamp uint32) time.Duration {
	return t.media + time.Duration(int64(int32(stamp-t.last))*int64(time.Second)/t.rate)
}

// due is when media time should be played with a buffer of the given length.
func (t *timing) due(media, buffer time.Duration) time.Time {
	return t.epoch.Add(media + min(t.floor[0], t.floor[1]) + buffer)
}

// target is the buffer that all but a few packets need.
func (t *timing) target() time.Duration {
	var sum float64
	for i, w := range t.bins {
		if sum += w; sum >= timingKeep*t.weight {
			return time.Duration(i+1) * timingBin
		}
	}
	return timingBins * timingBin
}
