package janus

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/protojson"

	earshotv1 "github.com/earshot-rtc/earshot/schemas/proto/earshot/v1"
)

var update = flag.Bool("update", false, "write the golden files anew")

func golden(t *testing.T, name string, s *earshotv1.Sample) {
	t.Helper()
	path := filepath.Join("testdata", name+".golden")
	got, err := protojson.Marshal(s)
	require.NoError(t, err)
	if *update {
		var even bytes.Buffer
		require.NoError(t, json.Indent(&even, got, "", "  "))
		require.NoError(t, os.WriteFile(path, append(even.Bytes(), '\n'), 0o600))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	require.JSONEq(t, string(want), string(got))
}

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// mapped maps the rounds of a recording, five seconds apart, and gives the samples.
func mapped(t testing.TB, m *mapper, recorded ...round) (out []*earshotv1.Sample) {
	for i, r := range recorded {
		looks := r.looks(t)
		for _, l := range looks {
			l.at = noon.Add(time.Duration(i) * 5 * time.Second)
		}
		out = append(out, m.sample(looks))
	}
	return out
}

func TestARoomIsMapped(t *testing.T) {
	for _, name := range []string{"plain", "simulcast"} {
		t.Run(name, func(t *testing.T) {
			golden(t, name, mapped(t, &mapper{}, rounds(t, name)...)[1])
		})
	}
}

// pages are the last samples that the two browsers of a recording sent.
func pages(t *testing.T, name string) (out map[string]struct {
	Transports []struct{ LinkKey, UfragKey string }
	Streams    []struct {
		SSRC uint32
		RID  string
	}
}) {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("testdata", name+"-pages.json"))
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(raw, &out))
	return out
}

func TestGatewayAndBrowsersNameLinksAndStreamsAlike(t *testing.T) {
	for _, name := range []string{"plain", "simulcast"} {
		t.Run(name, func(t *testing.T) {
			s := mapped(t, &mapper{}, rounds(t, name)...)[1]
			here := map[string]bool{}
			for _, tr := range s.Transports {
				here[strconv.FormatUint(tr.LinkKey, 16)] = true
				here[strconv.FormatUint(tr.UfragKey, 16)] = true
			}
			type layer struct {
				ssrc uint32
				rid  string
			}
			streams := map[layer]bool{}
			for _, st := range s.Streams {
				streams[layer{st.Ssrc, st.Rid}] = true
			}
			for _, page := range pages(t, name) {
				require.Len(t, page.Transports, 1)
				for _, key := range []string{page.Transports[0].LinkKey, page.Transports[0].UfragKey} {
					n, err := strconv.ParseUint(key, 16, 64)
					require.NoError(t, err)
					require.True(t, here[strconv.FormatUint(n, 16)])
				}
				require.GreaterOrEqual(t, len(page.Streams), 2)
				for _, st := range page.Streams {
					require.True(t, streams[layer{st.SSRC, st.RID}], "%d %s", st.SSRC, st.RID)
				}
			}
		})
	}
}

// forwards are what outbound streams of a kind carry.
func forwards(s *earshotv1.Sample, kind earshotv1.MediaKind) (out []uint32) {
	for _, st := range s.Streams {
		if st.Direction == earshotv1.Direction_DIRECTION_OUTBOUND && st.Kind == kind {
			out = append(out, st.ForwardedSsrc)
		}
	}
	return out
}

func ssrcOf(s *earshotv1.Sample, rid string) uint32 {
	for _, st := range s.Streams {
		if st.Rid == rid {
			return st.Ssrc
		}
	}
	return 0
}

func TestAForwardIsOfTheLayerThatIsSent(t *testing.T) {
	for layer, want := range map[string]string{"0": "l", "1": "h", "-1": "none", "2": "none"} {
		t.Run("layer "+layer, func(t *testing.T) {
			r := rounds(t, "simulcast")[0]
			for _, at := range r.handles() {
				r[at] = bytes.ReplaceAll(r[at], []byte(`"substream": 1`), []byte(`"substream": `+layer))
				r[at] = bytes.ReplaceAll(r[at], []byte(`"substream": 0`), []byte(`"substream": `+layer))
			}
			s := mapped(t, &mapper{}, r)[0]
			require.NotZero(t, ssrcOf(s, "l"))
			require.NotZero(t, ssrcOf(s, "h"))
			require.Equal(t, []uint32{ssrcOf(s, want)}, forwards(s, earshotv1.MediaKind_MEDIA_KIND_VIDEO))
		})
	}
}

func TestWhatIsNotSentIsNoForward(t *testing.T) {
	for name, change := range map[string]func(*look){
		"paused subscriber":     func(l *look) { l.Plugin.Paused = true },
		"stream not active":     func(l *look) { l.Plugin.Streams[0].Active = false },
		"stream not sent":       func(l *look) { l.Plugin.Streams[0].Send = false },
		"publisher that left":   func(l *look) { l.Plugin.Streams[0].FeedID = "7" },
		"medium that is not":    func(l *look) { l.Plugin.Streams[0].FeedMID = "9" },
		"no word of the plugin": func(l *look) { l.Plugin.Streams = nil },
	} {
		t.Run(name, func(t *testing.T) {
			looks := rounds(t, "plain")[0].looks(t)
			for _, l := range looks {
				if l.Plugin.Type == "subscriber" {
					change(l)
				}
			}
			s := (&mapper{}).sample(looks)
			require.Equal(t, []uint32{0}, forwards(s, earshotv1.MediaKind_MEDIA_KIND_AUDIO))
			require.Len(t, s.Streams, 4, "streams are told of all the same")
		})
	}
}

func TestCallsAreRooms(t *testing.T) {
	for _, test := range []struct {
		name string
		m    mapper
		room name
		want string
	}{
		{"a number", mapper{}, "1234", "1234"},
		{"with a prefix", mapper{callPrefix: "fra-"}, "1234", "fra-1234"},
		{"no room", mapper{}, "", ""},
		{"no room, but a call", mapper{callID: "all", callPrefix: "fra-"}, "", "all"},
	} {
		t.Run(test.name, func(t *testing.T) {
			looks := rounds(t, "plain")[0].looks(t)
			for _, l := range looks {
				l.Plugin.Room = test.room
			}
			s := test.m.sample(looks)
			if test.want == "" {
				require.Empty(t, s.Transports)
				return
			}
			require.Len(t, s.Transports, 2)
			require.Equal(t, test.want, s.Transports[0].CallId)
		})
	}
}

func TestAHandleWithoutPeerConnectionIsLeftOut(t *testing.T) {
	s := (&mapper{}).sample([]*look{{handle: handle{ID: "1", Plugin: plugin{Type: "publisher", Room: "5", ID: "9"}}}})
	require.Empty(t, s.Transports)
}
