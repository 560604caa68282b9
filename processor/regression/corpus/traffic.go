package corpus

import (
	"fmt"
	"math"
	"math/rand/v2"
	"time"

	"github.com/earshot-rtc/earshot/processor/regression"
)

// window is the length of all windows.
const window = time.Minute

// client is somebody in a call.
type client struct {
	region  string
	place   int
	home    int // place of its SFU, as long as that is not drained
	asn     uint32
	op      *operator
	version string
	offset  float64 // ms, what is particular to this client
	wander  float64 // ms, autocorrelated
	trouble int     // windows that its own trouble lasts
	worse   float64 // ms, its trouble
	at      float64 // ms in this window, without the SFU
}

type call struct {
	id      string
	ends    time.Time
	clients []*client
	bad     bool // one of Case BadCalls
}

// traffic is calls as they come and go. It is not safe for concurrent use.
type traffic struct {
	world  *world
	rand   *rand.Rand
	at     time.Time
	peak   float64 // calls at once in the busiest hour
	cases  []Case
	calls  []*call
	made   int
	shared [][]float64 // ms that all calls on a link have in this window, autocorrelated
	prefix string
}

// warm is for how long calls have come before the first window.
const warm = 90 * time.Minute

func makeTraffic(w *world, seed uint64, from time.Time, peak float64, cases []Case) *traffic {
	t := &traffic{
		world: w, rand: rand.New(rand.NewPCG(seed, uint64(from.Unix()))), at: from.Add(-warm), peak: peak, cases: cases,
		prefix: fmt.Sprintf("%x-%x", seed, from.Unix()),
	}
	for range places {
		t.shared = append(t.shared, make([]float64, len(places)))
	}
	for t.at.Before(from) {
		t.turn()
		t.at = t.at.Add(window)
	}
	return t
}

// next is the observations of the next window.
func (t *traffic) next() (time.Time, []regression.Observation) {
	start := t.at
	t.turn()
	t.at = t.at.Add(window)
	for i := range t.cases {
		if c := &t.cases[i]; c.Kind == Gap && c.size(middle(start)) > 0 && t.rand.IntN(2) == 0 {
			return start, nil
		}
	}
	var out []regression.Observation
	for _, c := range t.calls {
		out = t.observe(out, c, start)
	}
	return start, out
}

func middle(start time.Time) time.Time { return start.Add(window / 2) }

// turn lets calls end and begin, and everything wander.
func (t *traffic) turn() {
	kept := t.calls[:0]
	for _, c := range t.calls {
		if c.ends.After(t.at) {
			kept = append(kept, c)
		}
	}
	t.calls = kept
	load := 0.0
	for i := range places {
		load += places[i].share * busy(i, t.at)
	}
	const meanMinutes = 27
	rate := t.peak / meanMinutes * load / 0.7
	for range t.poisson(rate) {
		t.begin(t.anywhere(), false)
	}
	t.extras(rate)
	for i := range t.shared {
		for j := range t.shared[i] {
			t.shared[i][j] = 0.8*t.shared[i][j] + 0.6*t.rand.NormFloat64()
			if t.rand.Float64() < 1.0/3000 {
				t.shared[i][j] += 10 + 40*t.rand.Float64() // most of it is gone in the next window
			} else if t.shared[i][j] > 8 {
				t.shared[i][j] /= 8
			}
		}
	}
	for _, c := range t.calls {
		for _, cl := range c.clients {
			t.wander(cl)
		}
	}
}

func (t *traffic) wander(c *client) {
	c.wander = 0.8*c.wander + 2*t.rand.NormFloat64()
	if c.trouble > 0 {
		c.trouble--
	} else if t.rand.Float64() < 0.004 {
		c.trouble, c.worse = 1+int(6*t.rand.ExpFloat64()), 40+120*t.rand.ExpFloat64()
	}
	c.at = c.op.base + c.op.swing*crowded(c.place, t.at) + c.offset + math.Abs(c.wander) + 0.5*t.rand.ExpFloat64()
	if c.trouble > 0 {
		c.at += c.worse
	}
}

