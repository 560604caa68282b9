package mask

import (
	"net/netip"
	"strings"
)

// kind is a sort of personal text. A set of them is what to look for.
type kind uint

const (
	address     kind = 1 << iota // IPv4 or IPv6
	fingerprint                  // of a certificate, or a hardware address: six or more pairs of hex digits with colons between
	ice                          // ICE candidates, credentials, SDP: the whole text is
	token                        // JSON web tokens, and what stands behind "Bearer " and "token="
	device                       // a device's label, as browsers write them: with the USB ids at its end
	email

	nothing kind = 0
	inIDs        = address | fingerprint | ice | token
	inTexts      = inIDs | device | email
)

// span is where in a text something personal stands.
type span struct {
	from, to int
	kind     kind
}

// iceWords give away ICE and SDP.
var iceWords = [...]string{"candidate:", "ufrag", "sernameFragment", "ice-pwd", "icePwd", "a=fingerprint", "v=0\r\n", "v=0\n", "c=IN IP"}

// find gives the first personal piece of s at or after from, among the kinds looked for.
func find(s string, from int, look kind) (span, bool) {
	if !suspicious(s[from:], look) {
		return span{}, false
	}
	if from == 0 {
		for _, w := range iceWords {
			if look&ice != 0 && strings.Contains(s, w) {
				return span{0, len(s), ice}, true
			}
		}
		if look&device != 0 && hasUSBID(s) {
			return span{0, len(s), device}, true
		}
	}
	for i := from; i < len(s); i++ {
		if sp, ok := at(s, i, look); ok {
			return sp, true
		}
	}
	return span{}, false
}

// suspicious rules out most texts by a look at their bytes: nothing personal that is known of has none of these.
func suspicious(s string, look kind) bool {
	if strings.IndexByte(s, ':') >= 0 || strings.IndexByte(s, '.') >= 0 {
		return true
	}
	return look&email != 0 && (strings.IndexByte(s, '@') >= 0 || strings.IndexByte(s, '=') >= 0 || strings.Contains(s, "Bearer ") ||
		strings.Contains(s, "frag"))
}

// at says what begins at i.
func at(s string, i int, look kind) (span, bool) {
	c := s[i]
	switch {
	case isHex(c) || c == ':':
		// A run that began before i was looked at there.
		if i > 0 && (isHex(s[i-1]) || s[i-1] == ':') {
			break
		}
		if look&fingerprint != 0 {
			if n := hexPairs(s[i:]); n > 0 {
				return span{i, i + n, fingerprint}, true
			}
		}
		if look&address != 0 {
			if n := ipv6(s, i); n > 0 {
				return span{i, i + n, address}, true
			}
		}
	}
	switch {
	case look&address != 0 && isDigit(c):
		if n := ipv4(s, i); n > 0 {
			return span{i, i + n, address}, true
		}
	case look&token != 0 && (c == 'e' || c == 'B' || c == 't'):
		if skip, n := secret(s[i:]); n > 0 {
			return span{i + skip, i + skip + n, token}, true
		}
	case look&email != 0 && c == '@':
		if from, to := mailbox(s, i); to > 0 {
			return span{from, to, email}, true
		}
	}
	return span{}, false
}

// ipv4 gives the length of a dotted quad at i, 0 if there is none. Numbers with more parts are versions or object ids, and
// nobody has an address in 0.0.0.0/8.
func ipv4(s string, i int) int {
	if i > 0 && (isDigit(s[i-1]) || s[i-1] == '.' && i > 1 && isDigit(s[i-2])) {
		return 0
	}
	at := i
	for part := range 4 {
		n, digits := 0, 0
		for at < len(s) && isDigit(s[at]) && digits < 4 {
			n, digits, at = n*10+int(s[at]-'0'), digits+1, at+1
		}
		if digits == 0 || digits > 3 || n > 255 || part == 0 && n == 0 {
			return 0
		}
		if part < 3 {
			if at == len(s) || s[at] != '.' {
				return 0
			}
			at++
		}
	}
	if at+1 < len(s) && s[at] == '.' && isDigit(s[at+1]) {
		return 0
	}
	return at - i
}

