package linkkey_test

import (
	"encoding/json"
	"fmt"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/earshot-rtc/earshot/schemas/linkkey"
)

type pair struct{ Name, A, B, Key string }

type endpoint struct {
	Host string
	Port uint16
}

type vectors struct {
	Fingerprints, Ufrags []pair
	Addresses            []struct {
		Name  string
		A, B  endpoint
		AText string `json:"a_text"`
		BText string `json:"b_text"`
		Key   string
	}
}

func load(t *testing.T) vectors {
	t.Helper()
	raw, err := os.ReadFile("testdata/vectors.json")
	require.NoError(t, err)
	var v vectors
	require.NoError(t, json.Unmarshal(raw, &v))
	require.NotEmpty(t, v.Fingerprints)
	require.NotEmpty(t, v.Ufrags)
	require.NotEmpty(t, v.Addresses)
	return v
}

func text(key uint64) string { return fmt.Sprintf("%016x", key) }

func TestKeysMatchTheVectorsFromEitherEnd(t *testing.T) {
	v := load(t)
	for _, c := range v.Fingerprints {
		t.Run("fingerprints/"+c.Name, func(t *testing.T) {
			a, err := linkkey.ParseFingerprint(c.A)
			require.NoError(t, err)
			b, err := linkkey.ParseFingerprint(c.B)
			require.NoError(t, err)
			require.Equal(t, c.Key, text(linkkey.FromFingerprints(a, b)))
			require.Equal(t, c.Key, text(linkkey.FromFingerprints(b, a)))
		})
	}
	for _, c := range v.Ufrags {
		t.Run("ufrags/"+c.Name, func(t *testing.T) {
			require.Equal(t, c.Key, text(linkkey.FromUfrags(c.A, c.B)))
			require.Equal(t, c.Key, text(linkkey.FromUfrags(c.B, c.A)))
		})
	}
	for _, c := range v.Addresses {
		t.Run("addresses/"+c.Name, func(t *testing.T) {
			a, b := linkkey.Address(c.A.Host, c.A.Port), linkkey.Address(c.B.Host, c.B.Port)
			require.Equal(t, c.AText, a)
			require.Equal(t, c.BText, b)
			require.Equal(t, c.Key, text(linkkey.FromAddresses(a, b)))
			require.Equal(t, c.Key, text(linkkey.FromAddresses(b, a)))
		})
	}
}

func TestAnUnknownHalfGivesNoKey(t *testing.T) {
	require.Zero(t, linkkey.FromFingerprints(nil, []byte{1}))
	require.Zero(t, linkkey.FromFingerprints([]byte{1}, nil))
	require.Zero(t, linkkey.FromUfrags("", "abcd"))
	require.Zero(t, linkkey.FromAddresses("192.0.2.1:1", ""))
}

func TestTheSeparatorKeepsHalvesApart(t *testing.T) {
	require.NotEqual(t, linkkey.FromUfrags("ab", "cd"), linkkey.FromUfrags("abc", "d"))
}

func TestABadFingerprintIsRefused(t *testing.T) {
	for _, s := range []string{"", "::", "zz:00", "0"} {
		_, err := linkkey.ParseFingerprint(s)
		require.Error(t, err, "%q", s)
	}
}

func FuzzParseFingerprint(f *testing.F) {
	f.Add("AB:CD")
	f.Fuzz(func(t *testing.T, s string) {
		if digest, err := linkkey.ParseFingerprint(s); err == nil {
			require.NotEmpty(t, digest)
		}
	})
}
