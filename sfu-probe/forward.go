package sfuprobe

import (
	"github.com/pion/webrtc/v3"

	"github.com/earshot-rtc/earshot/sfu-probe/rtpstats"
)

// Forward is the fact that an SFU's outbound stream carries an inbound one.
type Forward struct {
	probe *Probe
	out   *webrtc.DTLSTransport
	ssrcs map[string]uint32 // of the sender's encodings, by rid

	// Guarded by probe.mu.
	in       *webrtc.TrackRemote
	call     string
	sequence uint16
	ts       uint32
	fed      *rtpstats.Outbound // where the source is set
	source   rtpstats.Source    // what it is set to
}

// ForwardOption tells Forward more.
type ForwardOption func(*Forward)

// ForCall names the call of a forward between two connections of which neither names it (an SFU in the middle of a
// cascade that several calls share).
func ForCall(callID string) ForwardOption { return func(f *Forward) { f.call = callID } }

// Forward says that out carries what comes in on in, from now on. Both connections may be watched before or after. It
// never fails: what cannot be related (a connection that is not watched) is not reported. Where out has several encodings,
// in is carried by the one with its rid. The relation ends with Stop, or when the watched connection of out closes.
//
// Residence time is measured on packets that keep their RTP sequence number and timestamp, as
// TrackLocalStaticRTP.WriteRTP leaves them; an SFU that rewrites them says by how much with Shift.
func (p *Probe) Forward(in *webrtc.TrackRemote, out *webrtc.RTPSender, opts ...ForwardOption) *Forward {
	f := &Forward{probe: p, in: in, out: out.Transport(), ssrcs: map[string]uint32{}}
	for _, o := range opts {
		o(f)
	}
	for _, e := range out.GetParameters().Encodings {
		f.ssrcs[e.RID] = uint32(e.SSRC)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.forwards[f] = struct{}{}
	f.resolve()
	p.soon()
	return f
}

// Switch says that the outbound stream carries another inbound one from now on: another simulcast layer, or another
// speaker. A shift told before is forgotten.
func (f *Forward) Switch(in *webrtc.TrackRemote) {
	f.probe.mu.Lock()
	defer f.probe.mu.Unlock()
	f.in, f.sequence, f.ts = in, 0, 0
	f.resolve()
	f.probe.soon()
}

// Shift says what the SFU adds to the sequence number and timestamp of packets that it forwards (modulo their size).
func (f *Forward) Shift(sequence uint16, timestamp uint32) {
	f.probe.mu.Lock()
	defer f.probe.mu.Unlock()
	f.sequence, f.ts = sequence, timestamp
	f.resolve()
}

// Stop ends the relation. The outbound stream goes on being reported.
func (f *Forward) Stop() {
	f.probe.mu.Lock()
	defer f.probe.mu.Unlock()
	f.end()
}

// end and resolve want probe.mu.
func (f *Forward) end() {
	delete(f.probe.forwards, f)
	f.feed(nil, rtpstats.Source{})
	f.in = nil
}

// route is a forward whose both ends are known.
type route struct {
	from, to       *Connection
	ssrcIn, ssrcTo uint32
}

// resolve finds the streams of the forward and tells the outbound one where its packets come from.
func (f *Forward) resolve() (route, bool) {
	if f.in == nil {
		return route{}, false
	}
	from, to := f.probe.tracks[f.in], f.probe.byTransport[f.out]
	if from == nil || to == nil {
		f.feed(nil, rtpstats.Source{})
		return route{}, false
	}
	r := route{from: from, to: to, ssrcIn: uint32(f.in.SSRC()), ssrcTo: f.ssrcs[f.in.RID()]}
	if r.ssrcTo == 0 {
		r.ssrcTo = f.ssrcs[""]
	}
	in, out := from.stats.Inbound(r.ssrcIn), to.stats.Outbound(r.ssrcTo)
	if in == nil || out == nil {
		f.feed(nil, rtpstats.Source{})
		return r, r.ssrcIn != 0 && r.ssrcTo != 0
	}
	f.feed(out, rtpstats.Source{Stream: in, Sequence: f.sequence, Timestamp: f.ts})
	return r, true
}

func (f *Forward) feed(out *rtpstats.Outbound, source rtpstats.Source) {
	if f.fed == out && f.source == source {
		return
	}
	if f.fed != nil && f.fed != out {
		f.fed.SetSource(nil)
	}
	f.fed, f.source = out, source
	if out != nil {
		out.SetSource(&source)
	}
}
