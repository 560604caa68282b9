package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/earshot-rtc/earshot/dashboards/query"
	"github.com/earshot-rtc/earshot/lab"
	"github.com/earshot-rtc/earshot/lab/topologies"
	"github.com/earshot-rtc/earshot/lab/topology"
)

// labFlags say which call to play, for how long, and where the outcome goes.
type labFlags struct {
	stackFlags
	Topology string        `placeholder:"FILE" help:"The call to play, YAML. Default: the demo's, three SFUs and five clients."`
	Duration time.Duration `placeholder:"D" help:"How long to run, such as 60s."`
	JSON     string        `name:"json" placeholder:"FILE" help:"Write the outcome, compared with the truth, to this file."`
	Seed     uint64        `default:"1" help:"Decides jitter, loss and packet sizes."`
}

// labRun is a call that runs through a pipeline of its own.
type labRun struct {
	*stack
	top       *topology.Topology
	lab       *lab.Lab
	questions *query.Service
}

func (f *labFlags) load() (*topology.Topology, error) {
	if f.Duration < 0 {
		return nil, fmt.Errorf("--duration %s is negative; give one like 60s", f.Duration)
	}
	if f.Topology == "" {
		return topology.Parse("demo.yaml", topologies.Demo)
	}
	return topology.Load(f.Topology)
}

// start brings up the pipeline; the call itself starts with play.
func (f *labFlags) start(ctx context.Context, top *topology.Topology, tell say) (*labRun, error) {
	s, err := f.stackFlags.start(ctx, tell)
	if err != nil {
		return nil, err
	}
	return &labRun{stack: s, top: top, questions: questions(s.db)}, nil
}

// play starts the call.
func (r *labRun) play(ctx context.Context, seed uint64) error {
	l, err := lab.New(lab.Config{
		Topology: r.top, CollectorURL: "ws://" + r.Collector + "/v1/stream", Seed: seed,
	}, lab.Dependencies{Logger: r.log, Registerer: r.registry})
	if err != nil {
		return err
	}
	r.lab = l
	return r.Start(ctx, "lab", l)
}

// asked is the span of time that concerns this run. A window that began before it has nothing to say of it.
func (r *labRun) asked() query.Range {
	return query.Range{From: r.lab.T0(), To: time.Now().Add(time.Minute)}
}

// latest is the newest window of every path; none is no error.
func (r *labRun) latest(ctx context.Context) ([]query.E2ERow, error) {
	return r.rows(r.questions.PathsNow(ctx, query.E2EQuery{Range: r.asked(), CallID: r.top.Call}))
}

// all are the windows that began in this run.
func (r *labRun) all(ctx context.Context) ([]query.E2ERow, error) {
	return r.rows(r.questions.E2E(ctx, query.E2EQuery{Range: r.asked(), CallID: r.top.Call, Limit: query.MaxRows}))
}

func (r *labRun) rows(rows []query.E2ERow, err error) ([]query.E2ERow, error) {
	if errors.As(err, new(*query.NotFoundError)) {
		return nil, nil
	}
	return rows, err
}

// finish ends the call and waits until everything that was sent has become rows, and the last windows have closed.
func (r *labRun) finish(ctx context.Context) error {
	end := time.Now()
	stopping, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	if err := r.Stop(stopping, "lab"); err != nil {
		r.log.Warn("stop the lab", "error", err)
	}
	// The windows that the end of the call cut short are of no interest.
	last := end.Add(-windowLength).Truncate(windowLength)
	for {
		stored, err := r.stored(ctx)
		if err != nil {
			return err
		}
		rows, err := r.latest(ctx)
		if err != nil {
			return err
		}
		closed := false
		for _, row := range rows {
			closed = closed || !row.WindowStart.Before(last)
		}
		if closed && stored.Samples >= r.lab.Totals().Acked {
			return nil
		}
		select {
		case <-time.After(200 * time.Millisecond):
		case <-ctx.Done():
			return nil // the report tells what is missing
		case err := <-r.Failed():
			return failure{err}
		}
	}
}

// windowLength is the processor's default.
const windowLength = 5 * time.Second

func (r *labRun) stored(ctx context.Context) (query.Stored, error) {
	return r.questions.SamplesStored(ctx, query.SamplesQuery{Range: r.asked(), CallID: r.top.Call})
}

// end closes everything after what err says. Where a component has died the others cannot finish what they do, so they
// are not waited for, and what they say of it explains nothing.
func (r *labRun) end(ctx context.Context, err error) error {
	ctx = context.WithoutCancel(ctx)
	if !errors.As(err, new(failure)) {
		return errors.Join(err, r.close(ctx))
	}
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	_ = r.close(ctx)
	return err
}
