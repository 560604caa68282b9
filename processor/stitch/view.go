package stitch

// view is all that the sources of a link say as of an instant.
type view struct {
	n    int
	all  [len(places)]history
	seen [len(places)]reading
}

// reading is the level of one source; its n is 0 where the source says nothing.
type reading struct {
	place place
	level
}

// Endpoint noise adds 0.3 to 1.5 ms to every reading, with a heavy tail, whatever the link's length: what lies within
// noiseFull above the floor is taken for it, what lies beyond noiseNone is jitter of the network, of which the middle is the truth.
const (
	noiseFull = 2_500 // µs
	noiseNone = 5_000
	// Sources whose floors differ by more than this measure different times, not the same with different noise.
	floorFull = 5_000
	floorNone = 8_000
)

// fade is 1 up to full, 0 from none on, and linear between.
func fade(v, full, none float32) float32 {
	return max(min((none-v)/(none-full), 1), 0)
}

// look fills the view with what was measured up to an instant.
func (v *view) look(l Link, at int64) {
	v.n = 0
	for _, p := range places {
		if s := l.series(p); s != nil && s.asOf(at, &v.all[v.n]) {
			v.seen[v.n].place = p
			v.n++
		}
	}
	for i := range v.n {
		v.seen[i].level = v.level(i)
	}
}

// back takes the view back to an earlier instant. Sources that have measured nothing in between say what they said.
func (v *view) back(l Link, at int64) {
	var again [len(places)]bool
	for i := range v.n {
		r := &v.seen[i]
		if r.n == 0 || v.all[i].at[0] <= at {
			again[i] = r.n > 0 && r.lone // what it says depends on the others
			continue
		}
		again[i] = l.series(r.place).asOf(at, &v.all[i])
		if !again[i] {
			r.level = level{}
		}
	}
	for i := range v.n {
		if again[i] {
			v.seen[i].level = v.level(i)
		}
	}
}

// excess is by how much a reading's level is thought to lie above the delay: its own noise above its floor, and its floor
// above that of the others over the same time. own is the share of its spread that is taken for noise.
func (v *view) excess(r *reading) (us, own float32) {
	own = fade(r.spread, noiseFull, noiseNone)
	us = own * r.spread
	cross := float32(0)
	for i := range v.n {
		o := &v.seen[i]
		d := r.floor - o.floor
		switch {
		case o.n == 0 || o.place == r.place || d <= cross:
			continue
		case r.young:
			// Noise only adds, and it adds most when a connection begins: whoever says less is right.
			cross = d
			continue
		case o.newest < r.oldest, o.oldest < r.oldest && o.n > 1 && r.n < enough:
			continue // what the other says may be of the delay before
		}
		cross = max(cross, d*fade(d, floorFull, floorNone)*fade(o.spread, noiseFull, noiseNone)*own)
	}
	return us + cross, own
}

// enough is from how many points on a level speaks for itself; before, what was learned earlier holds.
const enough = 4

// bias is the excess, or what was learned of it before the delay last changed.
func (v *view) bias(r *reading, s *Series) (us, own float32) {
	us, own = v.excess(r)
	if r.n < enough {
		us = max(us, s.bias)
	}
	return us, own
}

// learn keeps each source's bias, for when its delay changes.
func (v *view) learn(l Link) {
	for i := range v.n {
		r := &v.seen[i]
		if r.n < enough {
			continue
		}
		s := l.series(r.place)
		if us, _ := v.excess(r); s.bias == 0 {
			s.bias = us
		} else {
			s.bias += (us - s.bias) / 4
		}
	}
}
