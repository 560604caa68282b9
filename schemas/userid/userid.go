// Package userid makes the pseudonym under which a user is stored: the application's own user id goes in, a keyed digest of
// it comes out.
//
// The collector writes it in place of the id before anything reaches Kafka, and `earshot erase --user` finds a user's rows
// by it, so both have to reckon it alike. testdata/vectors.json holds examples for implementations in other languages.
package userid

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"strings"
)

// digestBytes of the HMAC are kept: 128 bits, which no two users of a tenant share by chance.
const digestBytes = 16

// Hash gives the stored form of a user id, "u:keyID:digest" or "u:digest" where the key has no id. The digest is the first
// 16 bytes of HMAC-SHA-256 over tenant, a NUL byte and the user id, in base64url without padding: the same user at two
// tenants has nothing in common, and without the key an id cannot be guessed and tried. keyID, which tells rows of an older
// key from those of a newer one, must not contain a colon.
//
// The result is userID itself where key is empty (nothing is to be hidden) and "" where userID is.
func Hash(key []byte, keyID, tenant, userID string) string {
	if len(key) == 0 || userID == "" {
		return userID
	}
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(tenant))
	mac.Write([]byte{0})
	mac.Write([]byte(userID))
	var sum [sha256.Size]byte
	digest := base64.RawURLEncoding.EncodeToString(mac.Sum(sum[:0])[:digestBytes])
	if keyID == "" {
		return "u:" + digest
	}
	return "u:" + strings.ReplaceAll(keyID, ":", "_") + ":" + digest
}
