package observertc

import (
	"math"
	"strconv"
	"unicode/utf8"

	"github.com/go-faster/jx"
)

// value is one field as it came: a number (of a flag 0 or 1), or a text that is valid until the next value is read.
type value struct {
	num    float64
	text   []byte
	isText bool
}

// maxText bounds the texts that are kept; whoever admits samples allows less.
const maxText = 1024

// keep is the text, or the number as text. The string at hand is kept where it says the same.
func (v value) keep(have string) string {
	if !v.isText {
		return strconv.FormatFloat(v.num, 'f', -1, 64)
	}
	text := v.text
	if len(text) > maxText {
		text = text[:maxText]
	}
	if have == string(text) {
		return have
	}
	return string(text)
}

// id is as keep, of a protobuf field that may hold the 16 bytes of a UUID.
func (v value) id(have string) string {
	if v.isText && len(v.text) == 16 && !printable(v.text) {
		return uuid(v.text)
	}
	return v.keep(have)
}

func printable(b []byte) bool {
	for _, c := range b {
		if c < 0x20 || c == 0x7f {
			return false
		}
	}
	return utf8.Valid(b)
}

func uuid(b []byte) string {
	const digits = "0123456789abcdef"
	out := make([]byte, 0, 36)
	for i, c := range b {
		if i == 4 || i == 6 || i == 8 || i == 10 {
			out = append(out, '-')
		}
		out = append(out, digits[c>>4], digits[c&15])
	}
	return string(out)
}

// number is the number, also of a text that is one (payload types of schema 2.x).
func (v value) number() float64 {
	if v.isText {
		f, err := strconv.ParseFloat(string(v.text), 64)
		if err != nil {
			return 0
		}
		return f
	}
	return v.num
}

// count is a number that counts something: never negative.
func (v value) count() uint64 { return whole(v.number()) }

func whole(f float64) uint64 {
	if !(f > 0) || f >= 1<<63 {
		return 0
	}
	return uint64(f)
}

// signed is a number that may be negative, as the loss of RFC 3550 may.
func (v value) signed() int64 {
	f := v.number()
	if !(math.Abs(f) < 1<<62) {
		return 0
	}
	return int64(f)
}

// small is a count that fits into 32 bits.
func (v value) small() uint32 {
	n := v.count()
	if n > math.MaxUint32 {
		return 0
	}
	return uint32(n)
}

// seconds gives µs for getStats' seconds.
func (v value) seconds() uint64 { return whole(math.Round(v.number() * 1e6)) }

// millis gives µs for ms: of a duration, or since 1970.
func (v value) millis() uint64 { return whole(math.Round(v.number() * 1e3)) }

func (v value) flag() bool { return v.num != 0 && !v.isText }

// readValue reads a number, text or flag; ok is false for all else, which is skipped.
func readValue(d *jx.Decoder) (v value, ok bool, err error) {
	switch d.Next() {
	case jx.Number:
		v.num, err = d.Float64()
		return v, true, err
	case jx.String:
		v.text, err = d.StrBytes()
		v.isText = true
		return v, true, err
	case jx.Bool:
		b, err := d.Bool()
		if b {
			v.num = 1
		}
		return v, true, err
	default:
		return v, false, d.Skip()
	}
}

// hasKey says whether the object that begins here has the key. The decoder stays where it is.
func hasKey(d *jx.Decoder, key string) (found bool, err error) {
	err = d.Capture(func(d *jx.Decoder) error {
		return d.ObjBytes(func(d *jx.Decoder, k []byte) error {
			found = found || string(k) == key
			return d.Skip()
		})
	})
	return found, err
}
