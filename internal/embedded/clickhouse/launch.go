package clickhouse

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	client "github.com/earshot-rtc/earshot/internal/clickhouse"
)

// launchTries bounds the retries when somebody else takes a port between our choice and the engine's bind.
const launchTries = 5

var errPortTaken = errors.New("port taken")

// launch starts the engine on free or given ports and waits until it answers.
func (s *Server) launch(ctx context.Context, lib, dir string, temporary bool) (*process, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, s.cfg.StartTimeout,
		fmt.Errorf("no answer within %s", s.cfg.StartTimeout))
	defer cancel()
	var err error
	for range launchTries {
		var port, httpPort int
		if port, httpPort, err = choosePorts(ctx, s.cfg.Port, s.cfg.HTTPPort); err != nil {
			return nil, err
		}
		var p *process
		p, err = startProcess(ctx, launchSpec{
			lib: lib, dir: dir, temporary: temporary, port: port, httpPort: httpPort, maxMemory: s.cfg.MaxMemory,
			name: "earshot-" + rand.Text(),
		})
		if err != nil {
			return nil, err
		}
		if err = p.awaitReady(ctx); err == nil {
			return p, nil
		}
		p.kill()
		if !errors.Is(err, errPortTaken) || s.cfg.Port != 0 && s.cfg.HTTPPort != 0 {
			break
		}
	}
	return nil, fmt.Errorf("the embedded ClickHouse did not start: %w", err)
}

// awaitReady asks the server who it is until it answers with the name that this launch gave it: on a port that somebody else
// took in between, another ClickHouse might answer.
func (p *process) awaitReady(ctx context.Context) error {
	db, err := client.Open(client.Config{Addr: []string{address(p.port)}, DialTimeout: time.Second, Database: "default"})
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-p.done:
			return p.startError()
		case <-ctx.Done():
			return fmt.Errorf("%w%s", context.Cause(ctx), p.log.quote())
		case <-tick.C:
		}
		if name, err := db.ServerName(ctx); err == nil && name == p.name {
			return nil
		}
	}
}

// startError says in one sentence why the engine ended before it was ready.
func (p *process) startError() error {
	switch text := p.log.String(); {
	case strings.Contains(text, "Cannot lock file"):
		return fmt.Errorf("the data directory %s is in use by another server; stop that one or choose another directory", p.dir)
	case strings.Contains(text, "Address already in use"):
		return fmt.Errorf("%w: 127.0.0.1:%d or 127.0.0.1:%d is in use; stop what listens there or choose other ports",
			errPortTaken, p.port, p.httpPort)
	default:
		return p.reason()
	}
}

// choosePorts returns the given ports, after a look whether they are free, and free ones in place of 0. All are held at once
// while choosing, so that they differ.
func choosePorts(ctx context.Context, port, httpPort int) (int, int, error) {
	ports := []int{port, httpPort}
	var lc net.ListenConfig
	for i, want := range ports {
		l, err := lc.Listen(ctx, "tcp4", fmt.Sprintf("127.0.0.1:%d", want))
		if err != nil {
			if want != 0 {
				return 0, 0, fmt.Errorf("port %d for the embedded ClickHouse is not free; stop what listens there or choose another port: %w", want, err)
			}
			return 0, 0, fmt.Errorf("find a free port for the embedded ClickHouse: %w", err)
		}
		defer func() { _ = l.Close() }()
		if a, ok := l.Addr().(*net.TCPAddr); ok {
			ports[i] = a.Port
		}
	}
	return ports[0], ports[1], nil
}
