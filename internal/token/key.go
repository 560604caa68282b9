package token

import (
	"bufio"
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/MicahParks/jwkset"
	"github.com/golang-jwt/jwt/v5"
)

// key is what a signature is checked with. It serves one algorithm, so that no algorithm is used with the key of another.
type key struct {
	id        string
	algorithm string
	material  jwt.VerificationKey
}

const (
	minSecret  = 32 // bytes, RFC 7518 section 3.2
	minRSA     = 2048
	maxKeys    = 64 // bounds the signatures that are tried for a token without a key id
	notASecret = "line %d: a secret has %d bytes, at least %d are needed; make one with: openssl rand -hex 32"
)

// parseSecrets reads a file of secrets, see Config.SecretsFile.
func parseSecrets(data []byte) ([]key, error) {
	var keys []key
	lines := bufio.NewScanner(bytes.NewReader(data))
	for n := 1; lines.Scan(); n++ {
		fields := strings.Fields(lines.Text())
		if len(fields) == 0 || strings.HasPrefix(fields[0], "#") {
			continue
		}
		k := key{algorithm: hs256}
		switch len(fields) {
		case 1:
		case 2:
			k.id = fields[0]
		default:
			return nil, fmt.Errorf("line %d: write a secret, or a key id, a space and a secret", n)
		}
		secret := fields[len(fields)-1]
		if len(secret) < minSecret {
			return nil, fmt.Errorf(notASecret, n, len(secret), minSecret)
		}
		k.material = []byte(secret)
		keys = append(keys, k)
	}
	if err := lines.Err(); err != nil {
		return nil, err
	}
	if len(keys) == 0 {
		return nil, errors.New("no secret in it; make one with: openssl rand -hex 32")
	}
	return keys, tooMany(keys)
}

func tooMany(keys []key) error {
	if len(keys) > maxKeys {
		return fmt.Errorf("%d keys, at most %d are taken", len(keys), maxKeys)
	}
	return nil
}

// parseJWKS reads the public keys of a JSON Web Key Set (RFC 7517). Keys for other purposes are passed over; shared secrets
// too, since what is public cannot be secret.
func parseJWKS(data []byte) ([]key, error) {
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := json.Unmarshal(data, &set); err != nil {
		return nil, fmt.Errorf("not a JSON Web Key Set: %w", err)
	}
	var keys []key
	var why error
	for _, raw := range set.Keys {
		k, err := parseJWK(raw)
		if err != nil {
			why = err
			continue
		}
		keys = append(keys, k)
	}
	if len(keys) == 0 {
		return nil, errors.Join(errors.New("no key for RS256, ES256 or EdDSA in it"), why)
	}
	return keys, tooMany(keys)
}

func parseJWK(raw json.RawMessage) (key, error) {
	jwk, err := jwkset.NewJWKFromRawJSON(raw, jwkset.JWKMarshalOptions{}, jwkset.JWKValidateOptions{})
	if err != nil {
		return key{}, errors.New("a key that cannot be read") // the library's text may quote it
	}
	m := jwk.Marshal()
	if m.USE != "" && m.USE != jwkset.UseSig {
		return key{}, errors.New("a key that is not for signing")
	}
	k := key{id: m.KID, material: jwk.Key()}
	switch pub := jwk.Key().(type) {
	case *rsa.PublicKey:
		if pub.N.BitLen() < minRSA {
			return key{}, fmt.Errorf("an RSA key of %d bits, at least %d are needed", pub.N.BitLen(), minRSA)
		}
		k.algorithm = rs256
	case *ecdsa.PublicKey:
		if pub.Curve != elliptic.P256() {
			return key{}, errors.New("an EC key on another curve than P-256")
		}
		k.algorithm = es256
	case ed25519.PublicKey:
		k.algorithm = eddsa
	default:
		return key{}, errors.New("a key of another kind")
	}
	if m.ALG != "" && m.ALG.String() != k.algorithm {
		return key{}, fmt.Errorf("a key for %.20s", m.ALG)
	}
	return k, nil
}

// choose gives the keys that a token of this algorithm and key id may have been signed with: those of that id; or, where the
// token or the key has none, every one.
func choose(keys []key, algorithm, id string) (out []jwt.VerificationKey) {
	for _, k := range keys {
		if k.algorithm == algorithm && (k.id == id || id == "" || k.id == "") {
			out = append(out, k.material)
		}
	}
	return out
}
