package observertc

import (
	"strings"

	"github.com/go-faster/jx"
)

// legacy is what a ClientSample of schema 2.x has in other places: lists for the whole client, whose entries name their peer
// connection, and tracks that hold what getStats says of a stream and of its other end.
type legacy struct {
	in           []inboundTrack
	out          []outboundTrack
	transports   []iceTransport
	pairs        []pair
	candidates   []candidate
	certificates []certificate
	codecs       []codec
	found        bool
}

// read takes a list of schema 2.x.
func (l *legacy) read(d *jx.Decoder, key []byte) (bool, error) {
	var err error
	switch string(key) {
	case "inboundAudioTracks":
		err = tracks(d, &l.in, "audio")
	case "inboundVideoTracks":
		err = tracks(d, &l.in, "video")
	case "outboundAudioTracks":
		err = tracks(d, &l.out, "audio")
	case "outboundVideoTracks":
		err = tracks(d, &l.out, "video")
	case "pcTransports":
		err = list(d, &l.transports, nil, false)
	case "iceCandidatePairs":
		err = list(d, &l.pairs, nil, false)
	case "iceLocalCandidates", "iceRemoteCandidates":
		err = list(d, &l.candidates, nil, false)
	case "certificates":
		err = list(d, &l.certificates, nil, false)
	case "codecs":
		err = list(d, &l.codecs, nil, false)
	default:
		return false, nil
	}
	l.found = true
	return true, err
}

// tracks reads a list of tracks of one kind.
func tracks[T inboundTrack | outboundTrack, P record[T]](d *jx.Decoder, into *[]T, kind string) error {
	from := len(*into)
	if err := list[T, P](d, into, nil, false); err != nil {
		return err
	}
	for i := range (*into)[from:] {
		P(&(*into)[from+i]).set([]byte("kind"), value{text: []byte(kind), isText: true})
	}
	return nil
}

// readAgent reads the browser or operating system, an object of name and version.
func (*legacy) readAgent(d *jx.Decoder, s *clientSample, browser bool) error {
	var e event
	if err := readPayload(d, e.load); err != nil {
		return err
	}
	if browser {
		s.browser, s.version = e.name, e.version
	} else {
		s.os = e.name
	}
	return nil
}

// into turns the lists into peer connections.
func (l *legacy) into(s *clientSample) {
	if !l.found {
		return
	}
	of := func(id string) *peerConnection {
		if pc := s.find(id, max(len(s.pcs)-1, 0)); pc != nil {
			return pc
		}
		pc := s.add()
		pc.id, pc.legacy = id, true
		pc.certificates, pc.codecs = l.certificates, l.codecs // which name no connection, and are shared
		return pc
	}
	l.nameCodecs()
	for _, t := range l.transports {
		pc := of(t.pc)
		pc.transports = append(pc.transports, t)
	}
	for i := range l.in {
		pc := of(l.in[i].transportID)
		pc.in = append(pc.in, rtp(l.in[i]))
	}
	for i := range l.out {
		pc := of(l.out[i].transportID)
		pc.out = append(pc.out, rtp(l.out[i]))
	}
	for _, p := range l.pairs {
		pc := of(p.pc)
		pc.pairs = append(pc.pairs, p)
	}
	for _, c := range l.candidates {
		pc := of(c.pc)
		pc.candidates = append(pc.candidates, c)
	}
	for i := range s.pcs {
		pc := &s.pcs[i]
		for j := range pc.in {
			pc.in[j].transportID, pc.in[j].codecID = "", pc.in[j].kind
		}
		for j := range pc.out {
			pc.out[j].transportID, pc.out[j].codecID = "", pc.out[j].kind
		}
	}
}

// nameCodecs lets the tracks of a kind find the codec of the kind where there is but one: neither names the other.
func (l *legacy) nameCodecs() {
	of := map[string]*codec{}
	for i := range l.codecs {
		c := &l.codecs[i]
		kind, _, _ := strings.Cut(c.mime, "/")
		if o := of[kind]; o == nil {
			of[kind] = c
			c.id = kind
		} else if !strings.EqualFold(o.mime, c.mime) {
			o.id = ""
		}
	}
}
