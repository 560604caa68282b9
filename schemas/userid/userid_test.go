package userid_test

import (
	"encoding/hex"
	"encoding/json"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/earshot-rtc/earshot/schemas/userid"
)

func TestVectors(t *testing.T) {
	data, err := os.ReadFile("testdata/vectors.json")
	require.NoError(t, err)
	var vectors []struct {
		Key    string `json:"key_hex"`
		KeyID  string `json:"key_id"`
		Tenant string `json:"tenant"`
		User   string `json:"user_id"`
		Want   string `json:"stored"`
	}
	require.NoError(t, json.Unmarshal(data, &vectors))
	require.NotEmpty(t, vectors)
	for _, v := range vectors {
		key, err := hex.DecodeString(v.Key)
		require.NoError(t, err)
		require.Equal(t, v.Want, userid.Hash(key, v.KeyID, v.Tenant, v.User), "%+v", v)
	}
}

func TestAUserIsAnotherAtAnotherTenantAndUnderAnotherKey(t *testing.T) {
	key := []byte("0123456789abcdef0123456789abcdef")
	own := userid.Hash(key, "", "acme", "ana")
	require.NotContains(t, own, "ana")
	require.NotEqual(t, own, userid.Hash(key, "", "other", "ana"))
	require.NotEqual(t, own, userid.Hash([]byte("fedcba9876543210fedcba9876543210"), "", "acme", "ana"))
	require.NotEqual(t, userid.Hash(key, "", "a", "b\x00c"), userid.Hash(key, "", "a", "bc"))
}

func TestWithoutAKeyAUserIDStaysWhatItIs(t *testing.T) {
	require.Equal(t, "ana", userid.Hash(nil, "k1", "acme", "ana"))
	require.Empty(t, userid.Hash([]byte("key"), "k1", "acme", ""))
}
