// Package process runs programs as children of a test, so that they can be killed: a program and its arguments go in, a
// process with its output, to be ended politely or with kill -9, comes out.
package process

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// EnvChaos is the variable that chaos tests want to be "1".
const EnvChaos = "EARSHOT_CHAOS"

// RequireChaos skips the test unless chaos is asked for, as `make test-chaos` does.
func RequireChaos(t testing.TB) {
	t.Helper()
	if os.Getenv(EnvChaos) != "1" {
		t.Skipf("%s is not 1; run make test-chaos", EnvChaos)
	}
}

// built are the programs of this test process, by package path.
var built = struct {
	sync.Mutex
	programs map[string]*program
}{programs: map[string]*program{}}

type program struct {
	once sync.Once
	path string
	err  error
}

// Build compiles a main package of this module once per test process, such as "./cmd/earshot", seen from the module's root,
// and gives the binary's path.
func Build(t testing.TB, pkg string) string {
	t.Helper()
	built.Lock()
	p := built.programs[pkg]
	if p == nil {
		p = &program{}
		built.programs[pkg] = p
	}
	built.Unlock()
	p.once.Do(func() {
		var dir string
		if dir, p.err = os.MkdirTemp("", "earshot-chaos-"); p.err != nil {
			return
		}
		p.path = filepath.Join(dir, filepath.Base(pkg))
		var root []byte
		if root, p.err = exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.Dir}}").Output(); p.err != nil {
			return
		}
		cmd := exec.CommandContext(t.Context(), "go", "build", "-o", p.path, pkg)
		cmd.Dir = string(bytes.TrimSpace(root))
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := cmd.CombinedOutput(); err != nil {
			p.err = fmt.Errorf("go build %s: %w\n%s", pkg, err, out)
		}
	})
	require.NoError(t, p.err)
	return p.path
}

// Clean removes what Build has made; TestMain calls it at the end.
func Clean() {
	built.Lock()
	defer built.Unlock()
	for _, p := range built.programs {
		if p.path != "" {
			_ = os.RemoveAll(filepath.Dir(p.path))
		}
	}
}

// Process is one run of a program. Its methods are safe for concurrent use.
type Process struct {
	cmd  *exec.Cmd
	done chan struct{}
	err  error // valid once done is closed

	mu  sync.Mutex
	out bytes.Buffer
}

// Write takes the process's output.
func (p *Process) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.out.Write(b)
}

// Start runs a program with more environment ("NAME=value") than the test's own. It dies with the test; when that has
// failed, its output is logged.
func Start(t testing.TB, env []string, path string, args ...string) *Process {
	t.Helper()
	// Not t.Context, which ends before the test's own cleaning up does.
	p := &Process{cmd: exec.CommandContext(context.WithoutCancel(t.Context()), path, args...), done: make(chan struct{})}
	p.cmd.Env = append(os.Environ(), env...)
	p.cmd.Stdout, p.cmd.Stderr = p, p
	require.NoError(t, p.cmd.Start())
	go func() {
		defer close(p.done)
		p.err = p.cmd.Wait()
	}()
	t.Cleanup(func() {
		p.Kill()
		if t.Failed() {
			t.Logf("output of %s (pid %d):\n%s", filepath.Base(path), p.PID(), p.Output())
		}
	})
	return p
}

// PID is the process's number.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Output is what the process has written so far.
func (p *Process) Output() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.out.String()
}

// Done is closed when the process has ended; Err says how.
func (p *Process) Done() <-chan struct{} { return p.done }

// Err is nil when the process has ended with code 0. It is valid once Done is closed.
func (p *Process) Err() error { return p.err }

// Kill ends the process as kill -9 does, and returns when it is gone. A second call does nothing.
func (p *Process) Kill() {
	_ = p.cmd.Process.Signal(syscall.SIGKILL)
	<-p.done
}

// Freeze stops the process where it is, until Thaw.
func (p *Process) Freeze() { _ = p.cmd.Process.Signal(syscall.SIGSTOP) }

// Thaw lets it go on.
func (p *Process) Thaw() { _ = p.cmd.Process.Signal(syscall.SIGCONT) }

// Terminate asks the process to end, as an orchestrator does, and waits for it; after the patience it is killed and the
// test fails.
func (p *Process) Terminate(t testing.TB, patience time.Duration) error {
	t.Helper()
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.done:
		return p.err
	case <-time.After(patience):
		p.Kill()
		t.Fatalf("process %d did not end within %s of SIGTERM", p.PID(), patience)
		return nil
	}
}
