package lab_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/earshot-rtc/earshot/lab"
	"github.com/earshot-rtc/earshot/lab/topologies"
	"github.com/earshot-rtc/earshot/lab/topology"
	earshotv1 "github.com/earshot-rtc/earshot/schemas/proto/earshot/v1"
	sfuprobe "github.com/earshot-rtc/earshot/sfu-probe"
)

// BenchmarkBias says how far the raw measurements of the demo's first seconds stand above the delays of their links, by
// source: what endpoints add by being busy, before anything is learned or taken off.
func BenchmarkBias(b *testing.B) {
	const length, settled = 15 * time.Second, 5 * time.Second
	for range b.N {
		top, err := topology.Parse("demo.yaml", topologies.Demo)
		require.NoError(b, err)
		tp := &tape{}
		l, err := lab.New(lab.Config{Topology: top, Seed: 1}, lab.Dependencies{Exporter: func() sfuprobe.Exporter { return tp }})
		require.NoError(b, err)
		require.NoError(b, l.Start(b.Context()))
		time.Sleep(length)
		require.NoError(b, l.Shutdown(b.Context()))

		nominal := linkRTTs(top, tp.samples)
		bias := map[earshotv1.RTTSource][]float64{}
		last := map[string]*earshotv1.RTT{}
		for _, s := range tp.samples {
			for _, m := range measurements(s) {
				key := fmt.Sprint(source(s), m.transport, m.stream, m.rtt.GetSource())
				if before := last[key]; before != nil && m.rtt.GetCount() > before.GetCount() && time.UnixMicro(s.GetSampledAtUs()).After(l.T0().Add(settled)) {
					mean := float64(m.rtt.GetTotalUs()-before.GetTotalUs()) / float64(m.rtt.GetCount()-before.GetCount())
					bias[m.rtt.GetSource()] = append(bias[m.rtt.GetSource()], mean-float64(nominal[m.link].Microseconds()))
				}
				last[key] = m.rtt
			}
		}
		for src, v := range bias {
			slices.Sort(v)
			name := strings.ToLower(strings.TrimPrefix(src.String(), "RTT_SOURCE_"))
			b.ReportMetric(v[len(v)/2], name+"-us-median")
			b.ReportMetric(v[len(v)*95/100], name+"-us-p95")
		}
		line := l.Totals().Line
		b.ReportMetric(float64(line.Median.Microseconds()), "release-us-median")
		b.ReportMetric(float64(line.P99.Microseconds()), "release-us-p99")
	}
}

type measurement struct {
	transport string
	stream    uint32
	link      uint64
	rtt       *earshotv1.RTT
}

func measurements(s *earshotv1.Sample) []measurement {
	var all []measurement
	links := map[string]uint64{}
	for _, tr := range s.GetTransports() {
		links[tr.GetTransportId()] = tr.GetLinkKey()
		for _, r := range tr.GetRtts() {
			all = append(all, measurement{tr.GetTransportId(), 0, tr.GetLinkKey(), r})
		}
	}
	for _, st := range s.GetStreams() {
		for _, r := range st.GetRtts() {
			all = append(all, measurement{st.GetTransportId(), st.GetSsrc(), links[st.GetTransportId()], r})
		}
	}
	return all
}

func source(s *earshotv1.Sample) string { return s.GetClient().GetClientId() + s.GetSfu().GetSfuId() }

// linkRTTs are the nominal round trips by link key, from who reports an end of it.
func linkRTTs(top *topology.Topology, samples []*earshotv1.Sample) map[uint64]time.Duration {
	ends := map[uint64][]string{}
	for _, s := range samples {
		for _, tr := range s.GetTransports() {
			if !slices.Contains(ends[tr.GetLinkKey()], source(s)) {
				ends[tr.GetLinkKey()] = append(ends[tr.GetLinkKey()], source(s))
			}
		}
	}
	rtts := map[uint64]time.Duration{}
	for key, ids := range ends {
		for _, id := range ids {
			if c := top.Client(id); c != nil {
				rtts[key] = c.Delay.RTT()
			}
		}
		if len(ids) == 2 && rtts[key] == 0 {
			rtts[key] = top.Links[top.Link(ids[0], ids[1])].Delay.RTT()
		}
	}
	return rtts
}
