package spool

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"github.com/stretchr/testify/require"
)

// forgetful is a disk that knows what was synced, so that a crash can take away the rest; and that fails when told to.
type forgetful struct {
	directory
	mu      sync.Mutex
	synced  map[string]int64
	removed map[string][]byte // not yet for good
	replace [][]byte          // the last versions of the position
	syncs   int
	takes   time.Duration // a sync

	dead     bool
	room     int64 // bytes that can still be written; -1: no end
	failSync error
	failCut  error
}

var errDead = errors.New("the machine is off")

func newForgetful(dir string) *forgetful {
	return &forgetful{directory: directory(dir), synced: map[string]int64{}, removed: map[string][]byte{}, room: -1}
}

func (d *forgetful) Create(name string) (file, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.dead {
		return nil, errDead
	}
	if d.room == 0 {
		return nil, syscall.ENOSPC
	}
	f, err := os.OpenFile(d.path(name), os.O_CREATE|os.O_EXCL|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	d.synced[name] = 0
	return &forgetfulFile{f, d, name}, nil
}

func (d *forgetful) Append(name string) (file, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.dead {
		return nil, errDead
	}
	f, err := os.OpenFile(d.path(name), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	return &forgetfulFile{f, d, name}, nil
}

func (d *forgetful) Remove(name string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.dead {
		return errDead
	}
	data, err := os.ReadFile(d.path(name))
	if err != nil {
		return err
	}
	d.removed[name] = data
	return os.Remove(d.path(name))
}

func (d *forgetful) Truncate(name string, size int64) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.dead {
		return errDead
	}
	return d.directory.Truncate(name, size)
}

func (d *forgetful) Replace(name string, data []byte) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.dead {
		return errDead
	}
	d.replace = append(d.replace, bytes.Clone(data))
	return d.directory.Replace(name, data)
}

type forgetfulFile struct {
	*os.File
	d    *forgetful
	name string
}

func (f *forgetfulFile) Write(b []byte) (int, error) {
	f.d.mu.Lock()
	defer f.d.mu.Unlock()
	if f.d.dead {
		return 0, errDead
	}
	if room := f.d.room; room >= 0 && int64(len(b)) > room {
		f.d.room = 0
		n, _ := f.File.Write(b[:room])
		return n, syscall.ENOSPC
	}
	if f.d.room > 0 {
		f.d.room -= int64(len(b))
	}
	return f.File.Write(b)
}

func (f *forgetfulFile) Sync() error {
	time.Sleep(f.d.takes)
	f.d.mu.Lock()
	defer f.d.mu.Unlock()
	f.d.syncs++
	switch {
	case f.d.dead:
		return errDead
	case f.d.failSync != nil:
		return f.d.failSync
	}
	info, err := f.Stat()
	if err == nil {
		f.d.synced[f.name] = info.Size()
	}
	return err
}

func (f *forgetfulFile) Truncate(size int64) error {
	f.d.mu.Lock()
	defer f.d.mu.Unlock()
	switch {
	case f.d.dead:
		return errDead
	case f.d.failCut != nil:
		return f.d.failCut
	}
	f.d.synced[f.name] = min(f.d.synced[f.name], size)
	return f.File.Truncate(size)
}

func (d *forgetful) off() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.dead = true
}

// crash is what a disk may look like after the machine went off: each file keeps what was synced and some of what was not,
// perhaps with rubbish behind it; what was removed may be back; the position may be an older one. dice tells what happens.
func (d *forgetful) crash(t require.TestingT, dice func(n int) int) {
	entries, err := os.ReadDir(string(d.directory))
	require.NoError(t, err)
	for _, e := range entries {
		path := filepath.Join(string(d.directory), e.Name())
		if _, ok := numberOf(e.Name()); !ok {
			continue
		}
		info, err := e.Info()
		require.NoError(t, err)
		keep := d.synced[e.Name()]
		if more := info.Size() - keep; more > 0 {
			keep += int64(dice(int(more) + 1))
		}
		require.NoError(t, os.Truncate(path, keep))
		rubbish := make([]byte, dice(40))
		if dice(2) == 0 {
			for i := range rubbish {
				rubbish[i] = byte(dice(256))
			}
		}
		f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
		require.NoError(t, err)
		_, err = f.Write(rubbish)
		require.NoError(t, errors.Join(err, f.Close()))
	}
	for name, data := range d.removed {
		if dice(3) == 0 {
			require.NoError(t, os.WriteFile(d.path(name), data, 0o600))
		}
	}
	if n := len(d.replace); n > 0 {
		switch back := dice(4); {
		case back == 3:
			require.NoError(t, os.WriteFile(d.path(positionName), nil, 0o600))
		case back < n:
			require.NoError(t, os.WriteFile(d.path(positionName), d.replace[n-1-back], 0o600))
		}
	}
}
