package janus

import (
	"encoding/json"
	"strings"
)

// name is an id of a session, handle, room or publisher: a number, or where string_ids is on a text.
type name string

// UnmarshalJSON takes either.
func (n *name) UnmarshalJSON(raw []byte) error {
	var s string
	if len(raw) > 0 && raw[0] == '"' {
		if err := json.Unmarshal(raw, &s); err != nil {
			return err
		}
	} else if s = string(raw); s == "null" {
		s = ""
	}
	*n = name(s)
	return nil
}

// answerer is an answer, which may be an error instead.
type answerer interface{ refused() *refusal }

type answered struct {
	Error *refusal `json:"error"`
}

func (a *answered) refused() *refusal { return a.Error }

// Answers to info, list_sessions, list_handles and handle_info.
type (
	sessionList struct {
		answered
		Sessions []name `json:"sessions"`
	}
	handleList struct {
		answered
		Handles []name `json:"handles"`
	}
	handleInfo struct {
		answered
		Info *look `json:"info"`
	}
)

// server is the answer to info.
type server struct {
	answered
	Name    string `json:"server-name"`
	Version string `json:"version_string"`
}

// handle is what handle_info says, as far as it is of use here. Times are µs on the gateway's monotonic clock.
type handle struct {
	ID           name       `json:"handle_id"`
	AgentCreated int64      `json:"agent-created"`
	Plugin       plugin     `json:"plugin_specific"`
	SDPs         sdps       `json:"sdps"`
	WebRTC       connection `json:"webrtc"`
}

// plugin is what the VideoRoom says; others that have rooms say a part of it.
type plugin struct {
	Type    string   `json:"type"` // publisher or subscriber
	Room    name     `json:"room"`
	ID      name     `json:"id"` // of a publisher
	Paused  bool     `json:"paused"`
	Streams []stream `json:"streams"`
}

// stream is a medium of a publisher or subscriber, as the VideoRoom sees it.
type stream struct {
	MID       string          `json:"mid"`
	Active    bool            `json:"active"`
	Send      bool            `json:"send"`
	FeedID    name            `json:"feed_id"`
	FeedMID   string          `json:"feed_mid"`
	Simulcast json.RawMessage `json:"simulcast"` // true of a publisher's, an object of a subscriber's
}

// layer is the simulcast layer that a subscriber gets now, counted from the lowest; -1 while it gets none.
func (s *stream) layer() int {
	var l struct {
		Substream int `json:"substream"`
	}
	if len(s.Simulcast) == 0 || json.Unmarshal(s.Simulcast, &l) != nil {
		return 0
	}
	return l.Substream
}

type sdps struct {
	Local  ufrag `json:"local"`
	Remote ufrag `json:"remote"`
}

// ufrag is the first ICE username fragment in an SDP, which is all that is taken from it.
type ufrag string

// UnmarshalJSON looks it up.
func (u *ufrag) UnmarshalJSON(raw []byte) error {
	*u = ""
	const attribute = `a=ice-ufrag:`
	_, rest, ok := strings.Cut(string(raw), attribute)
	if !ok {
		return nil
	}
	// ICE characters (RFC 8839 section 5.4) are never escaped, but for the solidus, which may be.
	rest = strings.ReplaceAll(rest[:min(len(rest), 600)], `\/`, `/`)
	end := 0
	for end < min(len(rest), 256) && isICE(rest[end]) {
		end++
	}
	*u = ufrag(rest[:end])
	return nil
}

func isICE(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '+' || c == '/'
}

// connection is a handle's peer connection.
type connection struct {
	ICE struct {
		State        string `json:"state"`
		SelectedPair string `json:"selected-pair"`
	} `json:"ice"`
	DTLS struct {
		State             string `json:"dtls-state"`
		Fingerprint       string `json:"fingerprint"`
		RemoteFingerprint string `json:"remote-fingerprint"`
		RemoteHash        string `json:"remote-fingerprint-hash"`
		Connected         int64  `json:"connected"`
	} `json:"dtls"`
	Media map[string]*medium `json:"media"`
}

// medium is an m-line.
type medium struct {
	Type      string `json:"type"`
	Index     int    `json:"mindex"`
	MID       string `json:"mid"`
	SSRC      ssrcs  `json:"ssrc"`
	Simulcast struct {
		RIDs  []string `json:"rid"`
		Order string   `json:"rid-order"` // hml (highest first) or lmh
	} `json:"rid-simulcast"`
	Direction struct {
		Send bool `json:"send"`
		Recv bool `json:"recv"`
	} `json:"direction"`
	Codecs struct {
		Codec string `json:"codec"`
	} `json:"codecs"`
	RTCP struct {
		Main rtcp `json:"main"`
		Sim1 rtcp `json:"sim1"`
		Sim2 rtcp `json:"sim2"`
	} `json:"rtcp"`
	Stats struct {
		In  received `json:"in"`
		Out counted  `json:"out"`
	} `json:"stats"`
}

// ssrcs are those of what Janus sends, and of the layers that it receives, from the lowest.
type ssrcs struct {
	Own   uint32 `json:"ssrc"`
	Peer  uint32 `json:"ssrc-peer"`
	Peer1 uint32 `json:"ssrc-peer-sim-1"`
	Peer2 uint32 `json:"ssrc-peer-sim-2"`
}

// rtcp is what reports say. RTT and jitter are in ms; the former, cut off to whole ones, is 0 where it is not known.
type rtcp struct {
	Base         uint32 `json:"base"`
	RTT          uint32 `json:"rtt"`
	Lost         int64  `json:"lost"`
	LostByRemote int64  `json:"lost-by-remote"`
	JitterLocal  uint64 `json:"jitter-local"`
	JitterRemote uint64 `json:"jitter-remote"`
}

type counted struct {
	Packets         uint64 `json:"packets"`
	Bytes           uint64 `json:"bytes"`
	NACKs           uint64 `json:"nacks"`
	Retransmissions uint64 `json:"retransmissions"`
}

type received struct {
	counted
	Sim1 counted `json:"video-simulcast-1"`
	Sim2 counted `json:"video-simulcast-2"`
}

// layers are what is received of a medium: one stream, or a simulcast's.
func (m *medium) layers() [3]layer {
	l := [3]layer{
		{ssrc: m.SSRC.Peer, rtcp: &m.RTCP.Main, in: &m.Stats.In.counted},
		{ssrc: m.SSRC.Peer1, rtcp: &m.RTCP.Sim1, in: &m.Stats.In.Sim1},
		{ssrc: m.SSRC.Peer2, rtcp: &m.RTCP.Sim2, in: &m.Stats.In.Sim2},
	}
	rids := m.Simulcast.RIDs
	for i := range min(len(rids), len(l)) {
		l[i].rid = rids[i]
		if m.Simulcast.Order == "hml" {
			l[i].rid = rids[len(rids)-1-i]
		}
	}
	return l
}

type layer struct {
	ssrc uint32
	rid  string
	rtcp *rtcp
	in   *counted
}
