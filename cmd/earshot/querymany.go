package main

import (
	"context"
	"time"

	"github.com/earshot-rtc/earshot/dashboards/query"
	"github.com/earshot-rtc/earshot/dashboards/query/table"
)

// callFilter narrows a list of calls down.
type callFilter struct {
	Search      string   `placeholder:"TEXT" help:"A part of the call's id."`
	WithClient  string   `placeholder:"ID" help:"Only calls with this client."`
	WithUser    string   `placeholder:"ID" help:"Only calls with this user, as the id is stored."`
	AppVersion  string   `placeholder:"V" help:"Only calls with a client of this application version."`
	Browser     string   `placeholder:"NAME" help:"Only calls with a client of this browser, such as 'Chrome 131'."`
	Country     string   `placeholder:"CC" help:"Only calls with a client in this country."`
	Region      string   `placeholder:"NAME" help:"Only calls over an SFU in this region."`
	TURN        *bool    `name:"turn" help:"Only calls with a client behind a TURN server."`
	Live        *bool    `help:"Only calls that are going on."`
	MinRTT      *float64 `name:"min-rtt" placeholder:"MS" help:"Only calls whose p95 of RTT is at least so many ms."`
	MaxScore    *float64 `placeholder:"MOS" help:"Only calls whose mean audio MOS is at most this."`
	MinDuration length   `placeholder:"D" help:"Only calls of at least this length."`
	MaxDuration length   `placeholder:"D" help:"Only calls of at most this length."`
	Limit       int      `default:"50" placeholder:"N" help:"At most so many."`
}

func (f *callFilter) query(r query.Range) query.CallsQuery {
	return query.CallsQuery{
		Range: r, Search: f.Search, Client: f.WithClient, User: f.WithUser, Version: f.AppVersion, Browser: f.Browser, Country: f.Country,
		Region: f.Region, TURN: f.TURN, Live: f.Live, MinRTT: f.MinRTT, MaxScore: f.MaxScore,
		MinDuration: time.Duration(f.MinDuration), MaxDuration: time.Duration(f.MaxDuration), Limit: f.Limit,
	}
}

type callsCmd struct {
	askFlags
	callFilter
	Sort      string `enum:"last_seen,first_seen,duration,clients,rtt,mouth_to_ear,score,bad" default:"last_seen" help:"By what (${enum})."`
	Ascending bool   `help:"The lowest first."`
}

// Run asks and prints.
func (c *callsCmd) Run(ctx context.Context) error {
	return showCalls(ctx, &c.askFlags, func(r query.Range) query.CallsQuery {
		q := c.query(r)
		q.Sort, q.Ascending = c.Sort, c.Ascending
		return q
	})
}

type worstCmd struct {
	askFlags
	callFilter
	By string `enum:"bad,rtt,mouth_to_ear,score" default:"bad" help:"By what (${enum})."`
}

// Run asks and prints.
func (c *worstCmd) Run(ctx context.Context) error {
	return showCalls(ctx, &c.askFlags, func(r query.Range) query.CallsQuery {
		q := c.query(r)
		q.Sort, q.Ascending, q.MinWindows = c.By, c.By == "score", query.WorthALook
		return q
	})
}

func showCalls(ctx context.Context, f *askFlags, of func(query.Range) query.CallsQuery) error {
	return showList(ctx, f, "calls", func(ctx context.Context, s *query.Service, r query.Range) ([]query.Call, error) {
		page, err := s.Calls(ctx, of(r))
		if err != nil {
			return nil, err
		}
		return page.Calls, nil
	}, table.Calls)
}

// latencyFilter says whose latency is meant.
type latencyFilter struct {
	kindFlag
	FromRegion string `placeholder:"NAME" help:"Only from this region."`
	ToRegion   string `placeholder:"NAME" help:"Only to this region."`
	Path       string `placeholder:"PATH" help:"Only over these regions, joined by '>', or p2p."`
	AppVersion string `placeholder:"V" help:"Only to clients of this application version."`
	ASN        string `name:"asn" placeholder:"N" help:"Only to clients of this network operator."`
	Country    string `placeholder:"CC" help:"Only to clients in this country."`
	Browser    string `placeholder:"NAME" help:"Only to this browser."`
	Network    string `placeholder:"KIND" help:"Only over this kind of network, such as wifi."`
}

func (f *latencyFilter) filter() (query.LatencyFilter, error) {
	out := query.LatencyFilter{
		Kind: f.kind(), PublisherRegion: f.FromRegion, SubscriberRegion: f.ToRegion, Path: f.Path, Version: f.AppVersion,
		Country: f.Country, Browser: f.Browser, Network: f.Network,
	}
	var err error
	if f.ASN != "" {
		out.ASN, err = query.ParseASN(f.ASN)
	}
	return out, err
}

// stepFlags ask for points over time.
type stepFlags struct {
	Over bool   `name:"over-time" help:"Line by line over time."`
	Step length `placeholder:"D" help:"Length of a line's time, such as 5m; with --over-time implied."`
}

