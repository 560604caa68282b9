package sfuprobe

import (
	"strings"

	"github.com/pion/webrtc/v3"

	"github.com/earshot-rtc/earshot/sfu-probe/rtpstats"
)

// roster is what a PeerConnection says of its streams beyond the numbers. To ask for it is dear, so it is asked for again
// only when streams have come or gone, and for a while as long as a stream is not in it.
type roster struct {
	version  uint64
	attempts int
	senders  map[uint32]senderRef
	tracks   map[uint32]trackRef
	repairs  map[uint32]bool
	read     map[reading]bool // senders and receivers whose RTCP the probe reads
}

type senderRef struct {
	sender   *webrtc.RTPSender
	mid, rid string
	trackID  string // the last one known: a stopped sender has no track
}

type trackRef struct {
	track *webrtc.TrackRemote
	mid   string
}

// maxAttempts is how often in a row a stream that the PeerConnection does not know is asked for. Streams of bandwidth
// probes stay unknown for ever.
const maxAttempts = 10

// current says whether the roster knows all these streams, or has given up on those it does not.
func (r *roster) current(version uint64, live []*rtpstats.Inbound) bool {
	if r.version != version || r.senders == nil {
		r.attempts = 0
		return false
	}
	for _, in := range live {
		if ssrc := in.Info().SSRC; r.tracks[ssrc].track == nil && !r.repairs[ssrc] {
			r.attempts++
			return r.attempts > maxAttempts
		}
	}
	return true
}

// readRoster asks the PeerConnection. It takes Pion's locks, so no lock of the probe may be held.
func (c *Connection) readRoster(version uint64) {
	r := roster{
		version:  version,
		attempts: c.roster.attempts,
		senders:  map[uint32]senderRef{},
		tracks:   map[uint32]trackRef{},
		repairs:  map[uint32]bool{},
		read:     map[reading]bool{},
	}
	for _, t := range c.pc.GetTransceivers() {
		mid := t.Mid()
		if s := t.Sender(); s != nil {
			for _, e := range s.GetParameters().Encodings {
				ref := senderRef{s, mid, e.RID, c.roster.senders[uint32(e.SSRC)].trackID}
				if track := s.Track(); track != nil {
					ref.trackID = track.ID()
				}
				r.senders[uint32(e.SSRC)] = ref
			}
			if c.opts.readRTCP {
				r.readSender(c, s)
			}
		}
		rcv := t.Receiver()
		if rcv == nil {
			continue
		}
		for _, track := range rcv.Tracks() {
			if ssrc := uint32(track.SSRC()); ssrc != 0 {
				r.tracks[ssrc] = trackRef{track, mid}
				if c.opts.readRTCP {
					r.readReceiver(c, rcv, track.RID())
				}
			}
			if rtx := uint32(track.RtxSSRC()); rtx != 0 {
				r.repairs[rtx] = true
			}
		}
	}
	old := c.roster
	c.roster = r
	c.probe.follow(c, old.tracks, r.tracks)
}

// follow keeps the index of remote tracks in step with a connection's roster.
func (p *Probe) follow(c *Connection, old, now map[uint32]trackRef) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, ref := range old {
		if p.tracks[ref.track] == c {
			delete(p.tracks, ref.track)
		}
	}
	for _, ref := range now {
		p.tracks[ref.track] = c
	}
}

// reading names one of Pion's queues of RTCP.
type reading struct {
	of  any // *webrtc.RTPSender or *webrtc.RTPReceiver
	rid string
}

// readSender reads the first encoding only: Pion's ReadSimulcast, which would read the others, races with Stop.
func (r *roster) readSender(c *Connection, s *webrtc.RTPSender) {
	r.drain(c, reading{of: s}, func(b []byte) error {
		_, _, err := s.Read(b)
		return err
	})
}

func (r *roster) readReceiver(c *Connection, rcv *webrtc.RTPReceiver, rid string) {
	_ = rcv.Transport() // It waits for Pion to be through with a layer whose SSRC is known already.
	r.drain(c, reading{rcv, rid}, func(b []byte) (err error) {
		if rid == "" {
			_, _, err = rcv.Read(b)
		} else {
			_, _, err = rcv.ReadSimulcast(b, rid)
		}
		return err
	})
}

// drain reads until the sender, receiver or connection is closed; what there is to learn the interceptor learns. r is
// the roster that is being made, c.roster the one before.
func (r *roster) drain(c *Connection, key reading, read func([]byte) error) {
	if !r.read[key] && !c.roster.read[key] {
		go func() {
			b := make([]byte, 1500)
			for read(b) == nil && !c.closed() {
				continue
			}
		}()
	}
	r.read[key] = true
}

// kindOf splits a MIME type into the part that says the kind and the subtype.
func kindOf(mime string) (kind, codec string) {
	kind, codec, _ = strings.Cut(mime, "/")
	return strings.ToLower(kind), codec
}