func (t *traffic) poisson(mean float64) int {
	n, p, limit := 0, t.rand.Float64(), math.Exp(-mean)
	for p > limit {
		n++
		p *= t.rand.Float64()
	}
	return n
}

// anywhere is a place where a call begins now.
func (t *traffic) anywhere() int {
	total := 0.0
	for i := range places {
		total += places[i].share * busy(i, t.at)
	}
	x := total * t.rand.Float64()
	for i := range places {
		if x -= places[i].share * busy(i, t.at); x < 0 {
			return i
		}
	}
	return 0
}

func (t *traffic) begin(home int, far bool) *call {
	t.made++
	minutes := min(18*math.Exp(0.9*t.rand.NormFloat64()), 180)
	c := &call{id: fmt.Sprintf("%s-%d", t.prefix, t.made), ends: t.at.Add(time.Duration(minutes * float64(time.Minute)))}
	size := min(2+t.poisson(0.9), 6)
	for range size {
		place := home
		if t.rand.Float64() > 0.6 {
			place = t.anywhere()
		}
		c.clients = append(c.clients, t.join(place, far))
	}
	t.calls = append(t.calls, c)
	return c
}

func (t *traffic) join(place int, far bool) *client {
	c := &client{region: places[place].region, place: place, home: place}
	if t.rand.Float64() < 0.06 {
		c.home = nearest(place)[1]
	}
	x, of := t.rand.Float64(), t.world.operators[place]
	if far {
		x = 1 - x*x // more of the small operators
	}
	for i := range of {
		if c.op = &of[i]; x < of[i].share {
			break
		}
		x -= of[i].share
	}
	c.asn = c.op.asn
	c.offset = 6 * math.Exp(c.op.spread*t.rand.NormFloat64())
	c.version = []string{"4.0", "4.0", "4.0", "4.0", "4.0", "3.9", "3.9", "3.9", "3.8", "m2.1"}[t.rand.IntN(10)]
	if c.version == "m2.1" {
		c.offset += 25 // on phones, always
	}
	for i := range t.cases {
		t.roll(&t.cases[i], c)
	}
	t.wander(c)
	return c
}

// roll gives a new version to some who join.
func (t *traffic) roll(k *Case, c *client) {
	size := k.size(t.at)
	if size == 0 || c.version == "m2.1" {
		return
	}
	share := min(float64(t.at.Sub(k.From))/float64(rolloutFor), 1) * mostRolled
	switch k.Kind {
	case Rollout:
		if t.rand.Float64() < share {
			c.version = k.Version
		}
	case FarRollout:
		if c.offset > 6*math.Exp(0.6*c.op.spread) && t.rand.Float64() < share/mostRolled {
			c.version = k.Version
		}
	}
}

// extras are the calls that a case adds.
func (t *traffic) extras(rate float64) {
	for i := range t.cases {
		k := &t.cases[i]
		if k.size(t.at) == 0 {
			continue
		}
		switch k.Kind {
		case FarMix:
			for range t.poisson(2 * rate) {
				c := t.begin([]int{4, 5, 6}[t.rand.IntN(3)], true)
				c.clients[0] = t.join(t.anywhere(), true)
			}
		case NewRegion:
			for range t.poisson(rate / 2) {
				c := t.begin(0, false)
				for _, cl := range c.clients[:len(c.clients)-1] {
					cl.region, cl.asn, cl.home = "af-south", 64900, 0
					cl.offset += 150
				}
			}
		case BadCalls:
			if t.at.Sub(k.From) < 3*window {
				c := t.begin(k.Where, false)
				c.bad, c.ends = t.at.Sub(k.From) < window, t.at.Add(70*time.Minute)
				c.clients = append(c.clients, t.join(k.Where, false), t.join(k.And, false))
				for _, cl := range c.clients {
					cl.trouble, cl.worse = 100, 100+200*t.rand.Float64()
				}
			}
		}
	}
}
