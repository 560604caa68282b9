package regression_test

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/earshot-rtc/earshot/processor/regression"
)

func TestTheTimeOfARegressionIsNotWhatWasBefore(t *testing.T) {
	town, d := newTown(21, 40), detector(t, regression.Config{})
	var known []regression.Regression
	require.Empty(t, town.run(d, &known, 60))
	town.core += 60
	require.Len(t, town.run(d, &known, 150), 1, "it opens, and nothing is said of it while it goes on")
	town.core -= 60
	said := town.run(d, &known, 40)
	require.Len(t, said, 1)
	require.Equal(t, regression.Gone, said[0].Reason)
	// Four of five hours that it is compared with were slow.
	town.core += 60
	again := town.run(d, &known, 10)
	require.Len(t, again, 1)
	require.Equal(t, regression.SFULink, again[0].Cause)
	require.InDelta(t, 60, again[0].ShiftMs, 3)
}

func TestANewVersionIsComparedWithTheOthersForAsLongAsItIsNew(t *testing.T) {
	town, d := newTown(22, 80), detector(t, regression.Config{})
	var known []regression.Regression
	require.Empty(t, town.run(d, &known, 60))
	town.version["2.0"] = 50
	share := 0.0
	town.pick = func(r *rand.Rand, region string) (uint32, string) {
		asn, version := uint32(100), "1.0"
		if region == "us" {
			asn = 200
		}
		if r.Float64() < share {
			version = "2.0"
		}
		return asn + uint32(r.IntN(3)), version
	}
	var said []regression.Regression
	for range 40 { // so slowly that by the time there are enough of them, their own past is known
		share += 0.01
		said = append(said, town.run(d, &known, 1)...)
	}
	require.Len(t, said, 1)
	require.Equal(t, regression.AppVersion, said[0].Cause)
	require.Equal(t, "2.0", said[0].Version)
}
