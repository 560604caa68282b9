package spool

import (
	"io"
	"os"
	"path/filepath"
)

// disk is what the spool does to its directory. Tests put one in its place that fails, or forgets what was not synced.
type disk interface {
	// Create makes a file that is not there yet; it is there to stay when Create returns.
	Create(name string) (file, error)
	// Append opens a file, made where it is missing, to write behind what it has.
	Append(name string) (file, error)
	Truncate(name string, size int64) error
	Remove(name string) error
	Rename(name, to string) error
	// Replace writes a whole small file at once. It need not survive the machine's end.
	Replace(name string, data []byte) error
}

type file interface {
	io.Writer
	Sync() error
	Truncate(size int64) error
	Close() error
}

// directory is the real disk.
type directory string

func (d directory) path(name string) string { return filepath.Join(string(d), name) }

func (d directory) Create(name string) (file, error) {
	f, err := os.OpenFile(d.path(name), os.O_CREATE|os.O_EXCL|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	return d.settle(f)
}

func (d directory) Append(name string) (file, error) {
	f, err := os.OpenFile(d.path(name), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	return d.settle(f)
}

// settle makes sure that the directory remembers the file.
func (d directory) settle(f *os.File) (file, error) {
	dir, err := os.Open(string(d))
	if err == nil {
		err = dir.Sync()
		_ = dir.Close()
	}
	if err != nil {
		_ = f.Close()
		return nil, err
	}
	return f, nil
}

func (d directory) Truncate(name string, size int64) error { return os.Truncate(d.path(name), size) }

func (d directory) Remove(name string) error { return os.Remove(d.path(name)) }

func (d directory) Rename(name, to string) error { return os.Rename(d.path(name), d.path(to)) }

func (d directory) Replace(name string, data []byte) error {
	next := d.path(name + ".new")
	if err := os.WriteFile(next, data, 0o600); err != nil {
		return err
	}
	return os.Rename(next, d.path(name))
}
