package export

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	earshotv1 "github.com/earshot-rtc/earshot/schemas/proto/earshot/v1"
)

func TestTheClockIsThatOfTheBestExchange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const ahead = 1234567
		c := newCollector(t)
		c.time = func(q *earshotv1.TimeRequest) *earshotv1.TimeReply {
			// Exchanges take 100 ms one way or the other, but for the third, which takes 2 ms either way.
			there, back := 100*time.Millisecond, time.Duration(0)
			if c.requests == 3 {
				there, back = 2*time.Millisecond, 2*time.Millisecond
			}
			time.Sleep(there)
			now := time.Now().UnixMicro() + ahead
			time.Sleep(back)
			return &earshotv1.TimeReply{SentAtUs: q.SentAtUs, ReceivedAtUs: now, RepliedAtUs: now}
		}
		e := c.exporter()
		require.Nil(t, e.Clock())
		time.Sleep(time.Second)
		synctest.Wait()
		require.Equal(t, burst, c.asked())
		clock := e.Clock()
		require.Equal(t, int64(ahead), clock.OffsetUs)
		require.InDelta(t, 2000, clock.ErrorUs, 50)

		time.Sleep(31 * time.Second)
		require.Equal(t, burst+1, c.asked(), "and every half minute")
		aged := e.Clock()
		require.Equal(t, clock.OffsetUs, aged.OffsetUs)
		require.InDelta(t, 2000+31*50, aged.ErrorUs, 100, "its error grows with its age")

		time.Sleep(time.Hour)
		require.Less(t, e.Clock().ErrorUs, uint64(70000), "until a worse one is better")
		shutdown(t, e)
	})
}

func TestTimeRepliesThatCannotBeAreIgnored(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(*earshotv1.TimeReply)
	}{
		{"to another request", func(r *earshotv1.TimeReply) { r.SentAtUs++ }},
		{"sent before it was received", func(r *earshotv1.TimeReply) { r.RepliedAtUs = r.ReceivedAtUs - 1 }},
		{"longer at the collector than on the way", func(r *earshotv1.TimeReply) { r.RepliedAtUs += 1e6 }},
	} {
		t.Run(test.name, func(t *testing.T) {
			var c clock
			now := time.Unix(1700000000, 0)
			q := c.request(now)
			r := &earshotv1.TimeReply{SentAtUs: q.SentAtUs, ReceivedAtUs: q.SentAtUs + 10, RepliedAtUs: q.SentAtUs + 20}
			test.change(r)
			c.reply(r, now.Add(time.Millisecond))
			require.Nil(t, c.offset(now))
		})
	}
}
