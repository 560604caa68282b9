// Package clickhouse runs the real ClickHouse engine as a supervised child of this process, for the demo, the tests and small
// installations: a data directory goes in, the address of a server that speaks the native and the HTTP protocol comes out.
//
// The engine is the library libchdb.so. The child is this same executable, started again with an environment variable that
// RunChildIfAsked looks for, so that nothing else has to be installed and a crash of the engine cannot take the parent along.
package clickhouse

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Config says where the engine and its data are. The zero value is a temporary server on free ports.
type Config struct {
	// DataDir holds the tables. Empty means a temporary directory, removed at the end.
	DataDir string
	// LibPath is the engine's library. Empty means that Find looks for it.
	LibPath string
	// Port and HTTPPort are those of the native and the HTTP protocol on 127.0.0.1. 0 means a free one.
	Port, HTTPPort int
	// MaxMemory bounds the engine's memory, in bytes. 0 means 2 GiB.
	MaxMemory int64
	// StartTimeout bounds the time until the first answer. 0 means 30 s.
	StartTimeout time.Duration
}

// Dependencies are what the server needs from its surroundings; each may be nil.
type Dependencies struct {
	Logger     *slog.Logger
	Registerer prometheus.Registerer
}

// Server is one embedded ClickHouse. Its methods are safe for concurrent use.
type Server struct {
	cfg     Config
	log     *slog.Logger
	metrics *metrics
	failed  chan struct{}

	life    sync.Mutex // held while starting and stopping
	started bool

	mu             sync.Mutex // guards what follows
	process        *process
	port, httpPort int
	stopping       bool
	err            error
}

// New checks the configuration; it starts nothing.
func New(cfg Config, deps Dependencies) (*Server, error) {
	for name, port := range map[string]int{"Port": cfg.Port, "HTTPPort": cfg.HTTPPort} {
		if port < 0 || port > 65535 {
			return nil, fmt.Errorf("embedded ClickHouse: %s %d is not between 0 and 65535", name, port)
		}
	}
	if cfg.Port != 0 && cfg.Port == cfg.HTTPPort {
		return nil, fmt.Errorf("embedded ClickHouse: port %d cannot serve both protocols", cfg.Port)
	}
	if cfg.MaxMemory == 0 {
		cfg.MaxMemory = 2 << 30
	}
	if cfg.StartTimeout == 0 {
		cfg.StartTimeout = 30 * time.Second
	}
	if deps.Logger == nil {
		deps.Logger = slog.New(slog.DiscardHandler)
	}
	m, err := newMetrics(deps.Registerer)
	if err != nil {
		return nil, err
	}
	return &Server{cfg: cfg, log: deps.Logger, metrics: m, failed: make(chan struct{})}, nil
}

// Addr is the host:port of the native protocol, valid after Start.
func (s *Server) Addr() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return address(s.port)
}

// HTTPAddr is the host:port of the HTTP protocol, valid after Start.
func (s *Server) HTTPAddr() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return address(s.httpPort)
}

// PID is the child's process id, 0 while there is none.
func (s *Server) PID() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.process == nil {
		return 0
	}
	return s.process.pid()
}

// Failed is closed when the engine has ended without being asked to; Err then says why.
func (s *Server) Failed() <-chan struct{} { return s.failed }

// Err is the reason for Failed, with the last words of the engine's log; nil while all is well.
func (s *Server) Err() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

// Start runs the engine and returns when it answers. A Server is started once.
func (s *Server) Start(ctx context.Context) error {
	s.life.Lock()
	defer s.life.Unlock()
	if s.started {
		return errors.New("embedded ClickHouse: started twice")
	}
	s.started = true

	begin := time.Now()
	lib, err := locate(s.cfg.LibPath)
	if err != nil {
		return err
	}
	dir, temporary, err := dataDir(s.cfg.DataDir)
	if err != nil {
		return err
	}
	p, err := s.launch(ctx, lib, dir, temporary)
	if err != nil {
		if temporary {
			err = errors.Join(err, os.RemoveAll(dir))
		}
		return err
	}
	s.mu.Lock()
	s.process = p
	s.port, s.httpPort = portOf(p.gate.listener), p.httpPort
	s.mu.Unlock()
	s.metrics.up.Set(1)
	s.log.Info("embedded ClickHouse is up", "addr", s.Addr(), "http", s.HTTPAddr(), "data", dir, "pid", p.pid(),
		"took", time.Since(begin).Round(time.Millisecond))
	go s.watch(p)
	return nil
}

// watch turns an end that nobody asked for into Failed.
func (s *Server) watch(p *process) {
	<-p.done
	s.metrics.up.Set(0)
	_ = p.gate.listener.Close() // clients hear at once that nobody is there
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopping {
		return
	}
	s.err = fmt.Errorf("the embedded ClickHouse (pid %d) ended unexpectedly: %w", p.pid(), p.reason())
	close(s.failed)
}

// Shutdown ends the engine and waits for it; when ctx ends first the engine is killed. It may be called without Start, and
// twice.
func (s *Server) Shutdown(ctx context.Context) error {
	s.life.Lock()
	defer s.life.Unlock()
	s.mu.Lock()
	s.stopping = true
	p := s.process
	s.mu.Unlock()
	if p == nil {
		return nil
	}
	err := p.stop(ctx)
	if p.temporary {
		err = errors.Join(err, os.RemoveAll(p.dir))
	}
	return err
}

// dataDir makes the data directory; the path is absolute since the engine resolves others against its own idea of here.
func dataDir(dir string) (path string, temporary bool, err error) {
	if dir == "" {
		path, err = os.MkdirTemp("", "earshot-clickhouse-")
		return path, true, err
	}
	if path, err = filepath.Abs(dir); err != nil {
		return "", false, err
	}
	if err = os.MkdirAll(path, 0o750); err != nil {
		return "", false, fmt.Errorf("data directory of the embedded ClickHouse: %w", err)
	}
	return path, false, nil
}

func address(port int) string {
	if port == 0 {
		return ""
	}
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
}
