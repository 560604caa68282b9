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
	l, err := listen(ctx, s.cfg.Port)
	if err != nil {
		return nil, err
	}
	for range launchTries {
		var native, httpPort int
		if native, httpPort, err = choosePorts(ctx, s.cfg.HTTPPort); err != nil {
			break
		}
		var p *process
		p, err = startProcess(ctx, launchSpec{
			lib: lib, dir: dir, temporary: temporary, port: native, httpPort: httpPort, maxMemory: s.cfg.MaxMemory,
			name: "earshot-" + rand.Text(),
		})
		if err != nil {
			break
		}
		if err = p.awaitReady(ctx); err == nil {
			p.gate = newGate(l, address(native), address(httpPort))
			return p, nil
		}
		p.kill()
		if !errors.Is(err, errPortTaken) {
			break
		}
	}
	return nil, errors.Join(fmt.Errorf("the embedded ClickHouse did not start: %w", err), l.Close())
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

// listen opens the port that clients see; 0 means a free one.
func listen(ctx context.Context, port int) (net.Listener, error) {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp4", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil && port != 0 {
		return nil, fmt.Errorf("port %d for the embedded ClickHouse is not free; stop what listens there or choose another port: %w", port, err)
	}
	return l, err
}

// choosePorts finds a free port for the engine's native protocol, which only the gate uses, and one for HTTP where none is
// given. Both are held while choosing, so that they differ, and given back for the engine to take.
func choosePorts(ctx context.Context, httpPort int) (native, http int, err error) {
	var ports [2]int
	for i, want := range []int{0, httpPort} {
		l, err := listen(ctx, want)
		if err != nil {
			return 0, 0, err
		}
		defer func() { _ = l.Close() }()
		ports[i] = portOf(l)
	}
	return ports[0], ports[1], nil
}

func portOf(l net.Listener) int {
	if a, ok := l.Addr().(*net.TCPAddr); ok {
		return a.Port
	}
	return 0
}
