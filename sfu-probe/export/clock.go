package export

import (
	"time"

	earshotv1 "github.com/earshot-rtc/earshot/schemas/proto/earshot/v1"
)

const (
	// keptExchanges are looked through for the best.
	keptExchanges = 8
	// burst exchanges follow one another on a new connection, since the first is often the slowest.
	burst = 4
	// maxDrift is how far two clocks are taken to run apart: 50 microseconds a second.
	maxDrift = 20000
)

// clock keeps the outcomes of the four-timestamp exchange (RFC 5905 section 8). Its owner holds the lock.
type clock struct {
	exchanges []exchange
	fresh     bool  // a connection, and perhaps another collector, began after the exchanges
	pending   int64 // the request that waits for its reply
	asked     time.Time
	rounds    int // replies on this connection
}

type exchange struct {
	offset, roundTrip time.Duration
	at                time.Time
}

// connected begins a new connection. What is known stays until something newer is.
func (c *clock) connected() {
	c.fresh, c.pending, c.rounds = true, 0, 0
}

// request begins an exchange.
func (c *clock) request(now time.Time) *earshotv1.TimeRequest {
	c.pending, c.asked = now.UnixMicro(), now
	return &earshotv1.TimeRequest{SentAtUs: c.pending}
}

// reply ends the exchange, and says whether another one should follow at once.
func (c *clock) reply(r *earshotv1.TimeReply, now time.Time) (another bool) {
	if c.pending == 0 || r.GetSentAtUs() != c.pending {
		return false
	}
	c.pending = 0
	c.rounds++
	t1, t4 := c.asked.UnixMicro(), now.UnixMicro()
	t2, t3 := r.GetReceivedAtUs(), r.GetRepliedAtUs()
	e := exchange{
		offset: time.Duration((t2-t1)+(t3-t4)) * time.Microsecond / 2,
		// The monotonic clock tells how long it took here, whatever is done to the wall clock.
		roundTrip: now.Sub(c.asked) - time.Duration(t3-t2)*time.Microsecond,
		at:        now,
	}
	if t3 < t2 || e.roundTrip < 0 {
		return false // The collector's clock cannot be right.
	}
	if c.fresh {
		c.exchanges, c.fresh = c.exchanges[:0], false
	}
	if len(c.exchanges) == keptExchanges {
		c.exchanges = append(c.exchanges[:0], c.exchanges[1:]...)
	}
	c.exchanges = append(c.exchanges, e)
	return c.rounds < burst
}

// unanswered says since when a request waits.
func (c *clock) unanswered() (time.Time, bool) { return c.asked, c.pending != 0 }

// offset is the exchange with the smallest error: half its round trip, and what the clocks may have drifted since.
func (c *clock) offset(now time.Time) *earshotv1.ClockOffset {
	var best *earshotv1.ClockOffset
	for _, e := range c.exchanges {
		err := e.roundTrip/2 + max(now.Sub(e.at), 0)/maxDrift
		// Rounded up: the error is a bound.
		us := uint64((err + time.Microsecond - 1) / time.Microsecond) // not negative
		if best == nil || us < best.ErrorUs {
			best = &earshotv1.ClockOffset{OffsetUs: e.offset.Microseconds(), ErrorUs: us}
		}
	}
	return best
}
