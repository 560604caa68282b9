package mask

import (
	"bytes"
	"errors"
	"fmt"
	"os"
)

// What may be done with an address, with a user id, and with what was refused.
const (
	Mask   = "mask"
	Hash   = "hash"
	Drop   = "drop"
	Keep   = "keep"
	None   = "none"
	Masked = "masked"
	Raw    = "raw"
)

// Config says what of a person goes on to Kafka.
type Config struct {
	// Address is what becomes of the address that a sample came from, once country, region, ASN and ISP were looked up:
	// mask (cut to a network), drop or keep.
	Address string `yaml:"address"`
	// IPv4Bits and IPv6Bits are how much of a masked address stays.
	IPv4Bits int `yaml:"ipv4_bits"`
	IPv6Bits int `yaml:"ipv6_bits"`
	// UserID is what becomes of the application's user ids: hash (a keyed digest; dropped where there is no key), drop or
	// keep.
	UserID string `yaml:"user_id"`
	// UserIDKey is the key of the digest, at least 16 bytes, best random. UserIDKeyFile names a file to read it from
	// instead; a line break at its end does not count. Without the key nobody can tell whose digest it is; `earshot erase`
	// needs it too.
	UserIDKey     string `yaml:"user_id_key" config:"secret"`
	UserIDKeyFile string `yaml:"user_id_key_file"`
	// UserIDKeyID stands in every digest ("u:ID:..."), so that after a change of keys it is known which one made it.
	UserIDKeyID string `yaml:"user_id_key_id"`
	// DeadLetters is what of a refused sample goes to the dead-letter topic: masked (the sample without what is personal, as
	// far as it can be read, otherwise its size and SHA-256), none (no dead letters), or raw (the bytes as they came, with
	// whatever is in them).
	DeadLetters string `yaml:"dead_letters"`
}

// DefaultConfig lets nothing personal through.
func DefaultConfig() Config {
	return Config{Address: Mask, IPv4Bits: 24, IPv6Bits: 48, UserID: Hash, DeadLetters: Masked}
}

const leastKeyBytes = 16

// Validate names the key that makes no sense.
func (c *Config) Validate() error {
	for _, v := range []struct {
		key, value string
		allowed    [3]string
	}{
		{"address", c.Address, [3]string{Mask, Drop, Keep}},
		{"user_id", c.UserID, [3]string{Hash, Drop, Keep}},
		{"dead_letters", c.DeadLetters, [3]string{None, Masked, Raw}},
	} {
		if a := v.allowed; v.value != a[0] && v.value != a[1] && v.value != a[2] {
			return fmt.Errorf("privacy.%s is %q; use %s, %s or %s", v.key, v.value, a[0], a[1], a[2])
		}
	}
	switch {
	case c.IPv4Bits < 0 || c.IPv4Bits > 32:
		return fmt.Errorf("privacy.ipv4_bits is %d; give a number from 0 to 32", c.IPv4Bits)
	case c.IPv6Bits < 0 || c.IPv6Bits > 128:
		return fmt.Errorf("privacy.ipv6_bits is %d; give a number from 0 to 128", c.IPv6Bits)
	case c.UserIDKey != "" && c.UserIDKeyFile != "":
		return errors.New("privacy.user_id_key and privacy.user_id_key_file are both set; keep one")
	case c.UserIDKey != "" && len(c.UserIDKey) < leastKeyBytes:
		return fmt.Errorf("privacy.user_id_key has %d bytes; give at least %d, such as the output of openssl rand -hex 32", len(c.UserIDKey), leastKeyBytes)
	}
	for _, r := range c.UserIDKeyID {
		if r <= ' ' || r > '~' || r == ':' {
			return errors.New("privacy.user_id_key_id may have no colon, no space and nothing beyond ASCII")
		}
	}
	return nil
}

// Key reads the key of the digest of user ids; nil where there is none.
func (c *Config) Key() ([]byte, error) {
	if c.UserIDKeyFile == "" {
		return []byte(c.UserIDKey), nil
	}
	key, err := os.ReadFile(c.UserIDKeyFile)
	if err != nil {
		return nil, fmt.Errorf("privacy.user_id_key_file: %w", err)
	}
	key = bytes.TrimRight(key, "\r\n")
	if len(key) < leastKeyBytes {
		return nil, fmt.Errorf("privacy.user_id_key_file: %s has %d bytes; give at least %d, such as the output of openssl rand -hex 32",
			c.UserIDKeyFile, len(key), leastKeyBytes)
	}
	return key, nil
}
