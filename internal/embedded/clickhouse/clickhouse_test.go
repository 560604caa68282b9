package clickhouse_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	client "github.com/earshot-rtc/earshot/internal/clickhouse"
	"github.com/earshot-rtc/earshot/internal/embedded/clickhouse"
)

func TestMain(m *testing.M) {
	clickhouse.RunChildIfAsked()
	runParentIfAsked()
	goleak.VerifyTestMain(m)
}

// needEngine skips where the engine is not installed, except in CI, which must not pass without it.
func needEngine(t testing.TB) {
	t.Helper()
	if _, err := clickhouse.Find(); errors.Is(err, clickhouse.ErrNotFound) && os.Getenv("CI") != "true" {
		t.Skip(err)
	} else {
		require.NoError(t, err)
	}
}

func start(t *testing.T, cfg clickhouse.Config) *clickhouse.Server {
	t.Helper()
	needEngine(t)
	s, err := clickhouse.New(cfg, clickhouse.Dependencies{})
	require.NoError(t, err)
	require.NoError(t, s.Start(t.Context()))
	t.Cleanup(func() { require.NoError(t, s.Shutdown(context.Background())) })
	return s
}

func open(t *testing.T, addr string) *client.DB {
	t.Helper()
	db, err := client.Open(client.Config{Addr: []string{addr}, Database: "default"})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return db
}

func TestServerAnswersOverNativeProtocolAndLeavesNothingBehind(t *testing.T) {
	needEngine(t)
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	s, err := clickhouse.New(clickhouse.Config{}, clickhouse.Dependencies{})
	require.NoError(t, err)
	require.NoError(t, s.Start(t.Context()))
	db := open(t, s.Addr())
	require.NoError(t, db.Ping(t.Context()))
	conn, err := net.Dial("tcp", s.HTTPAddr())
	require.NoError(t, err)
	require.NoError(t, conn.Close())
	pid := s.PID()

	require.NoError(t, s.Shutdown(t.Context()))
	require.NoError(t, s.Shutdown(t.Context()), "a second Shutdown does nothing")
	require.ErrorIs(t, syscall.Kill(pid, 0), syscall.ESRCH, "the child has ended")
	entries, err := os.ReadDir(temp)
	require.NoError(t, err)
	require.Empty(t, entries, "the temporary data is gone")
	require.NoError(t, s.Err())
	require.ErrorIs(t, db.Ping(t.Context()), client.ErrUnavailable)
}

func TestShutdownWithoutStartDoesNothing(t *testing.T) {
	s, err := clickhouse.New(clickhouse.Config{}, clickhouse.Dependencies{})
	require.NoError(t, err)
	require.NoError(t, s.Shutdown(t.Context()))
}

func TestAcknowledgedRowsSurviveARestartAndAKill(t *testing.T) {
	needEngine(t)
	dir := t.TempDir()
	s := start(t, clickhouse.Config{DataDir: dir})
	db := open(t, s.Addr())
	require.NoError(t, db.Exec(t.Context(), "CREATE TABLE kept (n UInt64) ENGINE = MergeTree ORDER BY n", nil))
	require.NoError(t, db.Insert(t.Context(), "kept", "", []client.Column{{Name: "n", Values: []uint64{1}}}))
	require.NoError(t, s.Shutdown(t.Context()))

	s = start(t, clickhouse.Config{DataDir: dir})
	db = open(t, s.Addr())
	require.NoError(t, db.Insert(t.Context(), "kept", "", []client.Column{{Name: "n", Values: []uint64{2}}}))
	require.NoError(t, syscall.Kill(s.PID(), syscall.SIGKILL))
	<-s.Failed()
	require.NoError(t, s.Shutdown(t.Context()))

	s = start(t, clickhouse.Config{DataDir: dir})
	rows, err := client.Select[struct {
		N uint64 `ch:"n"`
	}](t.Context(), open(t, s.Addr()), "SELECT n FROM kept ORDER BY n", nil)
	require.NoError(t, err)
	require.Len(t, rows, 2)
}

