// Package corpus makes days of traffic up, with regressions in them, and replays them through the detector. A seed goes in; what calls
// had window by window, what was done to them, and how well it was found come out. The same seed gives the same days. Tests and
// docs/alerting.md use it.
package corpus

import (
	"math"
	"math/rand/v2"
	"time"
)

// place is a region with its SFU.
type place struct {
	region, sfu string
	x, y        float64 // degrees
	zone        int     // hours east of UTC
	share       float64 // of all people
}

var places = []place{
	{"eu-central", "fra", 8.7, 50.1, 1, 0.26},
	{"eu-west", "lhr", -0.5, 51.5, 0, 0.17},
	{"us-east", "iad", -77.5, 39.0, -5, 0.22},
	{"us-west", "sjc", -121.9, 37.3, -8, 0.12},
	{"ap-south", "bom", 72.9, 19.1, 5, 0.11},
	{"ap-southeast", "sin", 103.8, 1.4, 8, 0.07},
	{"sa-east", "gru", -46.5, -23.4, -3, 0.05},
}

// operator is an access network in one region.
type operator struct {
	asn    uint32
	share  float64 // of the region's people
	base   float64 // ms to the SFU of the region
	swing  float64 // ms more in the busiest hour
	spread float64 // sigma of what clients differ by
}

// world is what does not change from one day to the next, or slowly.
type world struct {
	operators [][]operator // by place
	links     [][]link     // by two places, the lesser first
}

// link is between the SFUs of two places.
type link struct {
	base, swing float64       // ms, and ms more in the busiest hour
	drift       float64       // ms, over days
	period      time.Duration // of the drift
	phase       float64
	moved       float64 // ms that it has been longer since movedAt: what is new to last week is not new to the hours before
	movedAt     time.Time
}

func makeWorld(seed uint64, start time.Time) *world {
	r := rand.New(rand.NewPCG(seed, 0x5eed))
	w := &world{}
	for i := range places {
		var of []operator
		for j, share := range []float64{0.42, 0.28, 0.19, 0.11} {
			of = append(of, operator{
				asn: uint32(64500 + 10*i + j), share: share, base: 8 + 30*r.Float64(), swing: 22 * r.Float64() * r.Float64(),
				spread: 0.5 + 0.5*r.Float64(),
			})
		}
		w.operators = append(w.operators, of)
	}
	for i := range places {
		w.links = append(w.links, make([]link, len(places)))
		for j := i + 1; j < len(places); j++ {
			l := link{base: distance(i, j) * (1 + 0.3*r.Float64()), swing: 8 * r.Float64() * r.Float64(), drift: 4 * r.Float64()}
			l.period = time.Duration(24 * float64(time.Hour) * (2 + 5*r.Float64()))
			l.phase = 2 * math.Pi * r.Float64()
			if r.Float64() < 0.15 {
				l.moved, l.movedAt = min(15+30*r.Float64(), l.base/2), start.Add(-time.Duration(24*float64(time.Hour)*(1+4*r.Float64())))
			}
			w.links[i][j] = l
		}
	}
	return w
}

// distance is the round-trip time of light in glass on the great circle, half as long again, in ms.
func distance(i, j int) float64 {
	rad := math.Pi / 180
	a, b := places[i], places[j]
	c := math.Sin(a.y*rad)*math.Sin(b.y*rad) + math.Cos(a.y*rad)*math.Cos(b.y*rad)*math.Cos((a.x-b.x)*rad)
	return 1 + 2*1.5*6371*math.Acos(min(c, 1))/200
}

// busy is how much is going on at a place, 0 to 1: little at night, most in the afternoon, less on weekends.
func busy(p int, at time.Time) float64 {
	local := at.Add(time.Duration(places[p].zone) * time.Hour)
	h := float64(local.Hour()) + float64(local.Minute())/60
	v := 0.12 + 0.88*math.Exp(-(h-14)*(h-14)/(2*3.8*3.8))
	if local.Weekday() == time.Saturday || local.Weekday() == time.Sunday {
		v *= 0.5
	}
	return v
}

// crowded is how full the access networks are, 0 to 1: most in the evening, also on weekends.
func crowded(p int, at time.Time) float64 {
	local := at.Add(time.Duration(places[p].zone) * time.Hour)
	h := float64(local.Hour()) + float64(local.Minute())/60
	if h < 6 {
		h += 24 // the evening does not end at midnight
	}
	return math.Exp(-(h-20.5)*(h-20.5)/(2*2.2*2.2)) + 0.3*math.Exp(-(h-12)*(h-12)/(2*3*3))
}

// rtt is the level of the link between two places at a time, in ms.
func (w *world) rtt(i, j int, at time.Time) float64 {
	if i == j {
		return 0
	}
	l := &w.links[min(i, j)][max(i, j)]
	ms := l.base + l.swing*(busy(i, at)+busy(j, at))/2 + l.drift*math.Sin(l.phase+2*math.Pi*float64(at.Unix())/l.period.Seconds())
	if !l.movedAt.IsZero() && !at.Before(l.movedAt) {
		ms += l.moved
	}
	return ms
}

// nearest is the places in order of their distance.
func nearest(p int) []int {
	var out []int
	for i := range places {
		at := len(out)
		for at > 0 && distance(p, out[at-1]) > distance(p, i) {
			at--
		}
		out = append(out[:at], append([]int{i}, out[at:]...)...)
	}
	return out
}
