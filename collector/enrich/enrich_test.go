package enrich

import (
	"bytes"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/maxmind/mmdbwriter"
	"github.com/maxmind/mmdbwriter/mmdbtype"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// write makes a file of networks and what is known of them.
func write(t testing.TB, path string, networks map[string]mmdbtype.Map) string {
	t.Helper()
	tree, err := mmdbwriter.New(mmdbwriter.Options{DatabaseType: "test", Description: map[string]string{"en": "made up"}, RecordSize: 24, BuildEpoch: 1_750_000_000, IncludeReservedNetworks: true})
	require.NoError(t, err)
	for n, data := range networks {
		_, network, err := net.ParseCIDR(n)
		require.NoError(t, err)
		require.NoError(t, tree.Insert(network, data))
	}
	var buf bytes.Buffer
	_, err = tree.WriteTo(&buf)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path, buf.Bytes(), 0o600))
	return path
}

func city(country, region string) mmdbtype.Map {
	m := mmdbtype.Map{"country": mmdbtype.Map{"iso_code": mmdbtype.String(country), "names": mmdbtype.Map{"en": mmdbtype.String("x")}}}
	if region != "" {
		m["subdivisions"] = mmdbtype.Slice{mmdbtype.Map{"iso_code": mmdbtype.String(region)}, mmdbtype.Map{"iso_code": mmdbtype.String("deeper")}}
	}
	return m
}

func asn(n uint32, name string) mmdbtype.Map {
	return mmdbtype.Map{"autonomous_system_number": mmdbtype.Uint32(n), "autonomous_system_organization": mmdbtype.String(name)}
}

func files(t testing.TB) []string {
	t.Helper()
	dir := t.TempDir()
	return []string{
		write(t, filepath.Join(dir, "City.mmdb"), map[string]mmdbtype.Map{"203.0.113.0/24": city("DE", "BY"), "2001:db8::/32": city("FR", "")}),
		write(t, filepath.Join(dir, "ASN.mmdb"), map[string]mmdbtype.Map{"203.0.112.0/22": asn(64500, "Example Net")}),
		write(t, filepath.Join(dir, "ISP.mmdb"), map[string]mmdbtype.Map{
			"203.0.113.64/26": {"isp": mmdbtype.String("Example Cable"), "organization": mmdbtype.String("Somebody")},
			"2001:db8:1::/48": {"organization": mmdbtype.String("Somebody"), "autonomous_system_number": mmdbtype.Uint32(64501)},
		}),
	}
}

func begin(t testing.TB, paths ...string) (*Enricher, *prometheus.Registry) {
	t.Helper()
	reg := prometheus.NewRegistry()
	e, err := New(Config{Files: paths, Reload: time.Hour}, Dependencies{Registerer: reg})
	require.NoError(t, err)
	require.NoError(t, e.Start(t.Context()))
	t.Cleanup(func() { require.NoError(t, e.Shutdown(t.Context())) })
	return e, reg
}

func TestSeveralFilesMakeOnePlace(t *testing.T) {
	paths := files(t)
	e, _ := begin(t, paths[0], paths[2], paths[1])
	for addr, want := range map[string]Place{
		"203.0.113.77":        {"DE", "BY", 64500, "Example Cable"},
		"::ffff:203.0.113.77": {"DE", "BY", 64500, "Example Cable"},
		"203.0.113.7":         {"DE", "BY", 64500, "Example Net"},
		"203.0.112.1":         {"", "", 64500, "Example Net"},
		"2001:db8::1":         {"FR", "", 0, ""},
		"2001:db8:1::1":       {"FR", "", 64501, "Somebody"},
		"198.51.100.1":        {},
	} {
		for range 2 { // the second time from memory
			require.Equal(t, want, e.Lookup(netip.MustParseAddr(addr)), addr)
		}
	}
	require.Zero(t, e.Lookup(netip.Addr{}))
	require.InDelta(t, 6, testutil.ToFloat64(e.metrics.lookups.WithLabelValues("found"))+testutil.ToFloat64(e.metrics.lookups.WithLabelValues("unknown")), 0)
	require.InDelta(t, 1_750_000_000, testutil.ToFloat64(e.metrics.builtAt.WithLabelValues("City.mmdb")), 0)
}