func TestKilledChildIsReportedAtOnce(t *testing.T) {
	s := start(t, clickhouse.Config{})
	select {
	case <-s.Failed():
		t.Fatal("failed before it was killed")
	default:
	}
	require.NoError(t, syscall.Kill(s.PID(), syscall.SIGKILL))
	select {
	case <-s.Failed():
	case <-time.After(5 * time.Second):
		t.Fatal("nobody noticed")
	}
	require.ErrorContains(t, s.Err(), "ended unexpectedly: signal: killed")
}

func TestCrashIsReportedWithTheLastWords(t *testing.T) {
	s := start(t, clickhouse.Config{})
	// SIGQUIT makes the Go runtime of the child print where it is, as a crash would.
	require.NoError(t, syscall.Kill(s.PID(), syscall.SIGQUIT))
	<-s.Failed()
	require.ErrorContains(t, s.Err(), "SIGQUIT")
	require.NotContains(t, s.Err().Error(), "\ngoroutine ")
}

func TestTerminalSignalsDoNotEndTheChild(t *testing.T) {
	s := start(t, clickhouse.Config{})
	for _, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP} {
		require.NoError(t, syscall.Kill(s.PID(), sig))
	}
	require.NoError(t, open(t, s.Addr()).Ping(t.Context()))
	require.NoError(t, s.Err())
}

func TestStartRefusesWithAClearSentence(t *testing.T) {
	running := start(t, clickhouse.Config{DataDir: t.TempDir() + "/data"})
	_, port, err := net.SplitHostPort(running.Addr())
	require.NoError(t, err)
	taken, err := strconv.Atoi(port)
	require.NoError(t, err)
	inUse := t.TempDir()
	start(t, clickhouse.Config{DataDir: inUse})
	file := t.TempDir() + "/file"
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	fake := t.TempDir() + "/libchdb.so"
	require.NoError(t, os.WriteFile(fake, []byte("not a library"), 0o600))

	for name, c := range map[string]struct {
		cfg  clickhouse.Config
		want []string
	}{
		"port in use":           {clickhouse.Config{Port: taken}, []string{"port " + port, "choose another port"}},
		"data directory in use": {clickhouse.Config{DataDir: inUse}, []string{inUse, "in use by another server"}},
		"data directory a file": {clickhouse.Config{DataDir: file}, []string{file}},
		"no such library":       {clickhouse.Config{LibPath: "/no/such/lib.so"}, []string{"/no/such/lib.so"}},
		"not a library":         {clickhouse.Config{LibPath: fake}, []string{fake, "did not start"}},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := clickhouse.New(c.cfg, clickhouse.Dependencies{})
			require.NoError(t, err)
			err = s.Start(t.Context())
			for _, want := range c.want {
				require.ErrorContains(t, err, want)
			}
			require.NoError(t, s.Shutdown(t.Context()))
		})
	}
}

const envParent = "EARSHOT_TEST_PARENT"

// runParentIfAsked turns this process into one that starts a server and waits to be killed.
func runParentIfAsked() {
	if os.Getenv(envParent) == "" {
		return
	}
	_ = os.Unsetenv(envParent)
	s, err := clickhouse.New(clickhouse.Config{}, clickhouse.Dependencies{})
	if err == nil {
		err = s.Start(context.Background())
	}
	fmt.Println(s.PID(), err)
	select {}
}

func TestChildEndsWhenTheParentIsKilled(t *testing.T) {
	needEngine(t)
	temp := t.TempDir()
	parent := exec.Command(os.Args[0])
	parent.Env = append(os.Environ(), envParent+"=1", "TMPDIR="+temp)
	out, err := parent.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, parent.Start())
	var pid int
	var result string
	_, err = fmt.Fscanln(out, &pid, &result)
	require.NoError(t, err)
	require.Equal(t, "<nil>", result)
	require.NoError(t, syscall.Kill(pid, 0), "the child runs")

	require.NoError(t, parent.Process.Kill())
	require.Error(t, parent.Wait())
	require.Eventually(t, func() bool {
		state, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		return err != nil || strings.Contains(string(state), ") Z ")
	}, 20*time.Second, 20*time.Millisecond, "the child is still there")
	entries, err := os.ReadDir(temp)
	require.NoError(t, err)
	require.Empty(t, entries, "the temporary data is gone")
}
