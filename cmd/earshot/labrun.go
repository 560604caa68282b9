package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/earshot-rtc/earshot/dashboards/query"
	"github.com/earshot-rtc/earshot/internal/clickhouse"
	"github.com/earshot-rtc/earshot/lab"
	"github.com/earshot-rtc/earshot/lab/child"
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
	lab       *child.Lab
	questions *query.Service
	seen      map[string]time.Time // when a window could first be read
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
	r := &labRun{stack: s, top: top, questions: questions(s.db), seen: map[string]time.Time{}}
	if f.ClickHouse == "" {
		if err := r.forget(ctx); err != nil {
			return nil, errors.Join(err, s.close(context.WithoutCancel(ctx)))
		}
	}
	return r, nil
}

// forget removes what an earlier run of the same call has left in the embedded ClickHouse, so that tables and pages show
// one run and not a mixture.
func (r *labRun) forget(ctx context.Context) error {
	for _, t := range []string{"samples", "streams", "events", "hops", "e2e", "peers", "participants", "calls"} {
		err := r.db.Exec(ctx, "DELETE FROM "+t+" WHERE call_id = {call:String}", clickhouse.Params{"call": r.top.Call})
		if err != nil {
			return fmt.Errorf("remove an earlier run of call %q: %w", r.top.Call, err)
		}
	}
	// What other calls were like is nothing to compare this one with, even where their SFUs have the same names.
	for _, t := range []string{"observations", "regressions"} {
		if err := r.db.Exec(ctx, "TRUNCATE TABLE "+t, nil); err != nil {
			return fmt.Errorf("remove what an earlier run has found: %w", err)
		}
	}
	return nil
}

// play starts the call.
func (r *labRun) play(ctx context.Context, seed uint64) error {
	l, err := child.New(lab.Config{
		Topology: r.top, CollectorURL: "ws://" + r.Collector + "/v1/stream", Seed: seed,
	}, child.Dependencies{Logger: r.log, Registerer: r.registry})
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

// latest is the newest window of every path; none is no error. It notes when it sees one for the first time.
func (r *labRun) latest(ctx context.Context) ([]query.E2ERow, error) {
	rows, err := r.rows(r.questions.PathsNow(ctx, query.E2EQuery{Range: r.asked(), CallID: r.top.Call}))
	now := time.Now()
	for i := range rows {
		if key := seenKey(&rows[i]); r.seen[key].IsZero() {
			r.seen[key] = now
		}
	}
	return rows, err
}

func seenKey(r *query.E2ERow) string {
	return fmt.Sprintf("%d %q %q %s %q", r.WindowStart.UnixMilli(), r.PublisherID, r.SubscriberID, r.Kind, r.SFUPath)
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

// finish ends the call and waits until everything that was sent has become rows and the last windows have closed, but no
// longer than settle.
func (r *labRun) finish(ctx context.Context, settle time.Duration) error {
	end := time.Now()
	ctx, cancel := context.WithTimeout(ctx, settle)
	defer cancel()
	if err := r.Stop(ctx, "lab"); err != nil {
		r.log.Warn("stop the lab", "error", err)
	}
	// The windows that the end of the call cut short are of no interest.
	last := end.Add(-r.window).Truncate(r.window)
	for {
		done, err := r.settled(ctx, last)
		if done {
			return nil
		}
		if err != nil && ctx.Err() == nil {
			return r.because(err)
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

// settled says whether all samples are stored and a window that began at last, or later, has closed.
func (r *labRun) settled(ctx context.Context, last time.Time) (bool, error) {
	stored, err := r.stored(ctx)
	if err != nil || stored.Samples < r.lab.Totals().Acked {
		return false, err
	}
	rows, err := r.latest(ctx)
	for i := range rows {
		if !rows[i].WindowStart.Before(last) {
			return true, err
		}
	}
	return false, err
}

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
