package main

import (
	"context"
	"io"
	"time"

	"github.com/earshot-rtc/earshot/dashboards/query"
	"github.com/earshot-rtc/earshot/dashboards/query/table"
)

// callFlag names the call that is asked about.
type callFlag struct {
	Call string `required:"" placeholder:"ID" help:"Which call."`
}

type e2eCmd struct {
	askFlags
	callFlag
	kindFlag
	Participant string `placeholder:"ID" help:"Only paths from or to this client."`
	Now         bool   `help:"Only the latest window of every path."`
	Limit       int    `placeholder:"N" help:"At most so many windows."`
}

// Run asks and prints.
func (c *e2eCmd) Run(ctx context.Context) error {
	return c.run(ctx, c.Now)
}

func (c *e2eCmd) run(ctx context.Context, now bool) error {
	print := func(print func(io.Writer, string, []query.E2ERow) error) func(io.Writer, []query.E2ERow) error {
		return func(w io.Writer, rows []query.E2ERow) error { return print(w, c.Call, rows) }
	}
	return showAs(ctx, &c.askFlags, func(ctx context.Context, s *query.Service, r query.Range) ([]query.E2ERow, error) {
		q := query.E2EQuery{Range: r, CallID: c.Call, Participant: c.Participant, Kind: c.kind(), Limit: c.Limit}
		if now {
			return s.PathsNow(ctx, q)
		}
		return s.E2E(ctx, q)
	}, print(table.E2E), print(table.E2EJSON))
}

type pathsCmd struct {
	e2eCmd
}

// Run asks and prints.
func (c *pathsCmd) Run(ctx context.Context) error { return c.run(ctx, true) }

type callCmd struct {
	askFlags
	callFlag
}

// Run asks and prints.
func (c *callCmd) Run(ctx context.Context) error {
	return show(ctx, &c.askFlags, func(ctx context.Context, s *query.Service, r query.Range) (*query.Overview, error) {
		return s.CallOverview(ctx, query.CallQuery{Range: r, CallID: c.Call})
	}, table.Overview)
}

type participantsCmd struct {
	askFlags
	callFlag
	Client string `placeholder:"ID" help:"Only this one."`
}

// Run asks and prints.
func (c *participantsCmd) Run(ctx context.Context) error {
	return showList(ctx, &c.askFlags, "participants", func(ctx context.Context, s *query.Service, r query.Range) ([]query.Participant, error) {
		return s.Participants(ctx, query.ParticipantsQuery{Range: r, CallID: c.Call, Client: c.Client})
	}, table.Participants)
}

type hopsCmd struct {
	askFlags
	callFlag
	FromID string `name:"from-id" placeholder:"ID" help:"One link over time: the end that hops names as FROM."`
	ToID   string `name:"to-id" placeholder:"ID" help:"The other end of that link."`
}

// Run asks and prints.
func (c *hopsCmd) Run(ctx context.Context) error {
	return showList(ctx, &c.askFlags, "hops", func(ctx context.Context, s *query.Service, r query.Range) ([]query.Link, error) {
		q := query.HopsQuery{Range: r, CallID: c.Call, FromID: c.FromID, ToID: c.ToID}
		if c.FromID != "" || c.ToID != "" {
			return s.HopSeries(ctx, q)
		}
		return s.HopsNow(ctx, q)
	}, table.Links)
}

type topologyCmd struct {
	askFlags
	callFlag
}

// Run asks and prints.
func (c *topologyCmd) Run(ctx context.Context) error {
	return show(ctx, &c.askFlags, func(ctx context.Context, s *query.Service, r query.Range) (*query.Topology, error) {
		return s.Topology(ctx, query.CallQuery{Range: r, CallID: c.Call})
	}, table.Topology)
}

type qualityCmd struct {
	askFlags
	callFlag
	kindFlag
	Participant string `placeholder:"ID" help:"Only what this client received."`
	Step        length `placeholder:"1m" help:"Length of a line's time. Default: about 300 lines."`
}

// Run asks and prints.
func (c *qualityCmd) Run(ctx context.Context) error {
	return show(ctx, &c.askFlags, func(ctx context.Context, s *query.Service, r query.Range) (*query.Quality, error) {
		return s.Quality(ctx, query.QualityQuery{
			Range: r, CallID: c.Call, Participant: c.Participant, Kind: c.kind(), Step: time.Duration(c.Step),
		})
	}, table.Quality)
}

type eventsCmd struct {
	askFlags
	callFlag
	Source string `placeholder:"ID" help:"Only of this client or SFU."`
	Type   string `placeholder:"TYPE" help:"Only of this type, such as join, ice_state or feedback."`
	Limit  int    `placeholder:"N" help:"At most so many."`
}

// Run asks and prints.
func (c *eventsCmd) Run(ctx context.Context) error {
	return showList(ctx, &c.askFlags, "events", func(ctx context.Context, s *query.Service, r query.Range) ([]query.Event, error) {
		page, err := s.Events(ctx, query.EventsQuery{Range: r, CallID: c.Call, SourceID: c.Source, Type: c.Type, Limit: c.Limit})
		if err != nil {
			return nil, err
		}
		return page.Events, nil
	}, table.Events)
}
