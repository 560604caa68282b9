package observertc

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// allocated is how many bytes work sets aside in all.
func allocated(work func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	work()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

func TestHostileSamplesCostLittle(t *testing.T) {
	const mb = 1 << 20
	many := func(entry string, n int) string { return strings.TrimSuffix(strings.Repeat(entry+",", n), ",") }
	var distinct strings.Builder
	for i := range 4000 {
		fmt.Fprintf(&distinct, `{"transportId":"t%d","peerConnectionId":"p%d"},`, i, i)
	}
	pcs := strings.TrimSuffix(distinct.String(), ",")
	for name, body := range map[string]string{
		"deep arrays":              strings.Repeat("[", mb),
		"deep objects":             strings.Repeat(`{"a":`, mb/4),
		"deep in what is skipped":  `{"timestamp":1,"x":` + strings.Repeat("[", mb) + `}`,
		"empty objects":            `{"timestamp":1,"peerConnections":[` + many("{}", mb/3) + `]}`,
		"as many as are let in":    `{"timestamp":1,"peerConnections":[` + many("{}", 8000) + `]}`,
		"streams of one":           `{"timestamp":1,"peerConnections":[{"inboundRtps":[` + many("{}", 8000) + `]}]}`,
		"certificates times peers": `{"timestamp":1,"pcTransports":[` + pcs + `],"certificates":[` + many("{}", 4000) + `]}`,
		"a long text":              `{"timestamp":1,"clientId":"` + strings.Repeat("a", mb) + `"}`,
		"a long number":            `{"timestamp":` + strings.Repeat("9", mb) + `}`,
		"a text in a payload":      `{"timestamp":1,"clientEvents":[{"type":"x","payload":"` + strings.Repeat(`[`, mb) + `"}]}`,
		"pads of one stream": `{"sfuId":"s","timestamp":1,"inboundRtpPads":[` + many(`{"streamId":"x","transportId":"t","ssrc":1}`, 8000) +
			`],"outboundRtpPads":[` + many(`{"streamId":"x","transportId":"u","ssrc":2}`, 8000) + `]}`,
	} {
		t.Run(name, func(t *testing.T) {
			begun := time.Now()
			got := allocated(func() {
				s, err := NewDecoder(DefaultLimits()).Decode([]byte(body), &Options{})
				if err == nil {
					s.ReturnToVTPool()
				}
			})
			require.Less(t, got, uint64(40*mb))
			require.Less(t, time.Since(begun), 5*time.Second)
		})
	}
}

func TestAHostileStreamCostsLittle(t *testing.T) {
	s := newStream(t, JSONDelta, "")
	_, err := s.Decode(make([]byte, FrameBytes+1))
	require.Error(t, err)

	// Ever new entries: the ones before are forgotten.
	var least, most uint64
	for i := range 60 {
		var frame strings.Builder
		fmt.Fprintf(&frame, `{"timestamp":%d,"peerConnections":[{"peerConnectionId":"p","iceCandidates":[`, 1000+i)
		for j := range 200 {
			fmt.Fprintf(&frame, `{"id":"%d-%d","address":"%0100d"},`, i, j, i)
		}
		raw := strings.TrimSuffix(frame.String(), ",") + `]}]}`
		decode(t, s, []byte(raw)).ReturnToVTPool()
		if i == 20 || i == 59 {
			runtime.GC()
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			if i == 20 {
				least = m.HeapInuse
			}
			most = m.HeapInuse
		}
	}
	require.Less(t, most, least+8<<20)
	runtime.KeepAlive(s)
}
