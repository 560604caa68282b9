//go:build unix

package kafka

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// lockDir keeps a second broker out of a data directory. The lock ends with the process, however that ends.
func lockDir(dir string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("data directory of the embedded Kafka: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("the data directory %s is in use by another broker; stop that one or choose another directory", dir)
	}
	return f, nil
}
