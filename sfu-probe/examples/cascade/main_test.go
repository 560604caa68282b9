package main

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/pion/rtp"
	"github.com/pion/webrtc/v3"
	"github.com/stretchr/testify/require"
)

func start(t *testing.T, id, upstream string) (*sfu, string) {
	t.Helper()
	s, err := newSFU(id, "", upstream)
	require.NoError(t, err)
	server := httptest.NewServer(s)
	t.Cleanup(func() {
		server.Close()
		require.NoError(t, s.probe.Shutdown(context.Background()))
	})
	return s, server.URL
}

func ask(t *testing.T, pc *webrtc.PeerConnection, url string) {
	t.Helper()
	d, err := pc.CreateOffer(nil)
	offer, err := settle(pc, d, err)
	require.NoError(t, err)
	status, answer := postOffer(t, url, offer)
	require.Equal(t, http.StatusCreated, status, answer)
	require.NoError(t, pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: answer}))
}

func postOffer(t *testing.T, url, offer string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(offer))
	require.NoError(t, err)
	resp, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	return resp.StatusCode, string(body)
}

func TestMediaCrossThreeSFUs(t *testing.T) {
	one, first := start(t, "one", "")
	_, second := start(t, "two", first)
	third, last := start(t, "three", second)

	connection := func() *webrtc.PeerConnection {
		pc, err := third.api.NewPeerConnection(webrtc.Configuration{})
		require.NoError(t, err)
		t.Cleanup(func() { _ = pc.Close() })
		return pc
	}
	publisher, viewer := connection(), connection()
	track, err := webrtc.NewTrackLocalStaticRTP(webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeOpus, ClockRate: 48000, Channels: 2}, "mic", "ana")
	require.NoError(t, err)
	_, err = publisher.AddTrack(track)
	require.NoError(t, err)
	ask(t, publisher, first+"/publish/demo")
	stop := make(chan struct{})
	defer close(stop)
	go func() {
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		for n := uint16(0); ; n++ {
			select {
			case <-stop:
				return
			case <-tick.C:
				_ = track.WriteRTP(&rtp.Packet{Header: rtp.Header{Version: 2, SequenceNumber: n, Timestamp: uint32(n) * 960}, Payload: []byte("hello")})
			}
		}
	}()

	heard := make(chan string, 1)
	viewer.OnTrack(func(remote *webrtc.TrackRemote, _ *webrtc.RTPReceiver) {
		if packet, _, err := remote.ReadRTP(); err == nil {
			heard <- string(packet.Payload)
		}
	})
	_, err = viewer.AddTransceiverFromKind(webrtc.RTPCodecTypeAudio, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionRecvonly})
	require.NoError(t, err)
	require.Eventually(t, func() bool { return len(one.of("demo")) == 1 }, 20*time.Second, 20*time.Millisecond, "the publisher's track")
	ask(t, viewer, last+"/subscribe/demo")
	select {
	case payload := <-heard:
		require.Equal(t, "hello", payload)
	case <-time.After(20 * time.Second):
		require.Fail(t, "nothing was heard")
	}
	stats := third.probe.Stats()
	require.GreaterOrEqual(t, stats.Connections, 2, "the link upstream and the viewer's")
}

func TestWhatIsNoOfferIsRefused(t *testing.T) {
	_, url := start(t, "one", "")
	status, body := postOffer(t, url+"/publish/demo", "hello")
	require.Equal(t, http.StatusBadRequest, status)
	require.NotEmpty(t, body)
}

func TestASubscriberIsToldWhereNobodyPublishes(t *testing.T) {
	s, url := start(t, "one", "")
	pc, err := s.api.NewPeerConnection(webrtc.Configuration{})
	require.NoError(t, err)
	t.Cleanup(func() { _ = pc.Close() })
	_, err = pc.AddTransceiverFromKind(webrtc.RTPCodecTypeAudio)
	require.NoError(t, err)
	d, err := pc.CreateOffer(nil)
	offer, err := settle(pc, d, err)
	require.NoError(t, err)
	status, body := postOffer(t, url+"/subscribe/demo", offer)
	require.Equal(t, http.StatusBadRequest, status)
	require.Contains(t, body, "nobody publishes")
}

func TestTheExampleIsShort(t *testing.T) {
	source, err := os.ReadFile("main.go")
	require.NoError(t, err)
	require.Less(t, strings.Count(string(source), "\n"), 200, "an example that is to be read in one go")
}
