package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/earshot-rtc/earshot/dashboards/query"
	"github.com/earshot-rtc/earshot/dashboards/query/table"
)

type queryCmd struct {
	Calls        callsCmd        `cmd:"" help:"Calls, the newest first: search, filter, sort."`
	Worst        worstCmd        `cmd:"" help:"The calls to look at first."`
	Call         callCmd         `cmd:"" help:"One call as a whole."`
	Participants participantsCmd `cmd:"" help:"Who took part in a call, how they were connected and how they heard each other."`
	Paths        pathsCmd        `cmd:"" help:"The latest window of every path of a call."`
	E2E          e2eCmd          `cmd:"" name:"e2e" help:"The end-to-end latencies of a call, window by window, with their hops."`
	Hops         hopsCmd         `cmd:"" help:"The links of a call: now, or one over time."`
	Topology     topologyCmd     `cmd:"" help:"A call as a graph, link by link."`
	Quality      qualityCmd      `cmd:"" help:"How a call was heard and seen over time."`
	Events       eventsCmd       `cmd:"" help:"What happened in a call."`
	Latency      latencyCmd      `cmd:"" help:"Percentiles over many calls: by version, network operator, country ..., over time."`
	Versions     versionsCmd     `cmd:"" help:"Latency by application version."`
	Matrix       matrixCmd       `cmd:"" help:"Latency by pair of regions."`
	Links        linksCmd        `cmd:"" help:"How the links of SFUs do, over all calls."`
	Connectivity connectivityCmd `cmd:"" help:"Shares of TURN, TCP and IPv6, and the time to connect."`
	Bitrate      bitrateCmd      `cmd:"" help:"Downlinks of participants against 3 and 4 Mbit/s."`
	Coverage     coverageCmd     `cmd:"" help:"For how many windows there is a round-trip time."`
	Regressions  regressionsCmd  `cmd:"" help:"Latency that shifted: where, since when, by how much, and what got slower."`
	DeadLetters  deadLettersCmd  `cmd:"" name:"dead-letters" help:"What could not be read, by reason."`
}

// length is a length of time as a flag: 90s, 24h, 7d.
type length time.Duration

// UnmarshalText reads the flag.
func (l *length) UnmarshalText(text []byte) error {
	d, err := query.ParseLength(string(text))
	*l = length(d)
	return err
}

// askFlags are those of every question.
type askFlags struct {
	storeFlags
	Tenant string `env:"EARSHOT_TENANT" help:"Whose calls. Default: those that have no tenant."`
	Since  length `default:"24h" placeholder:"24h" help:"How far back to look, such as 15m, 24h or 7d."`
	From   string `placeholder:"TIME" help:"From when on, in place of --since: 2026-03-01T12:00:00Z, or 3h for three hours ago."`
	To     string `placeholder:"TIME" help:"Until when. Default: now."`
	JSON   bool   `name:"json" help:"JSON in place of a table."`
}

func (f *askFlags) span(s *query.Service) (query.Range, error) {
	r := s.Last(time.Duration(f.Since))
	for _, end := range []struct {
		flag, text string
		into       *time.Time
	}{{"--from", f.From, &r.From}, {"--to", f.To, &r.To}} {
		if end.text == "" {
			continue
		}
		t, err := query.ParseTime(end.text, s.Now())
		if err != nil {
			return r, fmt.Errorf("%s: %w", end.flag, err)
		}
		*end.into = t
	}
	if f.To != "" && f.From == "" {
		r.From = r.To.Add(-time.Duration(f.Since))
	}
	return r, nil
}

// show asks one question and prints the answer, as a table or as JSON.
func show[T any](ctx context.Context, f *askFlags, ask question[T], print func(io.Writer, T) error) error {
	return showAs(ctx, f, ask, print, func(w io.Writer, answer T) error { return table.JSON(w, answer) })
}

// showList is show for a list, which has the name of the API's in JSON.
func showList[T any](ctx context.Context, f *askFlags, name string, ask question[[]T], print func(io.Writer, []T) error) error {
	return showAs(ctx, f, ask, print, func(w io.Writer, answer []T) error { return table.JSON(w, map[string][]T{name: answer}) })
}

type question[T any] func(context.Context, *query.Service, query.Range) (T, error)

func showAs[T any](ctx context.Context, f *askFlags, ask question[T], print, printJSON func(io.Writer, T) error) error {
	s, err := f.open(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = s.Close() }()
	service := questions(s.DB).For(f.Tenant)
	r, err := f.span(service)
	if err != nil {
		return err
	}
	answer, err := ask(ctx, service, r)
	if err != nil {
		return err
	}
	if f.JSON {
		return printJSON(os.Stdout, answer)
	}
	return print(os.Stdout, answer)
}

// kindFlag is audio, video or all.
type kindFlag struct {
	Kind string `enum:"audio,video,all" default:"all" help:"Only audio or video (${enum})."`
}

func (f kindFlag) kind() string {
	if f.Kind == "all" {
		return ""
	}
	return f.Kind
}
