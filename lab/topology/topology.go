// Package topology reads the YAML that describes a laboratory call: a file written by a person comes in; SFUs, links with
// their one-way delays, clients and timed events come out, checked, or one sentence that names file, line and remedy.
package topology

import (
	"time"
)

// Topology is one call. All delays are one way.
type Topology struct {
	// Name is the file's, without folder and extension.
	Name string `yaml:"-"`

	// Call is the call_id.
	Call string `yaml:"call"`
	// SampleEvery is the sampling interval of all probes.
	SampleEvery Duration `yaml:"sample_every"`
	// P2P has every two clients connected directly, without SFUs: from one to the other it takes the delay of the first to
	// the network and that of the second from it.
	P2P     bool     `yaml:"p2p"`
	SFUs    []SFU    `yaml:"sfus"`
	Links   []Link   `yaml:"links"`
	Clients []Client `yaml:"clients"`
	// Events are in the order of their time.
	Events []Event `yaml:"events"`
}

// SFU is a forwarding unit.
type SFU struct {
	ID     string `yaml:"id"`
	Region string `yaml:"region"`
	// Probe is nil where the file does not say; see Probed.
	Probe *bool `yaml:"probe"`
}

// Probed says whether the SFU reports samples: yes, unless the file says `probe: false`.
func (s SFU) Probed() bool { return s.Probe == nil || *s.Probe }

// Link joins two SFUs.
type Link struct {
	// Between names the two ends; There, in its Delay, is from the first to the second.
	Between []string `yaml:"between"`
	Delay   Delay    `yaml:"delay_ms"`
	Jitter  Millis   `yaml:"jitter_ms"`
	Loss    float64  `yaml:"loss"`
}

// Connections is how many peer connections a client has to its SFU.
type Connections string

// One for everything, or one to publish and one to subscribe.
const (
	Single   Connections = "single"
	Separate Connections = "separate"
)

// Kind is a kind of media.
type Kind string

// The kinds.
const (
	Audio Kind = "audio"
	Video Kind = "video"
)

// Client is one participant.
type Client struct {
	ID  string `yaml:"id"`
	SFU string `yaml:"sfu"`
	// Delay goes There from the client to the SFU (or, peer to peer, to the network) and Back.
	Delay   Delay   `yaml:"delay_ms"`
	Jitter  Millis  `yaml:"jitter_ms"`
	Loss    float64 `yaml:"loss"`
	Publish []Kind  `yaml:"publish"`
	// Subscribe lists whom the client receives; nil means all others.
	Subscribe []string `yaml:"subscribe"`
	// Simulcast publishes video in three layers.
	Simulcast   bool        `yaml:"simulcast"`
	Connections Connections `yaml:"connections"`
	// Probe is nil where the file does not say; see Probed.
	Probe *bool `yaml:"probe"`
	// JoinAt and LeaveAt count from the start of the call. A LeaveAt of 0 means never.
	JoinAt  Duration `yaml:"join_at"`
	LeaveAt Duration `yaml:"leave_at"`
}

// Probed says whether the client reports samples: yes, unless the file says `probe: false`.
func (c Client) Probed() bool { return c.Probe == nil || *c.Probe }

// Publishes says whether the client publishes a kind of media.
func (c Client) Publishes(k Kind) bool {
	for _, p := range c.Publish {
		if p == k {
			return true
		}
	}
	return false
}

// SubscribesTo says whether the client wants to receive the client with the given id.
func (c Client) SubscribesTo(id string) bool {
	if c.ID == id {
		return false
	}
	if c.Subscribe == nil {
		return true
	}
	for _, s := range c.Subscribe {
		if s == id {
			return true
		}
	}
	return false
}

// Event is something that happens during the call. Exactly one of the fields after At is set.
type Event struct {
	// At counts from the start of the call.
	At         Duration  `yaml:"at"`
	SetDelay   *SetDelay `yaml:"set_delay"`
	Move       *Move     `yaml:"move"`
	ICERestart *OfClient `yaml:"ice_restart"`
	RestartSFU *OfSFU    `yaml:"restart_sfu"`
	Mute       *OfTrack  `yaml:"mute"`
	Unmute     *OfTrack  `yaml:"unmute"`
	Leave      *OfClient `yaml:"leave"`
	Join       *OfClient `yaml:"join"`
	Started    *OfSFU    `yaml:"-"` // the second half of RestartSFU; the lab makes it
}

// SetDelay changes a link between two SFUs or the way of one client. What it does not name stays as it is.
type SetDelay struct {
	Link   []string `yaml:"link"`
	Client string   `yaml:"client"`
	Delay  *Delay   `yaml:"delay_ms"`
	Jitter *Millis  `yaml:"jitter_ms"`
	Loss   *float64 `yaml:"loss"`
}

// Move takes a client to another SFU: the same client, with new transports.
type Move struct {
	Client string `yaml:"client"`
	To     string `yaml:"to"`
}

// OfClient names the client that an event is about.
type OfClient struct {
	Client string `yaml:"client"`
}

// OfSFU names the SFU that an event is about.
type OfSFU struct {
	SFU string `yaml:"sfu"`
}

// OfTrack names the track that an event is about.
type OfTrack struct {
	Client string `yaml:"client"`
	Kind   Kind   `yaml:"kind"`
}

// Client gives a client by its id, or nil.
func (t *Topology) Client(id string) *Client {
	for i := range t.Clients {
		if t.Clients[i].ID == id {
			return &t.Clients[i]
		}
	}
	return nil
}

// SFU gives an SFU by its id, or nil.
func (t *Topology) SFU(id string) *SFU {
	for i := range t.SFUs {
		if t.SFUs[i].ID == id {
			return &t.SFUs[i]
		}
	}
	return nil
}

// Link gives the index of the link between two SFUs, in either order, or -1.
func (t *Topology) Link(a, b string) int {
	for i, l := range t.Links {
		if l.Between[0] == a && l.Between[1] == b || l.Between[0] == b && l.Between[1] == a {
			return i
		}
	}
	return -1
}

// Length is the time of the last event, join or leave.
func (t *Topology) Length() time.Duration {
	var d Duration
	for _, e := range t.Events {
		d = max(d, e.At)
	}
	for _, c := range t.Clients {
		d = max(d, c.JoinAt, c.LeaveAt)
	}
	return time.Duration(d)
}
