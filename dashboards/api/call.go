package api

import (
	"context"

	"github.com/earshot-rtc/earshot/dashboards/query"
)

func overview(ctx context.Context, s *query.Service, v *values) (any, error) {
	q := query.CallQuery{Range: v.span(), CallID: v.path("call")}
	if v.err != nil {
		return nil, v.err
	}
	return s.CallOverview(ctx, q)
}

func paths(ctx context.Context, s *query.Service, v *values) (any, error) {
	q := query.E2EQuery{
		Range: v.span(), CallID: v.path("call"), Participant: v.text("participant"), Kind: v.text("kind"), Limit: v.number("limit"),
	}
	if v.err != nil {
		return nil, v.err
	}
	rows, err := s.PathsNow(ctx, q)
	return map[string]any{"paths": rows}, err
}

func series(ctx context.Context, s *query.Service, v *values) (any, error) {
	q := query.SeriesQuery{
		Range: v.span(), CallID: v.path("call"), PublisherID: v.text("publisher"), SubscriberID: v.text("subscriber"),
		Kind: v.text("kind"), TrackID: v.text("track"), MaxPoints: v.number("points"),
	}
	if v.err != nil {
		return nil, v.err
	}
	return s.PathSeries(ctx, q)
}

func hops(ctx context.Context, s *query.Service, v *values) (any, error) {
	q := query.HopsQuery{Range: v.span(), CallID: v.path("call"), Limit: v.number("limit")}
	if v.err != nil {
		return nil, v.err
	}
	links, err := s.HopsNow(ctx, q)
	return map[string]any{"hops": links}, err
}

func topology(ctx context.Context, s *query.Service, v *values) (any, error) {
	q := query.CallQuery{Range: v.span(), CallID: v.path("call")}
	if v.err != nil {
		return nil, v.err
	}
	return s.Topology(ctx, q)
}

func quality(ctx context.Context, s *query.Service, v *values) (any, error) {
	q := query.QualityQuery{
		Range: v.span(), CallID: v.path("call"), Participant: v.text("participant"), Kind: v.text("kind"),
		Step: v.length("step"), MaxPoints: v.number("points"),
	}
	if v.err != nil {
		return nil, v.err
	}
	return s.Quality(ctx, q)
}

func events(ctx context.Context, s *query.Service, v *values) (any, error) {
	q := query.EventsQuery{
		Range: v.span(), CallID: v.path("call"), SourceID: v.text("source"), Type: v.text("type"), Limit: v.number("limit"),
		After: v.after(),
	}
	if v.err != nil {
		return nil, v.err
	}
	page, err := s.Events(ctx, q)
	if err != nil {
		return nil, err
	}
	return struct {
		*query.Events
		Next string `json:"next,omitempty"`
	}{page, v.next(page.Range, cursor{After: page.Next})}, nil
}
