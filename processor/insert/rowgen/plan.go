package rowgen

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
)

// plan is what is decided of a call before it begins.
type plan struct {
	first, windows int // of the day's windows
	clients        int
	seed           uint64
}

// Who gets whom in a call: in a large one most only listen.
const (
	maxSpeakers = 9
	videoShare  = 0.7
	maxVideos   = 6
)

// planCalls draws calls until they have the rows that are asked for.
func planCalls(rng *rand.Rand, cfg Config) []plan {
	day := int(cfg.Length.Milliseconds() / windowMs)
	var calls []plan
	for rows := 0; rows < cfg.Rows; {
		p := plan{clients: size(rng), seed: rng.Uint64()}
		// A log-normal with a median of 17 minutes, from one minute to three hours.
		minutes := min(max(17*math.Exp(0.8*rng.NormFloat64()), 1), 180)
		p.windows = min(int(minutes*60_000/windowMs), day)
		p.first = startOf(rng, day-p.windows)
		perWindow := p.tracks()
		if left := (cfg.Rows - rows + perWindow - 1) / perWindow; p.windows > left {
			p.windows = left
		}
		rows += perWindow * p.windows
		calls = append(calls, p)
	}
	slices.SortStableFunc(calls, func(a, b plan) int { return cmp.Compare(a.first, b.first) })
	return calls
}

func size(rng *rand.Rand) int {
	switch x := rng.Float64(); {
	case x < 0.42:
		return 2
	case x < 0.78:
		return 3 + rng.IntN(3)
	case x < 0.97:
		return 6 + rng.IntN(7)
	default:
		return 13 + rng.IntN(18)
	}
}

// startOf draws a window: there are five times as many calls at noon as at midnight.
func startOf(rng *rand.Rand, windows int) int {
	for windows > 0 {
		w := rng.IntN(windows)
		if hour := 24 * float64(w) / float64(windows); rng.Float64() < 0.6-0.4*math.Cos(hour/24*2*math.Pi) {
			return w
		}
	}
	return 0
}

// speakers are how many of the clients publish audio, videos how many of these publish video too.
func (p plan) speakers() int { return min(p.clients, maxSpeakers) }

func (p plan) videos() int {
	return min(int(math.Ceil(videoShare*float64(p.speakers()))), maxVideos)
}

// tracks is how many tracks are received in a window.
func (p plan) tracks() int { return (p.clients - 1) * (p.speakers() + p.videos()) }
