package janus

import (
	"math"

	"github.com/go-faster/jx"
)

// maxText bounds the texts that are kept.
const maxText = 256

// text is a text, or a number as one: rooms and users have either for a name. All else is "".
func text(d *jx.Decoder) (string, error) {
	switch d.Next() {
	case jx.String:
		b, err := d.StrBytes()
		return string(b[:min(len(b), maxText)]), err
	case jx.Number:
		n, err := d.Num()
		return string(n[:min(len(n), maxText)]), err
	default:
		return "", d.Skip()
	}
}

// long is a text of up to most bytes; one that is longer is "".
func long(d *jx.Decoder, most int) (string, error) {
	if d.Next() != jx.String {
		return "", d.Skip()
	}
	b, err := d.StrBytes()
	if err != nil || len(b) > most {
		return "", err
	}
	return string(b), nil
}

// count is a number that counts; what is none is 0.
func count(d *jx.Decoder) (uint64, error) {
	if d.Next() != jx.Number {
		return 0, d.Skip()
	}
	f, err := d.Float64()
	if !(f > 0) || f >= 1<<63 {
		return 0, err
	}
	return uint64(f), err
}

func signed(d *jx.Decoder, into *int64) error {
	if d.Next() != jx.Number {
		return d.Skip()
	}
	f, err := d.Float64()
	if math.Abs(f) < 1<<62 {
		*into = int64(f)
	}
	return err
}

func small(d *jx.Decoder) (int, error) {
	n, err := count(d)
	if n > math.MaxInt32 {
		return 0, err
	}
	return int(n), err
}

func boolean(d *jx.Decoder, otherwise bool) (bool, error) {
	if d.Next() != jx.Bool {
		return otherwise, d.Skip()
	}
	return d.Bool()
}

// object reads an object, and passes over what is none.
func object(d *jx.Decoder, field func(d *jx.Decoder, key []byte) error) error {
	if d.Next() != jx.Object {
		return d.Skip()
	}
	return d.ObjBytes(field)
}
