package clickhouse

import (
	"crypto/sha256"
	_ "embed" // for the checksums
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"strings"
)

//go:embed engine/checksums.txt
var checksums string

// verify compares the library with its committed checksum. Hashing half a gigabyte takes seconds, so a match is remembered
// beside the library together with its size and time of change, and the next start only looks at those.
func verify(lib, pkg, sums string) error {
	want, known := checksum(sums, pkg)
	if !known {
		// Not every platform's library has been at hand to hash; npm has compared the package with the lock file.
		return nil
	}
	info, err := os.Stat(lib)
	if err != nil {
		return err
	}
	stamp := fmt.Sprintf("%s %d %d\n", want, info.Size(), info.ModTime().UnixMilli())
	if old, err := os.ReadFile(lib + ".verified"); err == nil && string(old) == stamp {
		return nil
	}
	f, err := os.Open(lib)
	if err != nil {
		return fmt.Errorf("read the engine: %w", err)
	}
	defer func() { _ = f.Close() }()
	hash := sha256.New()
	if _, err = io.Copy(hash, f); err != nil {
		return fmt.Errorf("read the engine: %w", err)
	}
	if got := hex.EncodeToString(hash.Sum(nil)); got != want {
		return fmt.Errorf("%s is not the engine that was asked for (sha256 %s, want %s); remove .cache/engine and run `make engine` again", lib, got, want)
	}
	// A read-only installation is hashed at every start.
	_ = os.WriteFile(lib+".verified", []byte(stamp), 0o600)
	return nil
}

// checksum finds a package in lines of "sha256 package"; # begins a comment.
func checksum(text, pkg string) (sum string, known bool) {
	for line := range strings.Lines(text) {
		if f := strings.Fields(line); len(f) == 2 && f[1] == pkg {
			return f[0], true
		}
	}
	return "", false
}
