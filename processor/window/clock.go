package window

// Bounds of what a source's clock is believed.
const (
	ahead  = 2_000_000   // µs that event time may run ahead of receipt: network delay is never negative, clocks err
	behind = 600_000_000 // µs that a sample may have waited for a connection before it was sent
)

// Clock turns the times of one session of a source into event time. The zero value is ready to use.
type Clock struct {
	shift int64 // what receipts say that the clock is off by, once it proved implausible
	wrong bool
}

// Offset is the outcome of a source's time exchange with the collector.
type Offset struct {
	Known bool
	Us    int64  // what to add to the source's clock
	ErrUs uint64 // the offset is wrong by no more than this
}

// Shift says what to add to times of the source's clock, given those of one sample: the offset that the source has
// measured; else nothing, where the clock may well be right; else what makes its earliest arrival immediate. ok is false in
// this last case.
func (c *Clock) Shift(sampledAt int64, o Offset, received int64) (shift int64, ok bool) {
	if o.Known && abs(o.Us) < 1<<60 && plausible(sampledAt, o.Us, received, int64(min(o.ErrUs, ahead))) {
		return o.Us, true
	}
	if received == 0 || !c.wrong && !o.Known && plausible(sampledAt, 0, received, 0) {
		return 0, true
	}
	if d := received - sampledAt; !c.wrong || d < c.shift || d > c.shift+behind {
		c.shift = d
	}
	c.wrong = true
	return c.shift, false
}

func plausible(sampledAt, shift, received, slack int64) bool {
	d := received - (sampledAt + shift)
	return sampledAt > 0 && d > -ahead-slack && d < behind
}

func abs(v int64) int64 {
	if v < 0 {
		return -v
	}
	return v
}
