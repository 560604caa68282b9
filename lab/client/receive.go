package client

import (
	"time"

	"github.com/pion/rtp"
	"github.com/pion/webrtc/v3"

	"github.com/earshot-rtc/earshot/lab/link"
	"github.com/earshot-rtc/earshot/lab/media"
)

const mtu = 1500

// Receive plays whatever comes in on a peer connection.
func (c *Client) Receive(peer *link.Peer) {
	peer.PC.OnTrack(func(remote *webrtc.TrackRemote, receiver *webrtc.RTPReceiver) {
		peer.ReadReceiver(receiver, remote.RID())
		peer.Link.Go(func() { c.play(peer, remote) })
	})
}

func (c *Client) play(peer *link.Peer, remote *webrtc.TrackRemote) {
	var i in
	if remote.Kind() == webrtc.RTPCodecTypeAudio {
		i.audio = media.NewAudioPlayout()
	} else {
		i.video = media.NewVideoPlayout()
	}
	c.mu.Lock()
	c.ins[remote.SSRC()] = i
	c.mu.Unlock()

	buf := make([]byte, mtu)
	var packet rtp.Packet
	for {
		n, _, err := remote.Read(buf)
		if err != nil {
			return
		}
		now := time.Now()
		if packet.Unmarshal(buf[:n]) != nil {
			continue
		}
		if i.audio != nil {
			i.audio.Packet(now, packet.SequenceNumber, packet.Timestamp)
		} else if i.video.Packet(now, packet.SequenceNumber, packet.Timestamp, packet.Marker, packet.Payload) {
			peer.RequestKeyFrame(remote.SSRC())
		}
	}
}
