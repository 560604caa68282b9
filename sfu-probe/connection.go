package sfuprobe

import (
	"errors"
	"sync"
	"sync/atomic"

	"github.com/pion/webrtc/v3"

	"github.com/earshot-rtc/earshot/sfu-probe/rtpstats"
)

// ErrNoInterceptor is what Watch returns for a PeerConnection whose API has no interceptor of this probe.
var ErrNoInterceptor = errors.New("sfuprobe: the PeerConnection does not run this probe's interceptor: " +
	"add probe.Interceptor() to the interceptor registry of its API")

// ErrClosed is what Watch returns for a PeerConnection, or on a probe, that is closed.
var ErrClosed = errors.New("sfuprobe: closed")

// Connection is a watched PeerConnection: one transport and its streams. Pion v3 bundles all of a connection onto one
// transport.
type Connection struct {
	probe  *Probe
	pc     *webrtc.PeerConnection
	dtls   *webrtc.DTLSTransport
	stats  *rtpstats.Interceptor
	id     string
	callID string
	opts   watchOptions
	pinger *pinger     // nil without the option Ping
	let    atomic.Bool // let go by Close

	mu    sync.Mutex
	names map[*webrtc.RTPSender]string

	// What follows is the sampling goroutine's own.
	roster  roster
	link    link
	connect connect
}

// WatchOption tells Watch more of a connection.
type WatchOption func(*watchOptions)

type watchOptions struct {
	transportID string
	toSFU       bool
	remoteOwner string
	remoteID    string
	readRTCP    bool
	ping        bool
}

// ToSFU says that the other end is an SFU as well.
func ToSFU() WatchOption { return func(o *watchOptions) { o.toSFU = true } }

// WithTransportID names the transport. The name must never be used again for another connection of this owner, not even
// after a restart; without it the probe makes up one that keeps to that.
func WithTransportID(id string) WatchOption { return func(o *watchOptions) { o.transportID = id } }

// WithRemote says who is at the other end, where the application knows: its client_id or sfu_id, and the id of its
// transport if that is known too.
func WithRemote(ownerID, transportID string) WatchOption {
	return func(o *watchOptions) { o.remoteOwner, o.remoteID = ownerID, transportID }
}

// ReadRTCP makes the probe read, and throw away, the RTCP of all senders and receivers of the connection, one goroutine
// each. Do not set it where the application reads RTCP itself: the two would take packets from each other. Of a sender with
// several encodings only the first is read; a publisher of simulcast reads RTCP itself.
func ReadRTCP() WatchOption { return func(o *watchOptions) { o.readRTCP = true } }

// Watch reports pc from now on, until it closes. A client's probe gives callID "" or its own; an SFU's probe names the
// call, or gives "" for a connection that several calls share (between SFUs), whose streams get their call from Forward.
func (p *Probe) Watch(pc *webrtc.PeerConnection, callID string, opts ...WatchOption) (*Connection, error) {
	stats := p.factory.Of(pc)
	if stats == nil {
		return nil, ErrNoInterceptor
	}
	c := &Connection{
		probe:  p,
		pc:     pc,
		dtls:   pc.SCTP().Transport(),
		stats:  stats,
		callID: callID,
		names:  map[*webrtc.RTPSender]string{},
	}
	c.connect.made = stats.Made()
	for _, o := range opts {
		o(&c.opts)
	}
	if p.cfg.Client != nil {
		c.callID = "" // The sample names it.
	}
	if c.closed() {
		return nil, ErrClosed
	}
	if c.opts.ping {
		var err error
		if c.pinger, err = newPinger(pc); err != nil {
			return nil, err
		}
	}
	if err := p.add(c); err != nil {
		return nil, err
	}
	stats.Keep(true)
	return c, nil
}

// TransportID is the id under which the connection is reported.
func (c *Connection) TransportID() string { return c.id }

// NameTrack sets the track id to report for what a sender sends. Without it that is the ID of the sender's track.
func (c *Connection) NameTrack(sender *webrtc.RTPSender, trackID string) {
	c.mu.Lock()
	c.names[sender] = trackID
	c.mu.Unlock()
}

func (c *Connection) trackName(sender *webrtc.RTPSender) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.names[sender]
}

// Close stops watching, as the close of the PeerConnection does. The last state still goes into the next sample.
func (c *Connection) Close() { c.let.Store(true) }

func (c *Connection) closed() bool {
	select {
	case <-c.stats.Closed():
		return true
	default:
		return c.let.Load()
	}
}
