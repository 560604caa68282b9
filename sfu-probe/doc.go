// Package sfuprobe watches the peer connections of a Pion v3 program from inside: RTP, RTCP and ICE state come in from
// the program's own PeerConnections, and Samples go out to the collector.
//
// An SFU adds five lines:
//
//	probe, err := sfuprobe.New(sfuprobe.Config{
//		SFU:       &earshotv1.SFUOrigin{SfuId: "fra-1", Region: "eu-central"},
//		Collector: "wss://collector.example/v1/stream",
//	})
//	registry.Add(probe.Interceptor())          // before any other interceptor, so that it sits next to the wire
//	err = probe.Start(ctx)                     // and probe.Shutdown(ctx) at the end
//	conn, err := probe.Watch(pc, callID)       // for every PeerConnection; it lets go by itself when pc closes
//	fwd := probe.Forward(remoteTrack, sender)  // when a track is forwarded; fwd.Stop() when no more
//
// A Pion-based client (a bot, a recorder) sets Config.Client and Config.CallID in place of Config.SFU.
//
// # RTCP has to be read
//
// Pion hands RTCP to interceptors only while the application reads it: without a goroutine in RTPReceiver.Read no sender
// report is ever seen, and without one in RTPSender.Read no receiver report, so no round-trip time comes of either. What
// is read late is stamped late. An application that does not care for RTCP itself leaves the reading to the probe with
// the watch option ReadRTCP.
//
// # What it costs
//
// Per RTP packet one uncontended lock and no allocation; per stream no goroutine. Nothing here ever blocks the
// application, and a collector that is slow, away or wrong costs a bounded queue (Config.QueueBytes) and nothing else.
package sfuprobe
