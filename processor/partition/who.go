package partition

import (
	"strings"

	"github.com/earshot-rtc/earshot/processor/graph"
	"github.com/earshot-rtc/earshot/processor/row"
	earshotv1 "github.com/earshot-rtc/earshot/schemas/proto/earshot/v1"
)

// identity is what rows say of a source. It changes seldom, so what is kept is compared first.
type identity struct {
	row.Who
	region    string // where it stands in paths: an SFU's own, a client's by its address
	sfuRegion string

	browser, version string // of which Who.Browser is made
}

// identify reads the sample's identity, with the strings of the one known already where they are the same.
func (a *arrival) identify(known *identity) identity {
	p, n := a.p, *known
	keep := func(at *string, s string) {
		if *at != s {
			*at = p.intern(s)
		}
	}
	if c := a.m.Client; c != nil {
		if n.UserID != c.UserId {
			n.UserID = strings.Clone(c.UserId) // of a person: not among the names that are kept for all
		}
		keep(&n.App, c.AppVersion)
		keep(&n.OS, c.Os)
		keep(&n.Network, c.NetworkType)
		keep(&n.ProbeVersion, c.ProbeVersion)
		if n.browser != c.Browser || n.version != c.BrowserVersion {
			keep(&n.browser, c.Browser)
			keep(&n.version, c.BrowserVersion)
			n.Browser = p.intern(major(c.Browser, c.BrowserVersion))
		}
	}
	if s := a.m.Sfu; s != nil {
		keep(&n.App, s.Version)
		keep(&n.ProbeVersion, s.ProbeVersion)
		keep(&n.sfuRegion, s.Region)
		n.region = n.sfuRegion
	}
	if r := a.m.Receipt; r != nil && a.source.kind == graph.Client {
		keep(&n.Country, r.Country)
		keep(&n.Region, r.Region)
		keep(&n.ISP, r.Isp)
		n.ASN = r.Asn
		n.region = n.Region
		if n.region == "" {
			n.region = n.Country
		}
	}
	return n
}

// major is a browser's name with the first part of its version.
func major(name, version string) string {
	version, _, _ = strings.Cut(version, ".")
	if name == "" || version == "" {
		return name
	}
	return name + " " + version
}

// connection reads how the source's main transport is connected: the one over which most has gone.
func (a *arrival) connection() (l row.Link) {
	var main *earshotv1.Transport
	for _, t := range a.m.Transports {
		if main == nil || t.BytesSent+t.BytesReceived > main.BytesSent+main.BytesReceived {
			main = t
		}
	}
	if main == nil {
		return l
	}
	local, remote := candidate(main.LocalCandidateType), candidate(main.RemoteCandidateType)
	l = row.Link{
		LocalCandidate: row.Candidate(local), RemoteCandidate: row.Candidate(remote),
		Protocol: row.Protocol(protocol(main.Protocol)), RelayProtocol: row.Protocol(protocol(main.RelayProtocol)),
		Relay:       local == graph.Relay || remote == graph.Relay,
		IPVersion:   ipVersion(main.IpVersion),
		PairChanges: main.SelectedPairChanges, ConnectMs: uint32(min((main.ConnectUs+500)/1000, 1<<32-1)),
		AvailableSendBps: main.AvailableOutgoingBps, AvailableReceiveBps: main.AvailableIncomingBps,
	}
	if s := main.IceState; s > 0 && s <= earshotv1.ICEState(row.ICEStateClosed) {
		l.ICEState = row.ICEState(s)
	}
	return l
}

func ipVersion(v uint32) uint8 {
	if v != 4 && v != 6 {
		return 0
	}
	return uint8(v)
}

// maxEvents bounds the events of one sample.
const maxEvents = 1024

// events writes a row for each event of the sample.
func (a *arrival) events() {
	events := a.m.Events
	if len(events) > maxEvents {
		a.p.counts.Truncated++
		events = events[:maxEvents]
	}
	for _, e := range events {
		r := a.out.AddEvent()
		*r = row.Event{
			At: a.at, Tenant: a.call.tenant, CallID: a.call.id, SourceKind: row.Kind(a.source.kind), SourceID: a.source.id,
			TransportID: strings.Clone(e.TransportId), TrackID: strings.Clone(e.TrackId), Value: strings.Clone(e.Value), Number: e.Number,
		}
		if at := e.AtUs + a.shift; e.AtUs > 0 && e.AtUs < maxTime && at > 0 && at < maxTime {
			r.At = at
		}
		if e.Type > 0 && e.Type <= earshotv1.EventType(row.EventCustom) {
			r.Type = row.EventType(e.Type)
		}
	}
}

// limited notes what keeps a video stream that the source sends from being better: the strongest reason of all of them.
func limited(known row.Limitation, q earshotv1.QualityLimitation) row.Limitation {
	if q <= 0 || q > earshotv1.QualityLimitation(row.LimitationOther) {
		return known
	}
	if l := row.Limitation(q); strength[l] > strength[known] {
		return l
	}
	return known
}

// strength puts bandwidth before processor time, and both before other reasons.
var strength = [...]uint8{
	row.LimitationUnknown: 0, row.LimitationNone: 1, row.LimitationOther: 2, row.LimitationCPU: 3, row.LimitationBandwidth: 4,
}
