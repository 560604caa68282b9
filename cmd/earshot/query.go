package main

import (
	"context"
	"os"
	"time"

	"github.com/earshot-rtc/earshot/dashboards/query"
	"github.com/earshot-rtc/earshot/dashboards/query/table"
)

type queryCmd struct {
	E2E e2eCmd `cmd:"" name:"e2e" help:"The end-to-end latencies of a call, window by window, with their hops."`
}

type e2eCmd struct {
	storeFlags
	Call        string        `required:"" placeholder:"ID" help:"Which call."`
	Participant string        `placeholder:"ID" help:"Only paths from or to this client."`
	Kind        string        `enum:"audio,video,all" default:"all" help:"Only audio or video (${enum})."`
	Since       time.Duration `default:"24h" help:"How far back to look."`
	Now         bool          `help:"Only the latest window of every path."`
	Limit       int           `placeholder:"N" help:"At most so many windows."`
	JSON        bool          `name:"json" help:"JSON in place of a table."`
}

// Run asks and prints.
func (c *e2eCmd) Run(ctx context.Context) error {
	s, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = s.Close() }()
	service := questions(s.DB)
	q := query.E2EQuery{Range: service.Last(c.Since), CallID: c.Call, Participant: c.Participant, Kind: c.Kind, Limit: c.Limit}
	if q.Kind == "all" {
		q.Kind = ""
	}
	ask := service.E2E
	if c.Now {
		ask = service.PathsNow
	}
	rows, err := ask(ctx, q)
	if err != nil {
		return err
	}
	if c.JSON {
		return table.E2EJSON(os.Stdout, c.Call, rows)
	}
	return table.E2E(os.Stdout, c.Call, rows)
}
