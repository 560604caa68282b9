// Package child plays a laboratory call in a process of its own: a topology goes into the child over its standard input,
// and instants of events and totals come back, of which the truth is kept here as package lab would.
//
// Clients and SFUs stand for machines far away, which do not share a processor with the pipeline that measures them. In one
// process with it, every burst of the pipeline's own work would hold up their packets, and the round trips it then finds are
// really longer: by some milliseconds on two cores. A child is scheduled by the kernel, and asks it for real-time priority;
// where that is not permitted it goes without.
package child

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/earshot-rtc/earshot/lab"
	"github.com/earshot-rtc/earshot/lab/plan"
	"github.com/earshot-rtc/earshot/lab/truth"
)

// Dependencies are what a Lab is given. All may be nil.
type Dependencies struct {
	Logger     *slog.Logger
	Registerer prometheus.Registerer
}

// Lab is a call in a process of its own. It is a service.Watched, and has what a lab.Lab has to ask for.
type Lab struct {
	cfg      lab.Config
	log      *slog.Logger
	timeline *truth.Timeline
	metrics  *lab.Metrics

	failed  chan struct{} // closed when the child has ended without being asked
	ended   chan struct{} // closed when the child has ended
	started chan error    // receives what became of the start, once

	mu       sync.Mutex
	state    *plan.State
	cmd      *exec.Cmd
	stdin    io.WriteCloser
	t0       time.Time
	applied  []lab.Applied
	totals   lab.Totals
	stopping bool
	err      error
}

// New prepares a call; the process starts with Start.
func New(cfg lab.Config, deps Dependencies) (*Lab, error) {
	if cfg.Topology == nil {
		return nil, errors.New("lab: Config.Topology is not set")
	}
	if deps.Logger == nil {
		deps.Logger = slog.New(slog.DiscardHandler)
	}
	l := &Lab{
		cfg: cfg, log: deps.Logger, timeline: truth.New(), state: plan.New(cfg.Topology),
		failed: make(chan struct{}), ended: make(chan struct{}), started: make(chan error, 1),
	}
	var err error
	l.metrics, err = lab.NewMetrics(l.Totals, deps.Registerer)
	return l, err
}

// Start starts the process and returns when the call has begun. The program must have RunIfAsked at its top.
func (l *Lab) Start(ctx context.Context) error {
	if err := l.launch(ctx); err != nil {
		return err
	}
	select {
	case err := <-l.started:
		return err
	case <-ctx.Done():
		return fmt.Errorf("start the lab: %w", ctx.Err())
	}
}

func (l *Lab) launch(ctx context.Context) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.cmd != nil || l.stopping {
		return errors.New("lab: started before")
	}
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("start the lab: %w", err)
	}
	// The process outlives the context of its start; Shutdown ends it.
	cmd := exec.CommandContext(context.WithoutCancel(ctx), self)
	cmd.Env = append(os.Environ(), asked+"=1")
	stderr := &tail{log: l.log}
	cmd.Stderr = stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return fmt.Errorf("start the lab: %w", err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return fmt.Errorf("start the lab: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start the lab: %w", err)
	}
	l.cmd, l.stdin = cmd, stdin
	go l.follow(stdout, stderr)
	if err := json.NewEncoder(stdin).Encode(setup{Config: l.cfg}); err != nil {
		return fmt.Errorf("start the lab: %w", err)
	}
	return nil
}

// follow takes in what the child says until it ends.
func (l *Lab) follow(stdout io.Reader, stderr *tail) {
	defer close(l.ended)
	lines := bufio.NewScanner(stdout)
	lines.Buffer(nil, maxMessage)
	for lines.Scan() {
		var m message
		if err := json.Unmarshal(lines.Bytes(), &m); err != nil {
			l.log.Warn("lab: not a message", "error", err)
			continue
		}
		l.take(m)
	}
	// Whatever comes after a line that is too long is of no use, but has to be read for the child to end.
	_, _ = io.Copy(io.Discard, stdout)
	err := l.cmd.Wait()
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.stopping {
		return
	}
	if err == nil {
		err = errors.New("ended by itself")
	}
	l.err = fmt.Errorf("the lab's process: %w%s", err, stderr)
	select {
	case l.started <- l.err:
	default:
	}
	l.timeline.End(time.Now())
	close(l.failed)
}

// take takes in one message.
func (l *Lab) take(m message) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case m.Started != nil:
		l.t0 = *m.Started
		l.timeline.Record(l.t0, l.state)
		l.log.Debug("lab: started", "priority", m.Priority)
		l.started <- nil
	case m.Applied != nil:
		l.state.Apply(m.Applied.Event)
		l.timeline.Record(m.Applied.At, l.state)
		l.applied = append(l.applied, *m.Applied)
		l.log.Info("lab event", "event", lab.Describe(m.Applied.Event))
	case m.Ended != nil:
		l.timeline.End(*m.Ended)
	case m.Totals != nil:
		l.totals = *m.Totals
	case m.Error != "":
		l.log.Warn("lab: " + m.Error)
	}
}

// Shutdown ends the call: probes take a last sample and wait, until ctx ends, for it to be acknowledged. Then the process
// ends; one that does not is killed.
func (l *Lab) Shutdown(ctx context.Context) error {
	l.mu.Lock()
	l.stopping = true
	cmd, stdin := l.cmd, l.stdin
	l.stdin = nil
	l.mu.Unlock()
	l.metrics.Unregister()
	if cmd == nil {
		return nil
	}
	if stdin != nil {
		within := defaultFlush
		if deadline, ok := ctx.Deadline(); ok {
			within = time.Until(deadline)
		}
		// A child that does not read any more is waited for all the same.
		_ = json.NewEncoder(stdin).Encode(stop{Within: within})
		_ = stdin.Close()
	}
	grace := time.NewTimer(defaultFlush + killAfter)
	defer grace.Stop()
	select {
	case <-l.ended:
		return nil
	case <-ctx.Done():
	case <-grace.C:
	}
	select {
	case <-l.ended:
		return nil
	case <-time.After(killAfter):
		err := cmd.Process.Kill()
		<-l.ended
		return errors.Join(errors.New("the lab's process did not end in time and was killed"), err)
	}
}

// Failed is closed when the process has ended without being asked; Err then says why.
func (l *Lab) Failed() <-chan struct{} { return l.failed }

// Err says why the process has ended.
func (l *Lab) Err() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.err
}

// T0 is when the call started; event times count from it. It is zero before Start.
func (l *Lab) T0() time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.t0
}

// Truth is what is true of the call.
func (l *Lab) Truth() *truth.Timeline { return l.timeline }

// Events gives what has happened so far, with the instants at which it was put into effect.
func (l *Lab) Events() []lab.Applied {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]lab.Applied(nil), l.applied...)
}

// Totals of all probes there were, no older than half a second.
func (l *Lab) Totals() lab.Totals {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.totals
}

// tail logs what the child writes to its standard error, and keeps the end of it for the message about its death.
type tail struct {
	log *slog.Logger
	mu  sync.Mutex
	end []byte
}

const tailBytes = 2000

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.end = append(t.end, p...)
	if over := len(t.end) - tailBytes; over > 0 {
		t.end = append([]byte(nil), t.end[over:]...)
	}
	t.log.Warn("lab", "said", string(bytes.TrimSpace(p))) // it says only what is worth a warning
	return len(p), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	if end := bytes.TrimSpace(t.end); len(end) > 0 {
		return "; it said last: " + string(end)
	}
	return ""
}