func TestAFileThatWasReplacedIsUsedAndABrokenOneIsNot(t *testing.T) {
	paths := files(t)
	e, _ := begin(t, paths[0])
	at := netip.MustParseAddr("203.0.113.77")
	require.Equal(t, "DE", e.Lookup(at).Country)
	later := func(n int) {
		when := time.Unix(2_000_000_000+int64(n), 0)
		require.NoError(t, os.Chtimes(paths[0], when, when))
	}

	write(t, paths[0], map[string]mmdbtype.Map{"203.0.113.0/24": city("AT", "")})
	later(1)
	e.look()
	require.Equal(t, "DE", e.Lookup(at).Country, "somebody may still be writing it")
	e.look()
	require.Equal(t, "AT", e.Lookup(at).Country)

	require.NoError(t, os.WriteFile(paths[0], []byte("half a file"), 0o600))
	later(2)
	for range 4 {
		e.look()
	}
	require.Equal(t, "AT", e.Lookup(at).Country)
	require.InDelta(t, 1, testutil.ToFloat64(e.metrics.reloads.WithLabelValues("error")), 0, "read once")

	require.NoError(t, os.Remove(paths[0]))
	e.look()
	require.Equal(t, "AT", e.Lookup(at).Country)

	write(t, paths[0], map[string]mmdbtype.Map{"203.0.113.0/24": city("CH", "ZH")})
	later(3)
	e.look()
	e.look()
	require.Equal(t, Place{Country: "CH", Region: "ZH"}, e.Lookup(at))
	require.InDelta(t, 2, testutil.ToFloat64(e.metrics.reloads.WithLabelValues("ok")), 0)
}

func TestAMissingOrBrokenFileAtTheStartIsSaidByName(t *testing.T) {
	paths := files(t)
	whole, err := os.ReadFile(paths[0])
	require.NoError(t, err)
	half := filepath.Join(t.TempDir(), "half.mmdb")
	require.NoError(t, os.WriteFile(half, whole[:len(whole)/2], 0o600))
	for want, path := range map[string]string{
		"enrich.files[1]: /no/such.mmdb cannot be read: no such file or directory": "/no/such.mmdb",
		"enrich.files[1]: " + half + " is no MaxMind-format file, or is cut off":   half,
	} {
		cfg := Config{Files: []string{paths[0], path}, Reload: time.Hour}
		e, err := New(cfg, Dependencies{})
		require.NoError(t, err)
		require.ErrorContains(t, e.Start(t.Context()), want)
		require.NoError(t, e.Shutdown(t.Context()))
		require.ErrorContains(t, cfg.Check(), want)
	}
	ok := Config{Files: paths}
	require.NoError(t, ok.Check())
	require.EqualError(t, ok.Validate(), "enrich.reload must be more than 0")
}

func TestWhatIsRememberedIsBounded(t *testing.T) {
	var p places
	for i := range uint32(3*placesMost + 10) {
		p.put(netip.AddrFrom4([4]byte{byte(i >> 24), byte(i >> 16), byte(i >> 8), byte(i)}), Place{ASN: i})
		require.LessOrEqual(t, len(p.young)+len(p.old), 2*placesMost)
	}
	_, ok := p.get(netip.AddrFrom4([4]byte{0, 0, 0, 1}))
	require.False(t, ok)
}

func TestWithoutFilesThereIsNoPlace(t *testing.T) {
	e, _ := begin(t)
	require.Zero(t, e.Lookup(netip.MustParseAddr("203.0.113.77")))
}

func BenchmarkLookup(b *testing.B) {
	paths := files(b)
	e, _ := begin(b, paths...)
	known := netip.MustParseAddr("203.0.113.77")
	b.Run("remembered", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			e.Lookup(known)
		}
	})
	b.Run("asked", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			_, _ = ask(*e.readers.Load(), known)
		}
	})
}
