// Package service gives the parts of a process one life cycle: components come in, one by one from the sink to the source,
// and a Group stops them the other way round.
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

// Group is the components of a process, in the order in which they were started. It is used from one goroutine.
type Group struct {
	members []member
	failed  chan error
	stop    chan struct{}
}

type member struct {
	name string
	c    Component
}

// NewGroup makes an empty group.
func NewGroup() *Group {
	return &Group{failed: make(chan error, 1), stop: make(chan struct{})}
}

// Start starts a component and makes it the group's. One that does not start is shut down again; the others run on until
// Shutdown.
func (g *Group) Start(ctx context.Context, name string, c Component) error {
	if err := c.Start(ctx); err != nil {
		// What Start left half done is the component's own to clear away.
		_ = c.Shutdown(context.WithoutCancel(ctx))
		return fmt.Errorf("start %s: %w", name, err)
	}
	g.Add(name, c)
	return nil
}

// Add takes in a component that works already.
func (g *Group) Add(name string, c Component) {
	g.members = append(g.members, member{name, c})
	if w, ok := c.(Watched); ok {
		go g.watch(name, w)
	}
}

func (g *Group) watch(name string, w Watched) {
	select {
	case <-w.Failed():
		select {
		case g.failed <- fmt.Errorf("%s: %w", name, w.Err()):
		default: // the first death is the one that explains the others
		}
	case <-g.stop:
	}
}

// Failed receives the reason when a watched component dies, the first one only.
func (g *Group) Failed() <-chan error { return g.failed }

// Stop shuts down the members from the newest to the named one, that one included, and returns all that went wrong.
func (g *Group) Stop(ctx context.Context, name string) error {
	for i, m := range g.members {
		if m.name == name {
			return g.stopFrom(ctx, i)
		}
	}
	return nil
}

// Shutdown stops everything, last first, and returns all that went wrong.
func (g *Group) Shutdown(ctx context.Context) error {
	select {
	case <-g.stop:
	default:
		close(g.stop)
	}
	return g.stopFrom(ctx, 0)
}

func (g *Group) stopFrom(ctx context.Context, first int) error {
	var errs []error
	for len(g.members) > first {
		m := g.members[len(g.members)-1]
		g.members = g.members[:len(g.members)-1]
		if err := m.c.Shutdown(ctx); err != nil {
			errs = append(errs, fmt.Errorf("stop %s: %w", m.name, err))
		}
	}
	return errors.Join(errs...)
}
