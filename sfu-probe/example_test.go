package sfuprobe_test

import (
	"context"
	"log"
	"time"

	"github.com/pion/interceptor"
	"github.com/pion/webrtc/v3"

	sfuprobe "github.com/earshot-rtc/earshot/sfu-probe"

	earshotv1 "github.com/earshot-rtc/earshot/schemas/proto/earshot/v1"
)

// An SFU with one publisher and one subscriber, and where the probe goes.
func Example() {
	ctx := context.Background()
	probe, err := sfuprobe.New(sfuprobe.Config{
		SFU:       &earshotv1.SFUOrigin{SfuId: "fra-1", Region: "eu-central"},
		Collector: "ws://127.0.0.1:4480/v1/stream",
	})
	if err != nil {
		log.Fatal(err)
	}

	media, registry := &webrtc.MediaEngine{}, &interceptor.Registry{}
	if err := media.RegisterDefaultCodecs(); err != nil {
		log.Fatal(err)
	}
	registry.Add(probe.Interceptor()) // 1
	if err := webrtc.RegisterDefaultInterceptors(media, registry); err != nil {
		log.Fatal(err)
	}
	api := webrtc.NewAPI(webrtc.WithMediaEngine(media), webrtc.WithInterceptorRegistry(registry))

	if err := probe.Start(ctx); err != nil { // 2
		log.Fatal(err)
	}
	defer func() {
		ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
		defer cancel()
		_ = probe.Shutdown(ctx)
	}()

	connect := func() *webrtc.PeerConnection {
		pc, err := api.NewPeerConnection(webrtc.Configuration{})
		if err != nil {
			log.Fatal(err)
		}
		if _, err := probe.Watch(pc, "call", sfuprobe.ReadRTCP()); err != nil { // 3
			log.Fatal(err)
		}
		return pc
	}
	publisher, subscriber := connect(), connect()

	publisher.OnTrack(func(remote *webrtc.TrackRemote, _ *webrtc.RTPReceiver) {
		local, err := webrtc.NewTrackLocalStaticRTP(remote.Codec().RTPCodecCapability, remote.ID(), remote.StreamID())
		if err != nil {
			return
		}
		sender, err := subscriber.AddTrack(local)
		if err != nil {
			return
		}
		forward := probe.Forward(remote, sender) // 4
		defer forward.Stop()                     // 5
		for {
			packet, _, err := remote.ReadRTP()
			if err != nil {
				return
			}
			_ = local.WriteRTP(packet)
		}
	})
	// Signalling goes here.
}
