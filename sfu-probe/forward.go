package sfuprobe

import "github.com/pion/webrtc/v3"

// Forward is the fact that an SFU's outbound stream carries an inbound one.
type Forward struct{}

// ForwardOption tells Forward more.
type ForwardOption func(*Forward)

// ForCall names the call of a forward between two connections of which neither names it (an SFU in the middle of a
// cascade that several calls share).
func ForCall(callID string) ForwardOption { return func(f *Forward) {} }

// Forward says that out carries what comes in on in, from now on. Both connections may be watched before or after. It
// never fails: what cannot be related (a connection that is not watched) is not reported.
//
// Residence time is measured on packets that keep their RTP sequence number and timestamp, as
// TrackLocalStaticRTP.WriteRTP leaves them; an SFU that rewrites them says by how much with Shift.
func (p *Probe) Forward(in *webrtc.TrackRemote, out *webrtc.RTPSender, opts ...ForwardOption) *Forward {
	return &Forward{}
}

// Switch says that the outbound stream carries another inbound one from now on: another simulcast layer, or another
// speaker.
func (f *Forward) Switch(in *webrtc.TrackRemote) {}

// Shift says what the SFU adds to the sequence number and timestamp of packets that it forwards (modulo their size).
func (f *Forward) Shift(sequence uint16, timestamp uint32) {}

// Stop ends the relation. The outbound stream goes on being reported.
func (f *Forward) Stop() {}
