package main

import (
	"context"

	"github.com/earshot-rtc/earshot/dashboards/query"
	"github.com/earshot-rtc/earshot/dashboards/query/table"
)

type regressionsCmd struct {
	askFlags
	ID         string `name:"id" placeholder:"ID" help:"Only this one, whenever it was."`
	State      string `enum:",open,resolved" default:"" help:"Only those that are open, or that are resolved (${enum})."`
	Cause      string `enum:",sfu_link,access_network,access_sfu,version,other_paths,region_pair" default:"" help:"What made calls slower (${enum})."`
	Link       string `placeholder:"SFU-SFU" help:"Only of the link between these two, such as fra-iad."`
	SFU        string `name:"sfu" placeholder:"ID" help:"Only of this SFU: at an end of the link, or whose clients."`
	Region     string `placeholder:"NAME" help:"Only what calls from or to this region felt."`
	AppVersion string `placeholder:"V" help:"Only of this application version."`
	ASN        string `name:"asn" placeholder:"N" help:"Only of this network operator."`
	Limit      int    `default:"50" placeholder:"N" help:"At most so many."`
}

// Run asks and prints.
func (c *regressionsCmd) Run(ctx context.Context) error {
	return showList(ctx, &c.askFlags, "regressions", func(ctx context.Context, s *query.Service, r query.Range) ([]query.Regression, error) {
		q := query.RegressionsQuery{
			Range: r, ID: c.ID, State: c.State, Cause: c.Cause, Link: c.Link, SFU: c.SFU, Region: c.Region, Version: c.AppVersion, Limit: c.Limit,
		}
		if c.ASN != "" {
			var err error
			if q.ASN, err = query.ParseASN(c.ASN); err != nil {
				return nil, err
			}
		}
		return s.Regressions(ctx, q)
	}, table.Regressions)
}
