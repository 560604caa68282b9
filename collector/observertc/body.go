package observertc

import (
	"errors"
	"math"

	"github.com/go-faster/jx"
)

// ErrTooManySamples says that a body holds more samples than allowed.
var ErrTooManySamples = errors.New("too many samples in one body")

// Walk gives every sample of a body to each: of an array, of an object of schema 2.x with clientSamples and sfuSamples, or
// one by itself. A body that is no JSON ends with an *Error; what came before it was given.
func Walk(body []byte, limits Limits, most int, each func(raw []byte)) error {
	if _, err := check(body, Limits{Depth: limits.Depth + 2, Pads: math.MaxInt}); err != nil {
		return err
	}
	d := jx.DecodeBytes(body)
	n := 0
	samples := func(d *jx.Decoder) error {
		raw, err := d.Raw()
		if err != nil {
			return err
		}
		if n++; n > most {
			return ErrTooManySamples
		}
		each(raw)
		return nil
	}
	err := walkBody(d, samples)
	switch {
	case errors.Is(err, ErrTooManySamples):
		return ErrTooManySamples
	case err != nil:
		return malformed(err)
	}
	return end(d)
}

func walkBody(d *jx.Decoder, samples func(*jx.Decoder) error) error {
	switch d.Next() {
	case jx.Array:
		return d.Arr(samples)
	case jx.Object:
		bundle := false
		err := d.Capture(func(d *jx.Decoder) error {
			return d.ObjBytes(func(d *jx.Decoder, key []byte) error {
				bundle = bundle || string(key) == "clientSamples" || string(key) == "sfuSamples"
				return d.Skip()
			})
		})
		if err != nil {
			return err
		}
		if !bundle {
			return samples(d)
		}
		return d.ObjBytes(func(d *jx.Decoder, key []byte) error {
			if string(key) == "clientSamples" || string(key) == "sfuSamples" {
				return array(d, samples)
			}
			return d.Skip()
		})
	}
	return fail(Malformed, "neither an object nor an array")
}
