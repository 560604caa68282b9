package partition

import (
	"github.com/earshot-rtc/earshot/processor/graph"
	"github.com/earshot-rtc/earshot/processor/stitch"
	earshotv1 "github.com/earshot-rtc/earshot/schemas/proto/earshot/v1"
)

// transport takes in what a sample says of one transport.
func (a *arrival) transport(m *earshotv1.Transport) {
	if m.IceState == earshotv1.ICEState_ICE_STATE_CLOSED ||
		m.DtlsState == earshotv1.DTLSState_DTLS_STATE_CLOSED || m.DtlsState == earshotv1.DTLSState_DTLS_STATE_FAILED {
		return // it has ended, as if it were not mentioned
	}
	t := a.call.graph.Transport(a.source.node, &graph.Facts{
		ID: m.TransportId, LinkKey: m.LinkKey, RemoteOwner: m.RemoteOwnerId, RemoteTransport: m.RemoteTransportId,
		UfragKey: m.UfragKey, AddressKey: m.AddressKey, SFULink: m.SfuLink,
		Pair: graph.Pair{
			Local: candidate(m.LocalCandidateType), Remote: candidate(m.RemoteCandidateType),
			Protocol: protocol(m.Protocol), RelayProtocol: protocol(m.RelayProtocol),
		},
	})
	e := endOf(t)
	a.p.touched = append(a.p.touched, e)
	e.ipVersion = ipVersion(m.IpVersion)
	if d := a.at - e.at; e.at > 0 && d > 0 {
		a.row.SendBps += rate(m.BytesSent, e.sent, d)
		a.row.ReceiveBps += rate(m.BytesReceived, e.received, d)
	}
	e.at, e.sent, e.received = a.at, m.BytesSent, m.BytesReceived
	for _, m := range m.Rtts {
		r, ok := a.read(m)
		if !ok {
			continue
		}
		var v stitch.Measurement
		if e.counters, v, ok = next(e.counters, r); ok {
			e.merge.Add(r.Source, v, false)
		}
	}
}

// rate is the bits per second of a counter of bytes that ran for so many µs.
func rate(now, before uint64, us int64) uint64 {
	return uint64(float64(since(now, before)) * 8e6 / float64(us))
}

func candidate(t earshotv1.CandidateType) graph.Candidate {
	if t < 0 || t > earshotv1.CandidateType_CANDIDATE_TYPE_RELAY {
		return graph.CandidateUnknown
	}
	return graph.Candidate(t)
}

func protocol(p earshotv1.Protocol) uint8 {
	if p < 0 || p > earshotv1.Protocol_PROTOCOL_TLS {
		return 0
	}
	return uint8(p)
}

// lost counts packets of a transport's streams in one window: those it received, and those that the other end did.
type lost struct {
	window          int64
	inPackets, in   float32
	outPackets, out float32
}

// lostIn returns what is counted for a window, made if need be in the place of one that has closed: next is the first that
// has not.
func (e *end) lostIn(index, next int64) *lost {
	old := -1
	for i := range e.lost {
		switch w := e.lost[i].window; {
		case w == index:
			return &e.lost[i]
		case w < next:
			old = i
		}
	}
	if old < 0 {
		e.lost = append(e.lost, lost{})
		old = len(e.lost) - 1
	}
	e.lost[old] = lost{window: index}
	return &e.lost[old]
}
