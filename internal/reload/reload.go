// Package reload follows files: their contents come in, at the start and whenever they change; whoever uses them gets them
// without a restart. It looks at the contents themselves, which serves symbolic links that are swapped and file systems
// without notices alike.
package reload

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"
)

// Config says what is followed.
type Config struct {
	// Paths are the files. They are loaded together: a certificate goes with its key.
	Paths []string
	// Every is how often they are looked at. Default: 2 s.
	Every time.Duration
	// MaxBytes bounds each file. Default: 1 MiB.
	MaxBytes int64
}

// Dependencies are what Files are given.
type Dependencies struct {
	// Load is given the contents, in the order of the paths. When it returns an error, what was loaded before stays in use.
	Load func(contents [][]byte) error
	// Loaded, if not nil, is told the outcome of every load after the first.
	Loaded func(error)
}

// Files is a set of files that is followed.
type Files struct {
	cfg    Config
	deps   Dependencies
	seen   [][]byte
	failed string // the last error, so that it is told once

	mu     sync.Mutex
	cancel context.CancelFunc
	done   chan struct{}
}

// New makes Files; nothing is read before Start.
func New(cfg Config, deps Dependencies) *Files {
	if cfg.Every <= 0 {
		cfg.Every = 2 * time.Second
	}
	if cfg.MaxBytes <= 0 {
		cfg.MaxBytes = 1 << 20
	}
	return &Files{cfg: cfg, deps: deps}
}

// Start loads the files and follows them. It fails when they cannot be loaded now.
func (f *Files) Start(ctx context.Context) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.cancel != nil {
		return errors.New("reload: started before")
	}
	contents, err := f.read()
	if err != nil {
		return err
	}
	if err := f.deps.Load(contents); err != nil {
		return err
	}
	f.seen = contents
	ctx, f.cancel = context.WithCancel(context.WithoutCancel(ctx))
	f.done = make(chan struct{})
	go f.follow(ctx)
	return nil
}

// Shutdown stops following.
func (f *Files) Shutdown(context.Context) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.cancel != nil {
		f.cancel()
		<-f.done
	}
	return nil
}

func (f *Files) follow(ctx context.Context) {
	defer close(f.done)
	tick := time.NewTicker(f.cfg.Every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			f.look()
		}
	}
}

// look loads the files if they have changed since they were last loaded, or last tried.
func (f *Files) look() {
	contents, err := f.read()
	if err == nil {
		if same(contents, f.seen) {
			f.failed = ""
			return
		}
		f.seen = contents
		err = f.deps.Load(contents)
	} else if err.Error() == f.failed {
		return
	}
	f.failed = ""
	if err != nil {
		f.failed = err.Error()
	}
	if f.deps.Loaded != nil {
		f.deps.Loaded(err)
	}
}

func (f *Files) read() ([][]byte, error) {
	contents := make([][]byte, len(f.cfg.Paths))
	for i, path := range f.cfg.Paths {
		data, err := readFile(path, f.cfg.MaxBytes)
		if err != nil {
			return nil, err
		}
		contents[i] = data
	}
	return contents, nil
}

func readFile(path string, most int64) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	data, err := io.ReadAll(io.LimitReader(file, most+1))
	if err != nil {
		return nil, err
	}
	if int64(len(data)) > most {
		return nil, fmt.Errorf("%s has more than %d bytes", path, most)
	}
	return data, nil
}

func same(a, b [][]byte) bool {
	for i := range a {
		if !bytes.Equal(a[i], b[i]) {
			return false
		}
	}
	return true
}
