package janus

import (
	"net/netip"
	"strconv"
	"strings"

	"github.com/earshot-rtc/earshot/schemas/linkkey"
)

// description is what is taken from an SDP. Nothing else of it is kept, and only digests of this go on.
type description struct {
	fingerprint []byte // of SHA-256
	ufrag       string
	media       []described
}

// described is one m-line.
type described struct {
	mid, kind string
	ssrc      uint32 // of the first stream; 0 where simulcast names layers by rid alone
	sends     bool
}

// describe reads the lines that matter (RFC 8866, RFC 8122, RFC 8839, RFC 5576, RFC 9143).
func describe(sdp string, most int) description {
	var d description
	var m *described
	for line := range strings.Lines(sdp) {
		line = strings.TrimRight(line, "\r\n")
		if rest, ok := strings.CutPrefix(line, "m="); ok {
			if len(d.media) >= most {
				break
			}
			kind, _, _ := strings.Cut(rest, " ")
			d.media = append(d.media, described{kind: strings.Clone(kind[:min(len(kind), maxText)]), sends: true})
			m = &d.media[len(d.media)-1]
			continue
		}
		rest, ok := strings.CutPrefix(line, "a=")
		if !ok {
			continue
		}
		name, value, _ := strings.Cut(rest, ":")
		switch name {
		case "fingerprint":
			algorithm, hex, _ := strings.Cut(value, " ")
			if d.fingerprint == nil && strings.EqualFold(algorithm, "sha-256") {
				if digest, err := linkkey.ParseFingerprint(strings.TrimSpace(hex)); err == nil && len(digest) == 32 {
					d.fingerprint = digest
				}
			}
		case "ice-ufrag":
			if d.ufrag == "" {
				d.ufrag = strings.Clone(value[:min(len(value), maxText)])
			}
		}
		if m != nil {
			m.attribute(name, value)
		}
	}
	return d
}

func (m *described) attribute(name, value string) {
	switch name {
	case "mid":
		m.mid = strings.Clone(value[:min(len(value), maxText)])
	case "recvonly", "inactive":
		m.sends = false
	case "ssrc":
		if m.ssrc == 0 {
			number, _, _ := strings.Cut(value, " ")
			n, _ := strconv.ParseUint(number, 10, 32)
			m.ssrc = uint32(n)
		}
	case "ssrc-group":
		// FID names the stream, then its repair stream; SIM the layers.
		if words := strings.Fields(value); len(words) > 1 {
			n, _ := strconv.ParseUint(words[1], 10, 32)
			m.ssrc = uint32(n)
		}
	}
}

// parsePair reads "1.2.3.4:5 [host,udp] <-> 6.7.8.9:10 [prflx,udp]"; nil where it is something else.
func parsePair(s string) *Pair {
	local, remote, ok := strings.Cut(s, " <-> ")
	if !ok {
		return nil
	}
	var p Pair
	if !parseCandidate(local, &p.Local) || !parseCandidate(remote, &p.Remote) {
		return nil
	}
	return &p
}

func parseCandidate(s string, c *Candidate) bool {
	address, kind, ok := strings.Cut(s, " [")
	if !ok {
		return false
	}
	// IPv6 stands without brackets: the port is what follows the last colon.
	colon := strings.LastIndexByte(address, ':')
	if colon < 0 {
		return false
	}
	port, err := strconv.ParseUint(address[colon+1:], 10, 16)
	if err != nil {
		return false
	}
	c.Address, c.Port = strings.Trim(address[:colon], "[]"), uint32(port)
	c.Type, c.Transport, _ = strings.Cut(strings.TrimSuffix(kind, "]"), ",")
	return true
}

// key is the address_key of a pair.
func (p *Pair) key() uint64 {
	if p.Local.Address == "" || p.Remote.Address == "" || p.Local.Port-1 >= 1<<16-1 || p.Remote.Port-1 >= 1<<16-1 {
		return 0
	}
	return linkkey.FromAddresses(
		linkkey.Address(p.Local.Address, uint16(p.Local.Port)), linkkey.Address(p.Remote.Address, uint16(p.Remote.Port)))
}

func (p *Pair) ipVersion() uint32 {
	for _, a := range []string{p.Local.Address, p.Remote.Address} {
		if ip, err := netip.ParseAddr(a); err == nil {
			if ip.Unmap().Is4() {
				return 4
			}
			return 6
		}
	}
	return 0
}
