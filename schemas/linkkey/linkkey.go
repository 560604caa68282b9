// Package linkkey names a link by what both of its ends know: certificate fingerprints, ICE ufrags or addresses come in,
// and the 64-bit key that both ends compute alike goes out.
//
// Every key is the first 8 bytes, big endian, of a SHA-256 over the two halves in bytewise order, so it does not matter
// which half is the local one. testdata/vectors.json holds examples for implementations in other languages.
//
// A key of 0 means "not known"; a digest that happens to begin with eight zero bytes is not worth a special case.
package linkkey

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"net/netip"
	"strings"
)

// FromFingerprints gives the link_key of two DTLS certificates: a and b are the raw SHA-256 digests of the certificates
// (the bytes of the SDP fingerprint, not its text), joined without a separator. It is 0 when either is empty.
func FromFingerprints(a, b []byte) uint64 {
	if len(a) == 0 || len(b) == 0 {
		return 0
	}
	if bytes.Compare(a, b) > 0 {
		a, b = b, a
	}
	h := sha256.New()
	h.Write(a)
	h.Write(b)
	var sum [sha256.Size]byte
	return binary.BigEndian.Uint64(h.Sum(sum[:0]))
}

// FromUfrags gives the ufrag_key of two ICE username fragments, joined with a NUL byte. It is 0 when either is empty.
func FromUfrags(a, b string) uint64 { return fromTexts(a, b) }

// FromAddresses gives the address_key of both ends of a selected candidate pair. Each address is "host:port" as Address
// writes it, joined with a NUL byte. It is 0 when either is empty.
func FromAddresses(a, b string) uint64 { return fromTexts(a, b) }

func fromTexts(a, b string) uint64 {
	if a == "" || b == "" {
		return 0
	}
	if a > b {
		a, b = b, a
	}
	sum := sha256.Sum256([]byte(a + "\x00" + b))
	return binary.BigEndian.Uint64(sum[:])
}

// Address writes an IP address and port in the one form that both ends hash: IPv4 dotted, also where it came mapped into
// IPv6; IPv6 as RFC 5952 in brackets, without a zone; a name (mDNS) in lower case.
func Address(host string, port uint16) string {
	if ip, err := netip.ParseAddr(host); err == nil {
		return netip.AddrPortFrom(ip.Unmap().WithZone(""), port).String()
	}
	return fmt.Sprintf("%s:%d", strings.ToLower(host), port)
}

// ParseFingerprint reads the value of an SDP fingerprint attribute or of a getStats certificate entry, pairs of hex
// digits with colons between them, into the raw digest.
func ParseFingerprint(s string) ([]byte, error) {
	digest, err := hex.DecodeString(strings.ReplaceAll(s, ":", ""))
	if err != nil {
		return nil, fmt.Errorf("fingerprint %q: %w", s, err)
	}
	if len(digest) == 0 {
		return nil, fmt.Errorf("fingerprint %q: empty", s)
	}
	return digest, nil
}
