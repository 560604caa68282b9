package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/earshot-rtc/earshot/dashboards/console"
	"github.com/earshot-rtc/earshot/lab"
)

type demoCmd struct {
	labFlags
	Port int `default:"4488" help:"Port of the page; 0 takes a free one."`
}

// Run plays the call and shows it until the duration is over or Ctrl-C.
func (c *demoCmd) Run(ctx context.Context) (err error) {
	top, err := c.load()
	if err != nil {
		return err
	}
	if err := errors.Join(c.writable(), checkPort(ctx, "--port", c.Port)); err != nil {
		return err
	}
	tell := func(format string, args ...any) { fmt.Printf(format+"\n", args...) }
	r, err := c.start(ctx, top, tell)
	if err != nil {
		return err
	}
	defer func() { err = r.end(ctx, err) }()
	if err := c.serve(ctx, r); err != nil {
		return err
	}
	tell("starting the call %q: %d SFUs, %d clients ...", top.Call, len(top.SFUs), len(top.Clients))
	if err := r.play(ctx, c.Seed); err != nil {
		return err
	}
	if err := r.announce(); err != nil {
		return err
	}
	tell("\n  page        %s\n  ClickHouse  %s (native), %s (HTTP), database %s\n  Kafka       %s\n  collector   %s",
		r.Console, r.ClickHouse, r.ClickHouseHTTP, c.Database, r.Kafka, r.Collector)
	return c.watch(ctx, r)
}

func (c *demoCmd) serve(ctx context.Context, r *labRun) error {
	page, err := console.New(console.Config{Listen: loopback(c.Port)},
		console.Dependencies{Query: r.questions, Logger: r.log, Registerer: r.registry, Setting: "--port"})
	if err != nil {
		return err
	}
	if err := r.Start(ctx, "page", page); err != nil {
		return err
	}
	r.Console = page.URL()
	return nil
}

// refresh is how often the table is drawn.
const refresh = time.Second

// watch draws until the end, and then sums up.
func (c *demoCmd) watch(ctx context.Context, r *labRun) error {
	live := newLiveTable(os.Stdout)
	tick := time.NewTicker(refresh)
	defer tick.Stop()
	over := make(<-chan time.Time)
	if c.Duration > 0 {
		over = time.After(time.Until(r.lab.T0().Add(c.Duration)))
	}
	settle := settleTime
loop:
	for {
		select {
		case <-tick.C:
			if err := r.show(ctx, live, c.Duration); err != nil && ctx.Err() == nil {
				return r.because(err)
			}
		case <-over:
			break loop
		case <-ctx.Done():
			settle = settleOnInterrupt
			break loop
		case err := <-r.Failed():
			return failure{err}
		}
	}
	fmt.Println("\nending the call ...")
	// What was asked to stop still has to ask the database: a second Ctrl-C ends it at once.
	again, release := signal.NotifyContext(context.WithoutCancel(ctx), os.Interrupt, syscall.SIGTERM)
	defer release()
	rep, err := r.conclude(again, settle)
	if err != nil {
		return err
	}
	fmt.Println()
	summarize(os.Stdout, rep)
	return c.write(rep)
}

// Settling is waiting for the last windows: one window and the lateness that is allowed, and some room.
const (
	settleTime        = 30 * time.Second
	settleOnInterrupt = 3 * time.Second
)

func (r *labRun) show(ctx context.Context, live *liveTable, duration time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	rows, err := r.latest(ctx)
	if err != nil {
		return err
	}
	now := time.Now()
	live.draw(r.status(now, duration), compare(rows, r.lab.Truth(), now), now)
	return nil
}

func (r *labRun) status(now time.Time, duration time.Duration) string {
	ran := now.Sub(r.lab.T0()).Round(time.Second)
	s := fmt.Sprintf("call %s, %s", r.top.Call, ran)
	if duration > 0 {
		s += fmt.Sprintf(" of %s", duration)
	} else {
		s += ", Ctrl-C ends it"
	}
	s += fmt.Sprintf("; %d samples acknowledged", r.lab.Totals().Acked)
	if events := r.lab.Events(); len(events) > 0 {
		last := events[len(events)-1]
		s += fmt.Sprintf("; %s ago: %s", now.Sub(last.At).Round(time.Second), lab.Describe(last.Event))
	}
	return s
}

// because prefers the death of a component to what others say of its absence.
func (r *labRun) because(err error) error {
	select {
	case dead := <-r.Failed():
		return failure{dead}
	case <-time.After(time.Second):
		return failure{err}
	}
}
