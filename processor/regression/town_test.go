package regression_test

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/earshot-rtc/earshot/processor/regression"
)

// town is calls between two regions over two SFUs and a third that can be on the way. Each call stays for an hour.
type town struct {
	rand     *rand.Rand
	at       time.Time
	calls    int
	core     float64            // ms between fra and iad
	operator map[uint32]float64 // ms that its clients have more
	version  map[string]float64
	site     map[string]float64
	detour   bool                                               // fra>lhr>iad
	pick     func(r *rand.Rand, region string) (uint32, string) // operator and version of who joins
	noise    float64
	clients  []townsman
}

type townsman struct {
	end  regression.End
	sfu  string
	own  float64
	ends time.Time
}

func newTown(seed uint64, calls int) *town {
	t := &town{
		rand: rand.New(rand.NewPCG(seed, 7)), at: time.Date(2026, 3, 3, 9, 0, 0, 0, time.UTC), calls: calls, core: 90,
		operator: map[uint32]float64{}, version: map[string]float64{}, site: map[string]float64{}, noise: 1,
	}
	t.pick = func(r *rand.Rand, region string) (uint32, string) {
		base := uint32(100)
		if region == "us" {
			base = 200
		}
		return base + uint32(r.IntN(3)), []string{"1.0", "1.1"}[r.IntN(2)]
	}
	t.clients = make([]townsman, 2*calls)
	return t
}

// window is the observations of the next one.
func (t *town) window() (time.Time, []regression.Observation) {
	start := t.at
	t.at = t.at.Add(time.Minute)
	var out []regression.Observation
	for c := range t.calls {
		var access [2]float64
		for side := range 2 {
			p := &t.clients[2*c+side]
			if !start.Before(p.ends) {
				region, sfu := "eu", "fra"
				if side == 1 {
					region, sfu = "us", "iad"
				}
				asn, version := t.pick(t.rand, region)
				p.end, p.sfu = regression.End{Region: region, ASN: asn, Version: version}, sfu
				p.own = 15 + 8*t.rand.ExpFloat64()
				p.ends = start.Add(time.Duration(10+t.rand.IntN(50)) * time.Minute)
			}
			access[side] = p.own + t.noise*t.rand.ExpFloat64() + t.operator[p.end.ASN] + t.version[p.end.Version] + t.site[p.sfu]
		}
		core, path := []float64{t.core + t.noise*t.rand.ExpFloat64()}, []string{"fra", "iad"}
		if t.detour {
			core, path = []float64{40 + t.noise*t.rand.ExpFloat64(), 110 + t.noise*t.rand.ExpFloat64()}, []string{"fra", "lhr", "iad"}
		}
		o := regression.Observation{
			Call: fmt.Sprint(c, "-", t.clients[2*c].ends.Unix()), Publisher: t.clients[2*c].end, Subscriber: t.clients[2*c+1].end, Path: path,
			Hops: append(append([]float64{access[0]}, core...), access[1]),
		}
		for _, h := range o.Hops {
			o.RTT += h
		}
		out = append(out, o)
	}
	return start, out
}

// run gives a detector so many windows, and returns everything that it said.
func (t *town) run(d *regression.Detector, known *[]regression.Regression, windows int) (said []regression.Regression) {
	for range windows {
		d.Add(t.window())
		changed := d.Evaluate(nil, *known)
		said = append(said, changed...)
		for _, c := range changed {
			was := false
			for i := range *known {
				if (*known)[i].ID == c.ID {
					(*known)[i], was = c, true
				}
			}
			if !was {
				*known = append(*known, c)
			}
		}
	}
	return said
}
