package lab_test

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/earshot-rtc/earshot/lab"
	"github.com/earshot-rtc/earshot/lab/topology"
	"github.com/earshot-rtc/earshot/lab/truth"
	earshotv1 "github.com/earshot-rtc/earshot/schemas/proto/earshot/v1"
	sfuprobe "github.com/earshot-rtc/earshot/sfu-probe"
	"github.com/earshot-rtc/earshot/sfu-probe/export"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// tape is an exporter that keeps all samples.
type tape struct {
	mu      sync.Mutex
	samples []*earshotv1.Sample
}

func (*tape) Start(context.Context) error    { return nil }
func (*tape) Shutdown(context.Context) error { return nil }
func (*tape) Clock() *earshotv1.ClockOffset  { return nil }
func (*tape) Stats() export.Stats            { return export.Stats{} }

func (t *tape) Send(s *earshotv1.Sample) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.samples = append(t.samples, s.CloneVT())
}

// from gives one source's samples.
func (t *tape) from(id string) []*earshotv1.Sample {
	return slices.DeleteFunc(slices.Clone(t.samples), func(s *earshotv1.Sample) bool {
		return s.GetClient().GetClientId()+s.GetSfu().GetSfuId() != id
	})
}

// play runs a call for d.
func play(t *testing.T, doc string, d time.Duration) (*tape, *lab.Lab) {
	t.Helper()
	top, err := topology.Parse("test.yaml", []byte(doc))
	require.NoError(t, err)
	tp := &tape{}
	l, err := lab.New(lab.Config{Topology: top, Seed: 1}, lab.Dependencies{
		Registerer: prometheus.NewRegistry(), Exporter: func() sfuprobe.Exporter { return tp },
	})
	require.NoError(t, err)
	require.NoError(t, l.Start(t.Context()))
	time.Sleep(d)
	require.NoError(t, l.Shutdown(t.Context()))
	require.NoError(t, l.Shutdown(t.Context()), "a second shutdown is harmless")
	totals := l.Totals()
	require.Zero(t, totals.Problems)
	require.Equal(t, uint64(len(tp.samples)), totals.Sent)
	return tp, l
}

// inbound are the streams of a sample that come in, of one kind.
func inbound(s *earshotv1.Sample, kind earshotv1.MediaKind) []*earshotv1.Stream {
	return slices.DeleteFunc(slices.Clone(s.GetStreams()), func(s *earshotv1.Stream) bool {
		return s.GetKind() != kind || s.GetDirection() != earshotv1.Direction_DIRECTION_INBOUND
	})
}

const (
	audio = earshotv1.MediaKind_MEDIA_KIND_AUDIO
	video = earshotv1.MediaKind_MEDIA_KIND_VIDEO
)

// leastRTT is the least that a source's samples say of any of its links.
func leastRTT(samples []*earshotv1.Sample, of func(*earshotv1.Transport) bool) time.Duration {
	least := time.Hour
	for _, s := range samples {
		for _, tr := range s.GetTransports() {
			if !of(tr) {
				continue
			}
			all := slices.Clone(tr.GetRtts())
			for _, st := range s.GetStreams() {
				if st.GetTransportId() == tr.GetTransportId() {
					all = append(all, st.GetRtts()...)
				}
			}
			for _, r := range all {
				if r.GetLatestUs() > 0 {
					least = min(least, time.Duration(r.GetLatestUs())*time.Microsecond)
				}
			}
		}
	}
	return least
}

func anyTransport(*earshotv1.Transport) bool { return true }

// near allows for what a busy host adds to the least of several measurements, and for next to nothing below.
func near(t *testing.T, want, got time.Duration) {
	t.Helper()
	require.GreaterOrEqual(t, got, want-time.Millisecond)
	require.LessOrEqual(t, got, want+25*time.Millisecond)
}