func (f stepFlags) over() bool { return f.Over || f.Step > 0 }

type latencyCmd struct {
	askFlags
	latencyFilter
	stepFlags
	By     string `enum:",publisher_region,subscriber_region,path,version,asn,country,browser,network" default:"" help:"Told apart by what (${enum})."`
	Groups int    `placeholder:"N" help:"At most so many groups, the largest."`
}

// Run asks and prints.
func (c *latencyCmd) Run(ctx context.Context) error {
	return show(ctx, &c.askFlags, func(ctx context.Context, s *query.Service, r query.Range) (*query.Latency, error) {
		filter, err := c.filter()
		if err != nil {
			return nil, err
		}
		return s.Latency(ctx, query.LatencyQuery{
			Range: r, By: c.By, OverTime: c.over(), Step: time.Duration(c.Step), Groups: c.Groups, LatencyFilter: filter,
		})
	}, table.Latency)
}

type versionsCmd struct {
	askFlags
	latencyFilter
}

// Run asks and prints.
func (c *versionsCmd) Run(ctx context.Context) error {
	return show(ctx, &c.askFlags, func(ctx context.Context, s *query.Service, r query.Range) (*query.Latency, error) {
		filter, err := c.filter()
		if err != nil {
			return nil, err
		}
		return s.Latency(ctx, query.LatencyQuery{Range: r, By: "version", LatencyFilter: filter})
	}, table.Latency)
}

type matrixCmd struct {
	askFlags
	latencyFilter
}

// Run asks and prints.
func (c *matrixCmd) Run(ctx context.Context) error {
	return show(ctx, &c.askFlags, func(ctx context.Context, s *query.Service, r query.Range) (*query.Matrix, error) {
		filter, err := c.filter()
		if err != nil {
			return nil, err
		}
		return s.Matrix(ctx, query.MatrixQuery{Range: r, LatencyFilter: filter})
	}, table.Matrix)
}

type linksCmd struct {
	askFlags
	stepFlags
	Access bool   `help:"The links of SFUs with their clients in place of those between SFUs."`
	SFU    string `name:"sfu" placeholder:"ID" help:"Only with this one at an end."`
	Region string `placeholder:"NAME" help:"Only with an end in this region."`
}

// Run asks and prints.
func (c *linksCmd) Run(ctx context.Context) error {
	return show(ctx, &c.askFlags, func(ctx context.Context, s *query.Service, r query.Range) (*query.Links, error) {
		return s.Links(ctx, query.LinksQuery{
			Range: r, Access: c.Access, SFU: c.SFU, Region: c.Region, OverTime: c.over(), Step: time.Duration(c.Step),
		})
	}, table.LinkStates)
}

type connectivityCmd struct {
	askFlags
	stepFlags
	Call string `placeholder:"ID" help:"Only of this call."`
	By   string `enum:",version,browser,os,country,asn,isp" default:"" help:"Told apart by what (${enum})."`
}

// Run asks and prints.
func (c *connectivityCmd) Run(ctx context.Context) error {
	return show(ctx, &c.askFlags, func(ctx context.Context, s *query.Service, r query.Range) (*query.Connectivity, error) {
		return s.Connectivity(ctx, query.ConnectivityQuery{
			Range: r, CallID: c.Call, By: c.By, OverTime: c.over(), Step: time.Duration(c.Step),
		})
	}, table.Connectivity)
}

type bitrateCmd struct {
	askFlags
	Call   string `placeholder:"ID" help:"Only of this call."`
	Client string `placeholder:"ID" help:"Only of this client."`
	Limit  int    `default:"50" placeholder:"N" help:"At most so many, those with the lowest downlink."`
}

// Run asks and prints.
func (c *bitrateCmd) Run(ctx context.Context) error {
	return show(ctx, &c.askFlags, func(ctx context.Context, s *query.Service, r query.Range) (*query.Bitrate, error) {
		return s.Bitrate(ctx, query.BitrateQuery{Range: r, CallID: c.Call, Client: c.Client, Limit: c.Limit})
	}, table.Bitrate)
}

type coverageCmd struct {
	askFlags
	kindFlag
	stepFlags
}

// Run asks and prints.
func (c *coverageCmd) Run(ctx context.Context) error {
	return show(ctx, &c.askFlags, func(ctx context.Context, s *query.Service, r query.Range) (*query.Coverage, error) {
		return s.Coverage(ctx, query.CoverageQuery{Range: r, Kind: c.kind(), OverTime: c.over(), Step: time.Duration(c.Step)})
	}, table.Coverage)
}

type deadLettersCmd struct{ askFlags }

// Run asks and prints.
func (c *deadLettersCmd) Run(ctx context.Context) error {
	return showList(ctx, &c.askFlags, "dead_letters", func(ctx context.Context, s *query.Service, r query.Range) ([]query.DeadLetters, error) {
		return s.DeadLetters(ctx, query.DeadLettersQuery{Range: r})
	}, table.DeadLetters)
}
