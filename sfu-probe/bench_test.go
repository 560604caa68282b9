package sfuprobe_test

import (
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/pion/webrtc/v3"
	"github.com/stretchr/testify/require"

	sfuprobe "github.com/earshot-rtc/earshot/sfu-probe"
	"github.com/earshot-rtc/earshot/sfu-probe/export"
)

// BenchmarkSample takes one sample of an SFU that forwards 20 streams to 50 subscribers each: 1,000 forwarded streams over
// real connections, through to the bytes that go to the collector. Once per 5 s, 1 % of a core is 50 ms.
func BenchmarkSample(b *testing.B) {
	const subscribers, tracks = 50, 20
	exporter, err := export.New(export.Config{URL: "ws://127.0.0.1:1/v1/stream"}, export.Dependencies{})
	require.NoError(b, err)
	probe, err := sfuprobe.New(sfu("fra"), sfuprobe.WithExporter(exporter))
	require.NoError(b, err)
	api, others := newAPI(b, probe, 0), newAPI(b, nil, 0)
	connect := func(api *webrtc.API) *webrtc.PeerConnection {
		pc, err := api.NewPeerConnection(webrtc.Configuration{})
		require.NoError(b, err)
		b.Cleanup(func() { _ = pc.GracefulClose() })
		return pc
	}
	publisher, in := connect(others), connect(api)
	_, err = probe.Watch(in, "call")
	require.NoError(b, err)
	remotes := make(chan *webrtc.TrackRemote, tracks)
	in.OnTrack(func(remote *webrtc.TrackRemote, r *webrtc.RTPReceiver) { remotes <- remote; swallow(remote, r) })
	for i := range tracks {
		track := newTrack(b, webrtc.MimeTypeOpus, fmt.Sprint("published", i))
		_, err := publisher.AddTrack(track)
		require.NoError(b, err)
		talk(b, track)
	}
	negotiate(b, publisher, in)
	var published []*webrtc.TrackRemote
	for range tracks {
		published = append(published, <-remotes)
	}
	for range subscribers {
		out, viewer := connect(api), connect(others)
		_, err = probe.Watch(out, "call")
		require.NoError(b, err)
		for i := range tracks {
			sender, err := out.AddTrack(newTrack(b, webrtc.MimeTypeOpus, fmt.Sprint("forwarded", i)))
			require.NoError(b, err)
			probe.Forward(published[i], sender)
		}
		negotiate(b, out, viewer)
	}
	time.Sleep(time.Second)
	probe.SampleNow()
	before := exporter.Stats().BytesQueued
	probe.SampleNow()
	size := exporter.Stats().BytesQueued - before
	runtime.GC()
	b.ReportAllocs()
	for b.Loop() {
		probe.SampleNow()
	}
	b.ReportMetric(float64(size), "sample-bytes")
}
