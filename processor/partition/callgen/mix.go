package callgen

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	earshotv1 "github.com/earshot-rtc/earshot/schemas/proto/earshot/v1"
)

// Mix makes the records of calls of many shapes in which much happens: people join, leave, move and mute, ICE and SFUs restart,
// delays change, clocks are wrong. Every third call lasts all the time; the others begin and end in it. Some samples come twice, late
// or out of order, and poison of them cannot be read. The same arguments give the same records, in order of receipt.
func Mix(seed uint64, calls int, start time.Time, span time.Duration, poison int) []Record {
	r := rand.New(rand.NewPCG(seed, 0xda942042e4dd58b5))
	var records []Record
	for i := range calls {
		records = append(records, mixed(r, seed, i, start, span)...)
	}
	byTime := func(a, b Record) int { return a.Time.Compare(b.Time) }
	slices.SortStableFunc(records, byTime)
	for range len(records) / 50 {
		again := records[r.IntN(len(records))]
		again.Time = again.Time.Add(time.Duration(r.IntN(20_000)) * time.Millisecond)
		records = append(records, again)
	}
	for i := range poison {
		at := records[r.IntN(len(records))]
		at.Value = [][]byte{[]byte("poison"), {}, at.Value[:len(at.Value)/2], {0x0a, 0x02, 0x0a, 0x00}}[i%4]
		records = append(records, at)
	}
	slices.SortStableFunc(records, byTime)
	for range len(records) / 50 { // brokers get them in another order than they were received in
		i := r.IntN(len(records) - 1)
		records[i], records[i+1] = records[i+1], records[i]
	}
	return records
}

// mixed makes one call.
func mixed(r *rand.Rand, seed uint64, i int, start time.Time, span time.Duration) []Record {
	cfg := Config{
		ID: fmt.Sprintf("mix-%d-%d", seed, i), Seed: seed*1000 + uint64(i), Start: start,
		Clients: 2 + r.IntN(4), SFUs: 1 + r.IntN(3), Shape: Shape(r.IntN(3)), P2P: i%5 == 4, Publishers: 100, Layers: 1 + r.IntN(3),
		Interval: []time.Duration{time.Second, 2 * time.Second, 5 * time.Second}[r.IntN(3)],
		XR:       r.IntN(2) == 0, Keys: Keys(r.IntN(int(NoKeys) + 1)), SkewClocks: r.IntN(3) == 0,
		Noise: Jitter(time.Duration(r.IntN(8)) * time.Millisecond),
		Lose:  func(r *rand.Rand) bool { return r.IntN(10) == 0 },
	}
	end := start.Add(span)
	if i%3 != 0 {
		cfg.Start = start.Add(time.Duration(r.Int64N(int64(span / 2))))
		end = cfg.Start.Add(time.Duration(r.Int64N(int64(end.Sub(cfg.Start)))))
	}
	c := New(cfg)
	var records []Record
	take := func(m *earshotv1.Sample, received time.Time) {
		if r.IntN(40) == 0 {
			return // lost on its way
		}
		value, err := m.MarshalVT()
		if err != nil {
			panic(err) // a sample of our own making
		}
		records = append(records, Record{Key: []byte(m.CallId), Value: value, Time: received.Truncate(time.Millisecond)})
	}
	for c.Now().Before(end) {
		next := c.Now().Add(time.Duration(1+r.IntN(15)) * time.Second)
		if next.After(end) {
			next = end
		}
		c.Until(next, take)
		c.stir(r)
		if r.IntN(15) == 0 {
			c.pause(time.Duration(r.IntN(40)) * time.Second)
		}
	}
	return records
}

// pause lets nobody say anything for a while.
func (c *Call) pause(d time.Duration) {
	for _, n := range append(slices.Clone(c.clients), c.sfus...) {
		n.next = n.next.Add(d)
	}
	c.now = c.now.Add(d)
}

// stir lets something happen.
func (c *Call) stir(r *rand.Rand) {
	i := r.IntN(len(c.clients))
	if c.cfg.P2P || c.clients[i].left {
		return
	}
	switch r.IntN(12) {
	case 0:
		c.Move(i, r.IntN(c.cfg.SFUs))
	case 1:
		if len(c.clients) < 8 {
			c.Join()
		}
	case 2:
		if i > 1 {
			c.Leave(i)
		}
	case 3:
		c.Mute(i, !c.clients[i].muted)
	case 4:
		c.RestartICE(i)
	case 5:
		if r.IntN(3) == 0 {
			c.RestartSFU(r.IntN(c.cfg.SFUs))
		}
	case 6, 7:
		c.SetClientRTT(i, time.Duration(10+r.IntN(300))*time.Millisecond)
	}
}
