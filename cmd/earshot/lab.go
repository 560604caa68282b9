package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"
)

type labCmd struct {
	Run   labRunCmd   `cmd:"" help:"Play a call through the pipeline and compare what comes out with the truth."`
	Table labTableCmd `cmd:"" help:"Print reports of lab run as a table in Markdown."`
}

type labRunCmd struct{ labFlags }

// defaultLabDuration is long enough for every event of the topologies that come along.
const defaultLabDuration = time.Minute

// Run plays the call for its duration and prints how right the results are.
func (c *labRunCmd) Run(ctx context.Context) (err error) {
	if c.Topology == "" {
		return errors.New("no call is named; give --topology FILE, such as lab/topologies/line-4.yaml")
	}
	top, err := c.load()
	if err != nil {
		return err
	}
	if err := c.writable(); err != nil {
		return err
	}
	if c.Duration == 0 {
		c.Duration = defaultLabDuration
	}
	tell := func(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) }
	r, err := c.start(ctx, top, tell)
	if err != nil {
		return err
	}
	defer func() { err = r.end(ctx, err) }()
	if err := r.play(ctx, c.Seed); err != nil {
		return err
	}
	if err := r.announce(); err != nil {
		return err
	}
	tell("playing %q for %s ...", top.Name, c.Duration)
	if err := r.observe(ctx, c.Duration); err != nil {
		return err
	}
	rep, err := r.conclude(context.WithoutCancel(ctx), settleTime)
	if err != nil {
		return err
	}
	summarize(os.Stdout, rep)
	return c.write(rep)
}

// observe waits for the end of the call and looks now and then at what can be read, to know when a path first showed.
func (r *labRun) observe(ctx context.Context, d time.Duration) error {
	over := time.After(time.Until(r.lab.T0().Add(d)))
	tick := time.NewTicker(500 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			if _, err := r.latest(ctx); err != nil && ctx.Err() == nil {
				return r.because(err)
			}
		case <-over:
			return nil
		case <-ctx.Done():
			return failure{errors.New("interrupted; nothing was compared")}
		case err := <-r.Failed():
			return failure{err}
		}
	}
}
