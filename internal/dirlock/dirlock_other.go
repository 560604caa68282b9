//go:build !unix

package dirlock

import (
	"os"
	"path/filepath"
)

// Lock only makes sure that the directory can be written to, where there is no flock.
func Lock(dir string) (unlock func() error, err error) {
	f, err := os.OpenFile(filepath.Join(dir, name), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	return f.Close, nil
}