func TestACascadeCarriesMediaAndKeepsItsDelays(t *testing.T) {
	t.Parallel()
	tp, l := play(t, `
sample_every: 500ms
sfus: [{id: fra, region: eu}, {id: iad, region: us}]
links: [{between: [fra, iad], delay_ms: [40, 30]}]
clients:
- {id: ana, sfu: fra, delay_ms: 10, publish: [audio, video], simulcast: true}
- {id: bo, sfu: iad, delay_ms: [15, 25], publish: []}
events: [{at: 5s, move: {client: bo, to: fra}}]
`, 9*time.Second)

	near(t, 20*time.Millisecond, leastRTT(tp.from("ana"), anyTransport))
	near(t, 40*time.Millisecond, leastRTT(tp.from("bo"), anyTransport))
	near(t, 70*time.Millisecond, leastRTT(tp.from("fra"), (*earshotv1.Transport).GetSfuLink))
	near(t, 70*time.Millisecond, leastRTT(tp.from("iad"), (*earshotv1.Transport).GetSfuLink))

	// Before the move and after it, bo plays what ana sends.
	for _, at := range []time.Duration{4800 * time.Millisecond, 9 * time.Second} {
		var last *earshotv1.Sample
		for _, s := range tp.from("bo") {
			if time.UnixMicro(s.GetSampledAtUs()).Before(l.T0().Add(at)) {
				last = s
			}
		}
		require.NotNil(t, last)
		sound, picture := inbound(last, audio), inbound(last, video)
		require.NotEmpty(t, sound)
		require.NotEmpty(t, picture)
		require.Greater(t, sound[len(sound)-1].GetJitterBufferEmitted(), uint64(48000))
		require.Greater(t, picture[len(picture)-1].GetFrames(), uint64(30))
		require.Positive(t, picture[len(picture)-1].GetFrameHeight())
	}

	// Three layers come in at fra, all of them go on to iad, and every forward says from where.
	layers, relayed := map[string]bool{}, map[uint32]bool{}
	for _, s := range tp.from("fra") {
		trunks := map[string]bool{}
		for _, tr := range s.GetTransports() {
			trunks[tr.GetTransportId()] = tr.GetSfuLink()
		}
		for _, st := range inbound(s, video) {
			layers[st.GetRid()] = true
		}
		for _, st := range s.GetStreams() {
			if trunks[st.GetTransportId()] && st.GetKind() == video && st.GetForwardedSsrc() != 0 {
				relayed[st.GetForwardedSsrc()] = true
			}
		}
	}
	require.Equal(t, map[string]bool{"q": true, "h": true, "f": true}, layers)
	require.Len(t, relayed, 3)

	// The truth follows the move.
	require.Len(t, l.Events(), 1)
	moved := l.Events()[0].At
	require.WithinRange(t, moved, l.T0().Add(5*time.Second), l.T0().Add(8*time.Second))
	before, there := l.Truth().At(truth.KeyOf("ana", "bo", topology.Audio, []string{"fra", "iad"}), moved.Add(-time.Second))
	require.True(t, there)
	require.Equal(t, 130*time.Millisecond, before.RTT)
	after, there := l.Truth().At(truth.KeyOf("ana", "bo", topology.Audio, []string{"fra"}), moved)
	require.True(t, there)
	require.Equal(t, 60*time.Millisecond, after.RTT)
}

