// Package client is one participant of a laboratory call: peer connections come in, to publish on and to receive from; RTP
// goes out, and so do the figures that a browser's getStats would have of it.
//
// What is measured: everything about packets (arrival, loss, order, what the jitter buffer did with them, how long they
// waited for the network), as it happened to this client's own packets. What is modelled, because nothing here encodes,
// decodes or plays: encode and decode times (by number of pixels), and the 20 ms of a sound device's buffer.
package client

import (
	"fmt"
	"sync"
	"time"

	"github.com/pion/rtp"
	"github.com/pion/webrtc/v3"

	"github.com/earshot-rtc/earshot/lab/link"
	"github.com/earshot-rtc/earshot/lab/media"
	"github.com/earshot-rtc/earshot/lab/topology"
)

// Config says who a client is.
type Config struct {
	ID        string
	Publish   []topology.Kind
	Simulcast bool
	Seed      uint64
	Pacer     *media.Pacer
}

// Client is a participant. It is safe for concurrent use.
type Client struct {
	id      string
	pacer   *media.Pacer
	sources map[topology.Kind]*media.Source
	layers  []media.Layer

	mu   sync.Mutex
	outs map[webrtc.SSRC]out
	ins  map[webrtc.SSRC]in
}

// out is one stream that the client sends.
type out struct {
	source *media.Source
	rid    string
}

// in is one stream that the client receives; one of the two is set.
type in struct {
	audio *media.Audio
	video *media.Video
}

// New makes a client whose microphone and camera start at once, heard and seen by nobody.
func New(cfg Config) *Client {
	c := &Client{
		id: cfg.ID, pacer: cfg.Pacer, layers: media.Plain,
		sources: map[topology.Kind]*media.Source{}, outs: map[webrtc.SSRC]out{}, ins: map[webrtc.SSRC]in{},
	}
	if cfg.Simulcast {
		c.layers = media.Simulcast
	}
	for _, k := range cfg.Publish {
		if k == topology.Audio {
			c.sources[k] = media.NewAudio(cfg.Seed)
		} else {
			c.sources[k] = media.NewVideo(cfg.Seed, c.layers)
		}
		c.pacer.Add(c.sources[k], c.sources[k].Begin(time.Now()))
	}
	return c
}

// Close stops microphone and camera.
func (c *Client) Close() {
	for _, s := range c.sources {
		c.pacer.Remove(s)
	}
}

// Mute stops or resumes sending of a kind.
func (c *Client) Mute(kind topology.Kind, muted bool) {
	if s := c.sources[kind]; s != nil {
		s.Mute(muted)
	}
}

// Layers lists the RIDs of what the client publishes, worst first; nil without simulcast.
func (c *Client) Layers() []string {
	if len(c.layers) < 2 {
		return nil
	}
	rids := make([]string, len(c.layers))
	for i, l := range c.layers {
		rids[i] = l.RID
	}
	return rids
}

// TrackID names a track as its publisher does.
func TrackID(clientID string, kind topology.Kind) string { return clientID + "-" + string(kind) }

// Publish sends kinds on a peer connection that has not been negotiated yet.
func (c *Client) Publish(peer *link.Peer, kinds []topology.Kind) error {
	for _, k := range kinds {
		source := c.sources[k]
		if source == nil {
			continue
		}
		t := link.Track{Publisher: c.id, Kind: webrtc.RTPCodecTypeAudio}
		layers := []media.Layer{{}}
		if k == topology.Video {
			t.Kind, layers = webrtc.RTPCodecTypeVideo, c.layers
		}
		id := TrackID(c.id, k)
		peer.Announce(id, t)
		if err := c.publish(peer, t, id, source, layers); err != nil {
			return fmt.Errorf("publish %s: %w", k, err)
		}
	}
	return nil
}

func (c *Client) publish(peer *link.Peer, t link.Track, id string, source *media.Source, layers []media.Layer) error {
	var transceiver *webrtc.RTPTransceiver
	var outlets []*outlet
	for i, l := range layers {
		static, err := webrtc.NewTrackLocalStaticRTP(t.Codec(), id, c.id, webrtc.WithRTPStreamID(l.RID))
		if err != nil {
			return err
		}
		var local webrtc.TrackLocal = static
		if l.RID != "" {
			local = &link.Layer{TrackLocalStaticRTP: static, Peer: peer, KeyFrame: func() { source.KeyFrame(l.RID) }}
		}
		if i == 0 {
			transceiver, err = peer.PC.AddTransceiverFromTrack(local, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionSendonly})
		} else {
			err = transceiver.Sender().AddEncoding(local)
		}
		if err != nil {
			return err
		}
		outlets = append(outlets, &outlet{local: static, transceiver: transceiver, rid: l.RID})
	}
	sender := transceiver.Sender()
	if len(layers) == 1 {
		peer.ReadSender(sender, func() { source.KeyFrame("") })
	}
	c.mu.Lock()
	for _, e := range sender.GetParameters().Encodings {
		c.outs[e.SSRC] = out{source, e.RID}
	}
	c.mu.Unlock()
	for _, o := range outlets {
		peer.OnClose(source.Output(o.rid, o))
	}
	return nil
}

// outlet hands a source's packets to a track.
type outlet struct {
	local       *webrtc.TrackLocalStaticRTP
	transceiver *webrtc.RTPTransceiver
	rid         string
	midID       uint8
	ridID       uint8
}

// WriteRTP sends a packet; before the connection is there it goes nowhere.
func (o *outlet) WriteRTP(h *rtp.Header, payload []byte) {
	if o.rid != "" {
		o.identify(h)
	}
	// A connection that is closing takes no packets; that is no more than loss.
	_ = o.local.WriteRTP(&rtp.Packet{Header: *h, Payload: payload})
}

// identify adds the header extensions by which the receiver tells layers apart (RFC 8852, RFC 9143): their SSRCs do not
// stand in the SDP.
func (o *outlet) identify(h *rtp.Header) {
	mid := o.transceiver.Mid()
	if mid == "" {
		return // not negotiated yet
	}
	if o.midID == 0 {
		for _, e := range o.transceiver.Sender().GetParameters().HeaderExtensions {
			switch e.URI {
			case "urn:ietf:params:rtp-hdrext:sdes:mid":
				o.midID = uint8(e.ID)
			case "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id":
				o.ridID = uint8(e.ID)
			}
		}
	}
	if o.midID != 0 && o.ridID != 0 {
		// They fail only on more than 16 bytes.
		_ = h.SetExtension(o.midID, []byte(mid))
		_ = h.SetExtension(o.ridID, []byte(o.rid))
	}
}