var (
	// What is handed out: global unicast, unique local and link-local. So neither "a::b" nor a time of day is an address.
	used = [...]netip.Prefix{
		netip.MustParsePrefix("2000::/3"), netip.MustParsePrefix("fc00::/7"), netip.MustParsePrefix("fe80::/10"),
		netip.MustParsePrefix("::ffff:0:0/96"), netip.MustParsePrefix("64:ff9b::/96"),
	}
)

// ipv6 gives the length of an IPv6 address at i, 0 if there is none.
func ipv6(s string, i int) int {
	if i > 0 && isLetter(s[i-1]) {
		return 0
	}
	end, colons := i, 0
	for end < len(s) && (isHex(s[end]) || s[end] == ':') && end-i < 48 {
		if s[end] == ':' {
			colons++
		}
		end++
	}
	// A port or a colon may follow.
	for ; colons >= 2; colons-- {
		if a, err := netip.ParseAddr(s[i:end]); err == nil {
			for _, p := range used {
				if p.Contains(a) {
					return end - i
				}
			}
			return 0
		}
		end = i + strings.LastIndexByte(s[i:end], ':')
	}
	return 0
}

// hexPairs gives the length of six or more pairs of hex digits with colons between them, 0 if there are fewer.
func hexPairs(s string) int {
	at, pairs := 0, 0
	for at+1 < len(s) && isHex(s[at]) && isHex(s[at+1]) && (at+2 == len(s) || !isHex(s[at+2])) {
		pairs, at = pairs+1, at+2
		if at == len(s) || s[at] != ':' {
			break
		}
		at++
	}
	if pairs < 6 {
		return 0
	}
	if s[at-1] == ':' {
		at--
	}
	return at
}

// hasUSBID says whether s has a vendor and product id as they end a device's label: "(046d:0825)".
func hasUSBID(s string) bool {
	for i := strings.IndexByte(s, '('); i >= 0 && i+10 < len(s); i++ {
		if s[i] != '(' || s[i+5] != ':' || s[i+10] != ')' {
			continue
		}
		if hexes(s[i+1:i+5]) && hexes(s[i+6:i+10]) {
			return true
		}
	}
	return false
}

func hexes(s string) bool {
	for i := range len(s) {
		if !isHex(s[i]) {
			return false
		}
	}
	return true
}

// secret finds the secret part of a token that begins s: skip bytes on, n bytes long.
func secret(s string) (skip, n int) {
	switch {
	case strings.HasPrefix(s, "eyJ"):
		n = word(s)
		if n > 20 && strings.Count(s[:n], ".") >= 1 {
			return 0, n
		}
	case strings.HasPrefix(s, "Bearer "), strings.HasPrefix(s, "token="), strings.HasPrefix(s, "token:"):
		skip = strings.IndexAny(s, " =:") + 1
		return skip, word(s[skip:])
	}
	return 0, 0
}

// word is the length of what may stand in a token. No token is longer than 8 KB.
func word(s string) int {
	s = s[:min(len(s), 8<<10)]
	for i := range len(s) {
		if c := s[i]; !isLetter(c) && !isDigit(c) && strings.IndexByte("-_.~+/=", c) < 0 {
			return i
		}
	}
	return len(s)
}

// mailbox gives the bounds of a mail address around the @ at i.
func mailbox(s string, i int) (from, to int) {
	local := func(c byte) bool { return isLetter(c) || isDigit(c) || strings.IndexByte("._%+-", c) >= 0 }
	domain := func(c byte) bool { return isLetter(c) || isDigit(c) || c == '-' || c == '.' }
	for from = i; from > 0 && local(s[from-1]); from-- {
	}
	for to = i + 1; to < len(s) && domain(s[to]); to++ {
	}
	if from == i || strings.IndexByte(s[i:to], '.') < 2 {
		return 0, 0
	}
	return from, to
}

func isDigit(c byte) bool  { return c >= '0' && c <= '9' }
func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }
func isHex(c byte) bool    { return isDigit(c) || c|0x20 >= 'a' && c|0x20 <= 'f' }