func TestPeersTalkDirectly(t *testing.T) {
	t.Parallel()
	tp, _ := play(t, `
sample_every: 500ms
p2p: true
clients:
- {id: ana, delay_ms: [5, 10], publish: [audio]}
- {id: bo, delay_ms: 20, publish: [audio, video]}
events:
- {at: 3s, ice_restart: {client: ana}}
- {at: 4s, mute: {client: bo, kind: audio}}
- {at: 5s, leave: {client: ana}}
- {at: 5500ms, join: {client: ana}}
`, 9*time.Second)

	near(t, 55*time.Millisecond, leastRTT(tp.from("ana"), anyTransport))
	near(t, 55*time.Millisecond, leastRTT(tp.from("bo"), anyTransport))
	first, again := tp.from("ana"), tp.from("ana#2")
	require.NotEmpty(t, again)
	require.NotEqual(t, first[0].GetSessionId(), again[0].GetSessionId())
	last := again[len(again)-1]
	require.Greater(t, inbound(last, video)[0].GetFrames(), uint64(30))
	for _, st := range inbound(last, audio) {
		require.Zero(t, st.GetPackets(), "bo is mute")
	}
	ufrags := map[uint64]bool{}
	restarted := uint64(0) // packets when the restart was first seen
	for _, s := range first {
		for _, tr := range s.GetTransports() {
			if key := tr.GetUfragKey(); key != 0 {
				ufrags[key] = true
			}
		}
		if in := inbound(s, audio); len(ufrags) > 1 && restarted == 0 && len(in) > 0 {
			restarted = in[0].GetPackets()
		}
	}
	require.Greater(t, inbound(first[len(first)-1], audio)[0].GetPackets(), restarted, "the ICE restart did not end it")
	require.Len(t, ufrags, 2, "an ICE restart has new credentials")
	for _, st := range tp.from("bo")[len(tp.from("bo"))-1].GetStreams() {
		require.Equal(t, st.GetKind() == audio && st.GetDirection() == earshotv1.Direction_DIRECTION_OUTBOUND, st.GetMuted())
	}
}

func TestASFURestartsAndItsClientsComeBack(t *testing.T) {
	t.Parallel()
	tp, _ := play(t, `
sample_every: 500ms
sfus: [{id: fra}, {id: iad}, {id: nrt, probe: false}]
links: [{between: [fra, iad], delay_ms: 20}, {between: [iad, nrt], delay_ms: 5}]
clients:
- {id: ana, sfu: fra, delay_ms: 5, publish: [audio], connections: separate}
- {id: bo, sfu: iad, delay_ms: 5, publish: [audio], connections: separate}
- {id: chi, sfu: nrt, delay_ms: 5, publish: [], probe: false}
events: [{at: 3s, restart_sfu: {sfu: iad}}]
`, 9*time.Second)

	sessions := map[string]bool{}
	for _, s := range tp.from("iad") {
		sessions[s.GetSessionId()] = true
	}
	require.Len(t, sessions, 2)
	for _, id := range []string{"ana", "bo"} {
		samples := tp.from(id)
		heard := inbound(samples[len(samples)-1], audio)
		require.NotEmpty(t, heard)
		require.Greater(t, heard[len(heard)-1].GetJitterBufferEmitted(), uint64(48000), "%s hears the other again", id)
	}
	require.Empty(t, tp.from("nrt"))
	require.Empty(t, tp.from("chi"))

	// Two connections with one certificate differ in their ICE credentials.
	keys := map[uint64]map[uint64]bool{}
	for _, tr := range tp.from("ana")[5].GetTransports() {
		if keys[tr.GetLinkKey()] == nil {
			keys[tr.GetLinkKey()] = map[uint64]bool{}
		}
		keys[tr.GetLinkKey()][tr.GetUfragKey()] = true
	}
	require.Len(t, keys, 1)
	for _, ufrags := range keys {
		require.Len(t, ufrags, 2)
	}
}

func TestALabThatNeverStartedShutsDown(t *testing.T) {
	top, err := topology.Parse("test.yaml", []byte("p2p: true\nclients: [{id: a}]\n"))
	require.NoError(t, err)
	l, err := lab.New(lab.Config{Topology: top}, lab.Dependencies{})
	require.NoError(t, err)
	require.NoError(t, l.Shutdown(t.Context()))
	require.Error(t, l.Start(t.Context()))
	_, err = lab.New(lab.Config{}, lab.Dependencies{})
	require.Error(t, err)
}
