package sfu

import (
	"strings"
	"sync"
	"time"

	"github.com/pion/rtp"
	"github.com/pion/webrtc/v3"

	sfuprobe "github.com/earshot-rtc/earshot/sfu-probe"
)

// down is one outgoing RTP stream. Whatever stream it carries, its sequence numbers and timestamps run on without a break.
type down struct {
	want   Want
	probe  *sfuprobe.Probe
	call   string
	local  *webrtc.TrackLocalStaticRTP
	sender *webrtc.RTPSender

	mu      sync.Mutex
	rid     string // the layer to carry
	from    *input // what is carried; nil at first
	forward *sfuprobe.Forward
	stopped bool

	begun         bool
	sequenceShift uint16
	stampShift    uint32
	lastSequence  uint16
	lastStamp     uint32
	lastAt        time.Time
}

// write sends a packet of an incoming stream on, if that is the one to carry.
func (d *down) write(in *input, header rtp.Header, payload []byte, keyStart bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.stopped {
		return
	}
	if d.from != in {
		if in.track.RID != d.rid {
			return
		}
		if in.track.Kind == webrtc.RTPCodecTypeVideo && !keyStart {
			in.requestKeyFrame()
			return
		}
		d.take(in, &header)
	}
	header.SequenceNumber += d.sequenceShift
	header.Timestamp += d.stampShift
	if !d.begun || int16(header.SequenceNumber-d.lastSequence) > 0 {
		d.begun, d.lastSequence, d.lastStamp, d.lastAt = true, header.SequenceNumber, header.Timestamp, time.Now()
	}
	header.Extension, header.Extensions = false, nil // they belong to the hop
	// A connection that is closing takes no packets; that is no more than loss.
	_ = d.local.WriteRTP(&rtp.Packet{Header: header, Payload: payload})
}

// take starts to carry a stream from the packet with the given header on.
func (d *down) take(in *input, h *rtp.Header) {
	if d.begun {
		clock := time.Duration(d.want.Codec().ClockRate)
		passed := max(time.Since(d.lastAt)*clock/time.Second, 1)
		d.sequenceShift = d.lastSequence + 1 - h.SequenceNumber
		d.stampShift = d.lastStamp + uint32(passed) - h.Timestamp
	}
	d.from = in
	if d.probe == nil {
		return
	}
	if d.forward == nil {
		d.forward = d.probe.Forward(in.remote, d.sender, sfuprobe.ForCall(d.call))
	} else {
		d.forward.Switch(in.remote)
	}
	d.forward.Shift(d.sequenceShift, d.stampShift)
}

// lose is told that a stream has ended.
func (d *down) lose(in *input) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.from == in {
		d.from = nil
		d.end()
	}
}

func (d *down) stop() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.stopped = true
	d.end()
}

func (d *down) end() {
	if d.forward != nil {
		d.forward.Stop()
		d.forward = nil
	}
}

// keyFrame passes a viewer's request upstream.
func (d *down) keyFrame() {
	d.mu.Lock()
	in := d.from
	d.mu.Unlock()
	if in != nil {
		in.requestKeyFrame()
	}
}

// nextLayer chooses the layer after the present one, if there are several.
func (d *down) nextLayer() (rid string, ok bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	layers := strings.Split(d.want.Layers, ",")
	if len(layers) < 2 {
		return "", false
	}
	for i, rid := range layers {
		if rid == d.rid {
			d.rid = layers[(i+1)%len(layers)]
			break
		}
	}
	return d.rid, true
}
