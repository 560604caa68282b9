package throttle

import (
	"fmt"
	"net"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/earshot-rtc/earshot/collector/identity"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var now = time.Unix(1_750_000_000, 0)

func newThrottle(t testing.TB, cfg Config) *Throttle {
	t.Helper()
	cfg.Burst, cfg.Buckets = 10*time.Second, max(cfg.Buckets, 10)
	th, err := New(cfg, Dependencies{Registerer: prometheus.NewRegistry()})
	require.NoError(t, err)
	return th
}

func client(tenant, id, address string) *identity.Caller {
	return &identity.Caller{Kind: identity.Client, Tenant: tenant, ClientID: id, Address: netip.MustParseAddr(address)}
}

// use spends once as the caller and gives how long it had to wait before.
func use(t *Throttle, c *identity.Caller, at time.Time, samples, bytes int) (time.Duration, string) {
	l := t.Lease(c, at)
	defer l.Close()
	wait, by := l.Wait(at)
	if wait == 0 {
		l.Spend(at, samples, bytes)
	}
	return wait, by
}

func TestWhoSendsTooMuchWaitsUntilTheDebtIsPaid(t *testing.T) {
	for name, tc := range map[string]struct {
		cfg            Config
		samples, bytes int
		by             string
	}{
		"samples of a source":   {Config{Source: Rate{Samples: 10}}, 120, 0, BySource},
		"bytes of a source":     {Config{Source: Rate{Bytes: 10}}, 1, 120, BySource},
		"samples of an address": {Config{Address: Rate{Samples: 10}}, 120, 0, ByAddress},
		"bytes of an address":   {Config{Address: Rate{Bytes: 10}}, 0, 120, ByAddress},
		"samples of a tenant":   {Config{Tenant: Rate{Samples: 10}}, 120, 0, ByTenant},
		"bytes of a tenant":     {Config{Tenant: Rate{Bytes: 10}}, 0, 120, ByTenant},
	} {
		t.Run(name, func(t *testing.T) {
			th := newThrottle(t, tc.cfg)
			c := client("acme", "ana", "192.0.2.1")
			wait, _ := use(th, c, now, tc.samples, tc.bytes)
			require.Zero(t, wait, "the burst is 100")
			wait, by := use(th, c, now, 1, 1)
			require.Equal(t, tc.by, by)
			require.InDelta(t, 2, wait.Seconds(), 0.01, "20 too many at 10 a second")
			wait, _ = use(th, c, now.Add(time.Second), 1, 1)
			require.InDelta(t, 1, wait.Seconds(), 0.01)
			wait, _ = use(th, c, now.Add(wait+time.Second), 1, 1)
			require.Zero(t, wait, "whoever waits as told gets in")
			wait, _ = use(th, c, now.Add(-time.Hour), 1, 1)
			require.Positive(t, wait, "a clock that goes back gives nothing")
			require.Equal(t, 3.0, testutil.ToFloat64(th.metrics.throttled.WithLabelValues(tc.by)))
			wait, _ = use(th, c, now.Add(time.Hour), tc.samples, tc.bytes)
			require.Zero(t, wait)
			wait, _ = use(th, c, now.Add(time.Hour), 1, 1)
			require.InDelta(t, 2, wait.Seconds(), 0.01, "silence saves up the burst, no more")
		})
	}
}

func TestOthersDoNotWait(t *testing.T) {
	rate := Rate{Samples: 1}
	th := newThrottle(t, Config{Source: rate, Address: rate})
	use(th, client("acme", "ana", "192.0.2.1"), now, 1000, 0)
	for name, tc := range map[string]struct {
		caller *identity.Caller
		by     string
	}{
		"the same":                    {client("acme", "ana", "192.0.2.1"), BySource},
		"from elsewhere":              {client("acme", "ana", "192.0.2.2"), BySource},
		"another at the same address": {client("acme", "bob", "192.0.2.1"), ByAddress},
		"mapped into IPv6":            {client("acme", "bob", "::ffff:192.0.2.1"), ByAddress},
		"of another tenant":           {client("umbrella", "ana", "192.0.2.3"), ""},
		"an SFU of that name":         {&identity.Caller{Kind: identity.SFU, Tenant: "acme", SFUID: "ana"}, ""},
		"anybody":                     {&identity.Caller{Address: netip.MustParseAddr("192.0.2.4")}, ""},
		"without an address":          {&identity.Caller{}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			wait, by := use(th, tc.caller, now, 0, 0)
			require.Equal(t, tc.by, by)
			require.Equal(t, tc.by != "", wait > 0)
		})
	}
}

func TestAnIPv6AddressIsAllOfItsNetwork(t *testing.T) {
	th := newThrottle(t, Config{Requests: 1})
	for i := range 10 {
		require.Zero(t, th.Request(netip.MustParseAddr(fmt.Sprintf("2001:db8::%d", i)), now))
	}
	require.Positive(t, th.Request(netip.MustParseAddr("2001:db8:0:0:ffff::1"), now))
	require.Zero(t, th.Request(netip.MustParseAddr("2001:db8:0:1::1"), now))
	require.Equal(t, 1.0, testutil.ToFloat64(th.metrics.throttled.WithLabelValues(ByRequests)))
}

