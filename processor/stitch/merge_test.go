package stitch

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// Audio and video make two streams: the lower of two values would lean to the low side of a network's jitter.
func TestMiddleDoesNotLean(t *testing.T) {
	for name, tc := range map[string]struct {
		v    []uint32
		want uint32
	}{
		"one":   {[]uint32{7}, 7},
		"two":   {[]uint32{30, 10}, 20},
		"three": {[]uint32{30, 10, 11}, 11},
		"four":  {[]uint32{40, 10, 20, 30}, 25},
	} {
		t.Run(name, func(t *testing.T) { require.Equal(t, tc.want, middle(tc.v)) })
	}
}
