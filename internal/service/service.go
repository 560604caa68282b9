// Package service gives the parts of a process one life cycle: components come in, a Group starts them from the sink back
// to the source and stops them the other way round.
package service

import (
	"context"
	"errors"
	"fmt"
)

// Component is anything with a life: a listener, a consumer, a child process.
type Component interface {
	// Start returns as soon as the component works. The context bounds the start, not the component's life.
	Start(ctx context.Context) error
	// Shutdown stops the component and waits for what it owns, until ctx ends. It may be called without Start, and twice.
	Shutdown(ctx context.Context) error
}

// Watched is a Component that can die of its own accord.
type Watched interface {
	Component
	// Failed is closed when the component has stopped without being asked; Err then says why.
	Failed() <-chan struct{}
	Err() error
}

// Group is an ordered set of components. The zero value is ready to use. It is not safe for concurrent use, except for the
// channel that Failed returns.
type Group struct {
	members []member
	started int
	failed  chan error
	stop    chan struct{}
}

type member struct {
	name string
	c    Component
}

// Add appends a component; sinks come first.
func (g *Group) Add(name string, c Component) {
	g.members = append(g.members, member{name, c})
}

// Start starts the members in order. When one of them does not start, those before it are shut down again.
func (g *Group) Start(ctx context.Context) error {
	g.failed = make(chan error, len(g.members))
	g.stop = make(chan struct{})
	for _, m := range g.members[g.started:] {
		if err := m.c.Start(ctx); err != nil {
			// What Start left half done is the member's own to clear away.
			_ = m.c.Shutdown(context.WithoutCancel(ctx))
			return errors.Join(fmt.Errorf("start %s: %w", m.name, err), g.Shutdown(context.WithoutCancel(ctx)))
		}
		g.started++
		if w, ok := m.c.(Watched); ok {
			go g.watch(m.name, w)
		}
	}
	return nil
}

func (g *Group) watch(name string, w Watched) {
	select {
	case <-w.Failed():
		g.failed <- fmt.Errorf("%s: %w", name, w.Err())
	case <-g.stop:
	}
}

// Failed receives the reason when a watched member dies. It is valid after Start.
func (g *Group) Failed() <-chan error { return g.failed }

// Shutdown stops what was started, last first, and returns all that went wrong.
func (g *Group) Shutdown(ctx context.Context) error {
	if g.stop != nil {
		close(g.stop)
		g.stop = nil
	}
	var errs []error
	for g.started > 0 {
		g.started--
		m := g.members[g.started]
		if err := m.c.Shutdown(ctx); err != nil {
			errs = append(errs, fmt.Errorf("stop %s: %w", m.name, err))
		}
	}
	return errors.Join(errs...)
}
