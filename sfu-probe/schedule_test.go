package sfuprobe_test

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	earshotv1 "github.com/earshot-rtc/earshot/schemas/proto/earshot/v1"
	sfuprobe "github.com/earshot-rtc/earshot/sfu-probe"
	"github.com/earshot-rtc/earshot/sfu-probe/export"
)

// clockwork notes when samples come.
type clockwork struct {
	mu    sync.Mutex
	began time.Time
	at    []time.Duration
}

func (c *clockwork) Send(*earshotv1.Sample) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = append(c.at, time.Since(c.began))
}

func (c *clockwork) Start(context.Context) error    { return nil }
func (c *clockwork) Shutdown(context.Context) error { return nil }
func (c *clockwork) Clock() *earshotv1.ClockOffset  { return nil }
func (c *clockwork) Stats() export.Stats            { return export.Stats{} }

func TestAChangeBringsOneEarlySampleBetweenTwoTicks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out := &clockwork{began: time.Now()}
		p, err := sfuprobe.New(sfuprobe.Config{
			Client: &earshotv1.ClientOrigin{ClientId: "ana"}, CallID: "demo", Interval: 5 * time.Second,
		}, sfuprobe.WithExporter(out))
		require.NoError(t, err)
		say := func() { p.Event(&earshotv1.Event{Type: earshotv1.EventType_EVENT_TYPE_CUSTOM, Value: "x"}) }
		say()
		require.NoError(t, p.Start(t.Context()))

		time.Sleep(2 * time.Second) // the first sample comes after one
		say()
		p.Changed()
		time.Sleep(100 * time.Millisecond)
		p.Changed() // of the same burst
		time.Sleep(time.Second)
		say()
		p.Changed() // the early one has been
		time.Sleep(3 * time.Second)
		say()
		p.Changed() // after the tick at 6 s there may be another
		time.Sleep(time.Second)
		require.NoError(t, p.Shutdown(t.Context()))

		require.GreaterOrEqual(t, len(out.at), 4)
		require.Equal(t, []time.Duration{time.Second, 2250 * time.Millisecond, 6 * time.Second, 6350 * time.Millisecond}, out.at[:4])
	})
}
