package observertc

import (
	"strconv"

	earshotv1 "github.com/earshot-rtc/earshot/schemas/proto/earshot/v1"
)

// sequenceUnit is what a sequence number stands for, in µs. The processor knows 256 numbers below the highest, that is 25 s:
// a sample that is sent again within that time is recognised. Monitors sample every few seconds, so no two different ones
// fall into the same tenth.
const sequenceUnit = 100_000

// sequence makes a number of a sample's time, the only thing in it that counts.
func sequence(at uint64) uint64 { return at/sequenceUnit + 1 }

// session names the run of a monitor. The application knows it best. Otherwise the peer connection that has been open for
// longest stands for it: its id is made at random in the page, so a page that is loaded again is a new session. A mesh
// whose oldest connection closes begins a new session too, which costs it a window; on a WebSocket the session is held for
// as long as one of its connections lives. A sample without any is a session of its own: a page that joins or leaves.
func session(s *clientSample, o *Options) string {
	switch {
	case o.SessionID != "":
		return o.SessionID
	case s.session != "":
		return s.session
	case len(s.pcs) > 0 && s.pcs[0].id != "":
		return s.pcs[0].id
	}
	return "none-" + strconv.FormatUint(s.at/1000, 10)
}

// memory is what a connection remembers of the samples before.
type memory struct {
	session string
	pcs     []string
	at      uint64

	browser, version, os string
	interval             int64
}

// follow holds the session, tells the interval and what was said of the browser once.
func (m *memory) follow(s *clientSample, out *earshotv1.Sample, o *Options) {
	m.hold(s, out)
	if o.Interval <= 0 && m.at > 0 && s.at > m.at {
		// The shortest distance lately: a sample may have been skipped, none comes twice as often as sampled.
		if d := int64(s.at - m.at); d >= 100_000 && d <= 60_000_000 && (m.interval == 0 || d < m.interval*3/2) {
			m.interval = d
		}
	}
	m.at = max(m.at, s.at)
	if m.interval > 0 {
		out.IntervalUs = m.interval
	}
	if s.browser != "" {
		m.browser, m.version = s.browser, s.version
	}
	if s.os != "" {
		m.os = s.os
	}
	if m.browser != "" {
		out.Client.Browser, out.Client.BrowserVersion = m.browser, m.version
	}
	if m.os != "" {
		out.Client.Os = m.os
	}
}

// hold keeps the session while one of the peer connections lives on, and through samples without any.
func (m *memory) hold(s *clientSample, out *earshotv1.Sample) {
	same := len(m.pcs) > 0 && len(s.pcs) == 0
	for i := range m.pcs {
		same = same || s.find(m.pcs[i], i) != nil
	}
	if same && s.session == "" {
		out.SessionId = m.session
	}
	m.session = out.SessionId
	if len(s.pcs) == 0 {
		return
	}
	m.pcs = m.pcs[:0]
	for i := range s.pcs {
		m.pcs = append(m.pcs, s.pcs[i].id)
	}
}
