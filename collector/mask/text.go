package mask

import (
	"strconv"
	"strings"
)

// instead is what stands in a text in place of what was taken out.
func (k kind) instead() string {
	switch k {
	case address:
		return "[address]"
	case fingerprint:
		return "[fingerprint]"
	case ice:
		return "[ice]"
	case token:
		return "[token]"
	case device:
		return "[device]"
	}
	return "[mail]"
}

// Text gives s without what is personal in it: addresses, fingerprints, ICE and SDP, tokens, device labels, mail addresses.
// It is s itself where there is nothing.
func Text(s string) string {
	s, _ = scrub(s, inTexts, false)
	return s
}

// scrub replaces what is found, and says what it was. In a version a dotted quad is more likely a part of it, and only loses its
// last number: 4.12.0.77 becomes 4.12.0.x.
func scrub(s string, look kind, version bool) (string, kind) {
	sp, ok := find(s, 0, look)
	if !ok {
		return s, nothing
	}
	var out strings.Builder
	var found kind
	done := 0
	for ok {
		found |= sp.kind
		if sp.from < done { // a mail address reaches back over what went before
			sp.from = done
		}
		out.WriteString(s[done:sp.from])
		piece := s[sp.from:sp.to]
		if version && sp.kind == address && strings.IndexByte(piece, ':') < 0 {
			out.WriteString(piece[:strings.LastIndexByte(piece, '.')] + ".x")
		} else {
			out.WriteString(sp.kind.instead())
		}
		done = sp.to
		sp, ok = find(s, done, look)
	}
	out.WriteString(s[done:])
	return out.String(), found
}

// article names the kind in a sentence.
func (k kind) article() string {
	switch k {
	case address:
		return "an IP address"
	case fingerprint:
		return "a certificate's fingerprint or a hardware address"
	case ice:
		return "an ICE candidate or credentials"
	case token:
		return "a token"
	}
	return "something personal"
}

// indexed puts a place in a list into the brackets of a field's name.
func indexed(where string, i int) string {
	if i < 0 {
		return where
	}
	return strings.Replace(where, "[]", "["+strconv.Itoa(i)+"]", 1)
}

// keepText bounds the texts of refused samples.
const keepText = 512

// valid makes any bytes a text of reasonable length.
func valid(s string) string {
	return strings.ToValidUTF8(s[:min(len(s), keepText)], "\uFFFD")
}

// Detail is what may be kept of a sentence about a sample: without what it quotes, and without what is personal.
func Detail(s string) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	for _, quote := range [...]string{`"`, "`"} {
		// Whatever stands behind the first of them may be quoted, up to the last of them, or to the end.
		if from, to := strings.Index(s, quote), strings.LastIndex(s, quote); from >= 0 {
			end := ""
			if to > from {
				end = s[to+1:]
			}
			s = s[:from] + "..." + end
		}
	}
	// Decoders of JSON show what they stumble over without quotes too.
	for _, words := range [...]string{"unexpected token", "invalid value", "invalid number"} {
		i := strings.Index(s, words)
		if i < 0 {
			continue
		}
		end := i + len(words)
		if colon := strings.Index(s[end:], ": "); strings.HasPrefix(s[end:], " for ") && colon > 0 {
			end += colon // "invalid value for int64 field sequence: ..."
		}
		s = s[:end]
	}
	return Text(s)
}
