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

func participants(ctx context.Context, s *query.Service, v *values) (any, error) {
	q := query.ParticipantsQuery{Range: v.span(), CallID: v.path("call"), Client: v.text("client"), Limit: v.number("limit")}
	if v.err != nil {
		return nil, v.err
	}
	rows, err := s.Participants(ctx, q)
	return map[string]any{"participants": rows}, err
}

// windows are all windows of all paths.
func windows(ctx context.Context, s *query.Service, v *values) (any, error) {
	q := query.E2EQuery{
		Range: v.span(), CallID: v.path("call"), Participant: v.text("participant"), Kind: v.text("kind"), Limit: v.number("limit"),
		After: v.after(),
	}
	if v.err != nil {
		return nil, v.err
	}
	page, err := s.Windows(ctx, q)
	if err != nil {
		return nil, err
	}
	return struct {
		Windows []query.E2ERow `json:"windows"`
		Next    string         `json:"next,omitempty"`
	}{page.Windows, v.next(page.Range, cursor{After: page.Next})}, nil
}

// hopSeries is one link over time.
func hopSeries(ctx context.Context, s *query.Service, v *values) (any, error) {
	q := query.HopsQuery{
		Range: v.span(), CallID: v.path("call"), FromID: v.text("from_id"), ToID: v.text("to_id"), Limit: v.number("limit"),
	}
	if v.err != nil {
		return nil, v.err
	}
	rows, err := s.HopSeries(ctx, q)
	return map[string]any{"hops": rows}, err
}

func rates(ctx context.Context, s *query.Service, v *values) (any, error) {
	q := query.RatesQuery{
		Range: v.span(), CallID: v.path("call"), Client: v.text("client"), Step: v.length("step"), MaxPoints: v.number("points"),
	}
	if v.err != nil {
		return nil, v.err
	}
	return s.Rates(ctx, q)
}