func TestAFloodOfAddressesCostsBoundedMemory(t *testing.T) {
	th := newThrottle(t, Config{Requests: 1, Address: Rate{Samples: 1}, Buckets: 100})
	busy := th.Lease(client("", "x", "203.0.113.7"), now)
	busy.Spend(now, 1000, 0)
	for i := range 10_000 {
		from := netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)})
		th.Request(from, now)
		l := th.Lease(&identity.Caller{Address: from}, now)
		l.Close()
	}
	require.LessOrEqual(t, th.requests.len(), 100)
	require.LessOrEqual(t, th.networks.len(), 101)
	wait, _ := busy.Wait(now)
	require.Positive(t, wait)
	other := th.Lease(client("", "y", "203.0.113.7"), now)
	wait, _ = other.Wait(now)
	require.Positive(t, wait, "what is in use is not forgotten")
	other.Close()
	busy.Close()
	require.Equal(t, th.networks.len(), th.networks.idle.Len())
}

func TestNoBoundIsNoBound(t *testing.T) {
	def := DefaultConfig()
	th := newThrottle(t, def.Open())
	c := client("acme", "ana", "192.0.2.1")
	for range 1000 {
		require.Zero(t, th.Request(c.Address, now))
		wait, _ := use(th, c, now, 1e6, 1e9)
		require.Zero(t, wait)
	}
	require.Zero(t, th.requests.len()+th.sources.len()+th.networks.len()+th.tenants.len())
}

func TestManyAtOnce(t *testing.T) {
	th := newThrottle(t, Config{Source: Rate{Samples: 100}, Address: Rate{Samples: 100}, Tenant: Rate{Samples: 100}, Requests: 100})
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			for j := range 500 {
				c := client("acme", fmt.Sprint(j%20), fmt.Sprintf("192.0.2.%d", (i+j)%50))
				th.Request(c.Address, now)
				use(th, c, now, 1, 1)
			}
		})
	}
	all.Wait()
	require.Equal(t, th.sources.len(), th.sources.idle.Len(), "all given back")
}

func TestConnectionsAreBounded(t *testing.T) {
	for name, tc := range map[string]struct {
		cfg     Config
		trusted bool
		want    int
		by      string
	}{
		"in all":                    {Config{Connections: 3}, false, 3, fullTotal},
		"by address":                {Config{Connections: 10, ConnectionsPerAddress: 2}, false, 2, fullAddress},
		"a proxy's, not by address": {Config{Connections: 4, ConnectionsPerAddress: 2}, true, 4, fullTotal},
	} {
		t.Run(name, func(t *testing.T) {
			tc.cfg.Burst, tc.cfg.Buckets = time.Second, 1
			th, err := New(tc.cfg, Dependencies{Trusted: func(netip.Addr) bool { return tc.trusted }})
			require.NoError(t, err)
			raw, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
			require.NoError(t, err)
			ln := th.Listener(raw)
			taken := make(chan net.Conn, 20)
			done := make(chan struct{})
			go func() {
				defer close(done)
				for {
					c, err := ln.Accept()
					if err != nil {
						return
					}
					taken <- c
				}
			}()
			dial := func() net.Conn {
				c, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", ln.Addr().String())
				require.NoError(t, err)
				t.Cleanup(func() { _ = c.Close() })
				return c
			}
			var open []net.Conn
			for range tc.want {
				dial()
				open = append(open, <-taken)
			}
			for range 3 {
				_, err := dial().Read(make([]byte, 1))
				require.Error(t, err, "hung up on")
			}
			require.Equal(t, 3.0, testutil.ToFloat64(th.metrics.refused.WithLabelValues(tc.by)))
			require.NoError(t, open[0].Close())
			_ = open[0].Close() // twice is once
			dial()
			open = append(open, <-taken)
			for _, c := range open {
				_ = c.Close()
			}
			require.Zero(t, th.conns.len())
			require.Empty(t, th.conns.each)
			require.NoError(t, ln.Close())
			<-done
		})
	}
}

func TestWebSocketsAreBoundedByWhereThePageIs(t *testing.T) {
	th := newThrottle(t, Config{ConnectionsPerAddress: 2})
	a, b := netip.MustParseAddr("2001:db8::1"), netip.MustParseAddr("2001:db8::2")
	first := th.Socket(a)
	require.NotNil(t, first)
	require.NotNil(t, th.Socket(b))
	require.Nil(t, th.Socket(a))
	require.NotNil(t, th.Socket(netip.MustParseAddr("192.0.2.1")))
	first()
	require.NotNil(t, th.Socket(a))
}

func TestConfigNamesTheKey(t *testing.T) {
	def := DefaultConfig()
	require.NoError(t, def.Validate())
	for want, spoil := range map[string]func(*Config){
		"throttle.source.samples":       func(c *Config) { c.Source.Samples = -1 },
		"throttle.connections":          func(c *Config) { c.Connections = -1 },
		"throttle.burst":                func(c *Config) { c.Burst = 0 },
		"throttle.requests_per_address": func(c *Config) { c.Requests = -2 },
	} {
		cfg := def
		spoil(&cfg)
		_, err := New(cfg, Dependencies{})
		require.ErrorContains(t, err, want)
	}
}

func BenchmarkLease(b *testing.B) {
	th := newThrottle(b, Config{Source: Rate{Samples: 1e9, Bytes: 1e12}, Address: Rate{Samples: 1e9, Bytes: 1e12}, Tenant: Rate{Samples: 1e9, Bytes: 1e12}, Requests: 1e9})
	c := client("acme", "ana", "192.0.2.1")
	b.Run("request", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			th.Request(c.Address, now)
			use(th, c, now, 1, 1000)
		}
	})
	l := th.Lease(c, now)
	b.Run("frame", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			l.Wait(now)
			l.Spend(now, 1, 1000)
		}
	})
}
