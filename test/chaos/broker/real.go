package broker

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/stretchr/testify/require"
)

// Real is the broker that test/kafka/run.sh has started. It is for one goroutine.
type Real struct {
	t       testing.TB
	addr    string
	program string
}

// RequireReal gives that broker, or skips the test where there is none.
func RequireReal(t testing.TB) *Real {
	t.Helper()
	r := &Real{t: t, addr: os.Getenv("EARSHOT_TEST_KAFKA"), program: os.Getenv("EARSHOT_TEST_KAFKA_BROKER")}
	if r.addr == "" || r.program == "" {
		t.Skip("no real Kafka; run this with test/kafka/run.sh")
	}
	return r
}

// Addr is host:port, whether the broker runs or not.
func (r *Real) Addr() string { return r.addr }

// Kill ends the broker as kill -9 does.
func (r *Real) Kill() { r.end(syscall.SIGKILL, 10*time.Second) }

// Stop ends the broker in order.
func (r *Real) Stop() { r.end(syscall.SIGTERM, time.Minute) }

// Freeze makes the broker hang: connections stay, and nothing answers.
func (r *Real) Freeze() { r.signal(syscall.SIGSTOP) }

// Thaw ends Freeze.
func (r *Real) Thaw() { r.signal(syscall.SIGCONT) }

func (r *Real) signal(s syscall.Signal) {
	r.t.Helper()
	require.NoError(r.t, syscall.Kill(r.pid(), s))
}

func (r *Real) pid() int {
	data, err := os.ReadFile(r.program + ".pid")
	require.NoError(r.t, err)
	pid, err := strconv.Atoi(string(bytes.TrimSpace(data)))
	require.NoError(r.t, err)
	return pid
}

func (r *Real) end(s syscall.Signal, patience time.Duration) {
	r.t.Helper()
	pid := r.pid()
	require.NoError(r.t, syscall.Kill(pid, s))
	require.Eventually(r.t, func() bool {
		// One that nobody waits for stays as a zombie, which has no command line.
		line, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/cmdline")
		return err != nil || len(line) == 0
	}, patience, 20*time.Millisecond, "the broker does not end")
}

// Start runs the broker again, with what it had, and waits until it answers. It outlives the test: run.sh ends it.
func (r *Real) Start() {
	r.t.Helper()
	cmd := exec.CommandContext(context.WithoutCancel(r.t.Context()), r.program)
	require.NoError(r.t, cmd.Start())
	go func() { _ = cmd.Wait() }()
	r.WaitReady()
}

// WaitReady waits until the broker answers.
func (r *Real) WaitReady() {
	r.t.Helper()
	require.Eventually(r.t, func() bool {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		conn, err := (&kafka.Dialer{}).DialContext(ctx, "tcp", r.addr)
		if err != nil {
			return false
		}
		defer conn.Close() //nolint:errcheck // only a look
		_ = conn.SetDeadline(time.Now().Add(time.Second))
		_, err = conn.ReadPartitions()
		return err == nil
	}, 5*time.Minute, 100*time.Millisecond, "the broker does not answer")
}
