package janus_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/earshot-rtc/earshot/collector/janus"
	earshotv1 "github.com/earshot-rtc/earshot/schemas/proto/earshot/v1"
)

// told is the last sample with both peer connections, of those that the events of a recording give.
func told(t *testing.T, name string) (last *earshotv1.Sample) {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("testdata", name+"-events.jsonl"))
	require.NoError(t, err)
	state, reader := janus.NewState(janus.DefaultLimits()), janus.NewReader(janus.DefaultLimits())
	for post := range bytes.Lines(raw) {
		var at int64
		err := janus.Walk(post, janus.DefaultLimits(), 1000, func(raw []byte) {
			e, err := reader.Read(raw)
			require.NoError(t, err)
			state.Apply(e)
			at = e.At
		})
		require.NoError(t, err)
		for _, s := range state.Samples(at, &janus.Options{SFUID: "janus"}) {
			if len(s.Transports) == 2 && len(s.Streams) > 0 {
				last = s
			}
		}
	}
	require.NotNil(t, last)
	return last
}

// asked is what the adapter makes of the same call.
func asked(t *testing.T, name string) *earshotv1.Sample {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("..", "..", "sfu-probe", "adapters", "janus", "testdata", name+".golden"))
	require.NoError(t, err)
	s := &earshotv1.Sample{}
	require.NoError(t, protojson.Unmarshal(raw, s))
	return s
}

// link is what tells a connection and its way.
type link struct {
	key, ufrag, address uint64
	local, remote       earshotv1.CandidateType
	ice                 earshotv1.ICEState
	dtls                earshotv1.DTLSState
}

func links(s *earshotv1.Sample) (out []link) {
	for _, t := range s.Transports {
		out = append(out, link{t.LinkKey, t.UfragKey, t.AddressKey, t.LocalCandidateType, t.RemoteCandidateType, t.IceState, t.DtlsState})
	}
	return out
}

// flow is a stream and what it carries.
type flow struct {
	link      uint64
	direction earshotv1.Direction
	ssrc      uint32
	kind      earshotv1.MediaKind
	codec     string
	mid       string
	track     string
	from      uint64 // link
	fromSSRC  uint32
	measured  bool
}

func flows(s *earshotv1.Sample) (out []flow) {
	keys := map[string]uint64{}
	for _, t := range s.Transports {
		keys[t.TransportId] = t.LinkKey
	}
	for _, st := range s.Streams {
		out = append(out, flow{
			keys[st.TransportId], st.Direction, st.Ssrc, st.Kind, st.Codec, st.Mid, st.TrackId,
			keys[st.ForwardedTransportId], st.ForwardedSsrc, len(st.Rtts) > 0,
		})
	}
	return out
}

func TestEventsTellWhatTheAdminAPITells(t *testing.T) {
	byEvents, byAdapter := told(t, "plain"), asked(t, "plain")
	require.Len(t, byAdapter.Transports, 2)
	require.ElementsMatch(t, links(byAdapter), links(byEvents))
	require.Len(t, byAdapter.Streams, 4)
	require.ElementsMatch(t, flows(byAdapter), flows(byEvents))
}

// Layers that are signalled by rid alone have no SSRC in the SDP, and events have nothing else.
func TestEventsDoNotTellTheLayersOfASimulcast(t *testing.T) {
	byEvents, byAdapter := told(t, "simulcast"), asked(t, "simulcast")
	require.ElementsMatch(t, links(byAdapter), links(byEvents))
	video := func(s *earshotv1.Sample) (in, out, forwarded int) {
		for _, f := range flows(s) {
			switch {
			case f.kind != earshotv1.MediaKind_MEDIA_KIND_VIDEO:
			case f.direction == earshotv1.Direction_DIRECTION_INBOUND:
				in++
			default:
				out++
				if f.fromSSRC != 0 {
					forwarded++
				}
			}
		}
		return in, out, forwarded
	}
	in, out, forwarded := video(byAdapter)
	require.Equal(t, []int{2, 1, 1}, []int{in, out, forwarded})
	in, out, forwarded = video(byEvents)
	require.Equal(t, []int{0, 1, 0}, []int{in, out, forwarded})
}
