package processor_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/earshot-rtc/earshot/internal/clickhouse"
	engine "github.com/earshot-rtc/earshot/internal/embedded/clickhouse"
	"github.com/earshot-rtc/earshot/test/chaos/broker"
	"github.com/earshot-rtc/earshot/test/chaos/process"
)

// store is a ClickHouse in a process of its own that can be killed: its data and its ports stay.
type store struct {
	t      *testing.T
	cfg    engine.Config
	server *engine.Server
}

func newStore(t *testing.T) *store {
	s := &store{t: t, cfg: engine.Config{DataDir: t.TempDir(), Port: broker.FreePort(t), HTTPPort: broker.FreePort(t), StartTimeout: 5 * time.Minute}}
	s.start()
	t.Cleanup(func() { _ = s.server.Shutdown(context.Background()) }) // a busy host may have to kill it
	return s
}

func (s *store) addr() string { return fmt.Sprintf("127.0.0.1:%d", s.cfg.Port) }

func (s *store) start() {
	s.t.Helper()
	var err error
	s.server, err = engine.New(s.cfg, engine.Dependencies{})
	require.NoError(s.t, err)
	require.NoError(s.t, s.server.Start(context.Background()))
}

// kill ends the engine as kill -9 does.
func (s *store) kill() {
	s.t.Helper()
	require.NoError(s.t, syscall.Kill(s.server.PID(), syscall.SIGKILL))
	<-s.server.Failed()
	_ = s.server.Shutdown(context.Background()) // frees the ports
}

func (s *store) open(database string) *clickhouse.DB {
	s.t.Helper()
	db, err := clickhouse.Open(clickhouse.Config{Addr: []string{s.addr()}, Database: database})
	require.NoError(s.t, err)
	s.t.Cleanup(func() { _ = db.Close() })
	return db
}

// group is what the processors of one consumer group share: their configuration. They write to a database of that name.
type group struct {
	t      *testing.T
	name   string
	config string
	ends   int // processors that ended by themselves
	output strings.Builder
}

func newGroup(t *testing.T, name, brokers, topic, dead, clickhouse string) *group {
	g := &group{t: t, name: name, config: filepath.Join(t.TempDir(), name+".yaml")}
	require.NoError(t, os.WriteFile(g.config, fmt.Appendf(nil, `
log: {level: info}
clickhouse: {addr: [%q], database: %s}
processor:
  brokers: [%q]
  group: %s
  topic: %s
  dead_topic: %s
  window: 2s
  lateness: 4s
  replay: %s
  settle: 1s
  session: 3s
  flush: {rows: 10000, every: 1s}
  retry: {attempts: 3, timeout: 60s, backoff: 50ms, backoff_max: 1s}
`, clickhouse, name, brokers, name, topic, dead, replay), 0o600))
	return g
}

// replay is short, so that calls of some minutes are longer by far.
const replay = time.Minute

// member is `earshot processor`, as users run it; it is started again when it ends, as a supervisor does.
type member struct {
	g     *group
	child *process.Process
	since time.Time
}

func (g *group) join() *member {
	g.t.Helper()
	return &member{
		g: g, since: time.Now(),
		child: process.Start(g.t, nil, process.Build(g.t, "./cmd/earshot"), "processor", "--config", g.config),
	}
}

// revive starts the processor again where it has ended by itself, as one does that finds no broker when it starts.
func (m *member) revive() {
	select {
	case <-m.child.Done():
	default:
		return
	}
	if time.Since(m.since) < 500*time.Millisecond {
		return
	}
	m.g.ends++
	m.g.output.WriteString(m.child.Output())
	*m = *m.g.join()
}

func (m *member) kill() {
	m.child.Kill()
	m.g.output.WriteString(m.child.Output())
}

func (m *member) leave() {
	m.g.t.Helper()
	_ = m.child.Terminate(m.g.t, 2*time.Minute)
	m.g.output.WriteString(m.child.Output())
}

// said counts a message in the logs of processors that have ended.
func (g *group) said(message string) int { return strings.Count(g.output.String(), message) }
