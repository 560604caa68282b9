package api

import (
	"context"

	"github.com/earshot-rtc/earshot/dashboards/query"
)

// latencyParams narrow a question down to some subscribers, or to some paths.
var latencyParams = []string{
	"kind", "publisher_region", "subscriber_region", "path", "version", "asn", "country", "browser", "network",
}

func latencyFilter(v *values) query.LatencyFilter {
	f := query.LatencyFilter{
		Kind: v.text("kind"), PublisherRegion: v.text("publisher_region"), SubscriberRegion: v.text("subscriber_region"),
		Path: v.text("path"), Version: v.text("version"), Country: v.text("country"), Browser: v.text("browser"), Network: v.text("network"),
	}
	if asn := v.text("asn"); asn != "" {
		var err error
		if f.ASN, err = query.ParseASN(asn); err != nil && v.err == nil {
			v.err = err
		}
	}
	return f
}

// latency is figures over time.
func latency(ctx context.Context, s *query.Service, v *values) (any, error) {
	q := query.LatencyQuery{
		Range: v.span(), By: v.text("by"), OverTime: true, Step: v.length("step"), MaxPoints: v.number("points"),
		Groups: v.number("groups"), LatencyFilter: latencyFilter(v),
	}
	if v.err != nil {
		return nil, v.err
	}
	return s.Latency(ctx, q)
}

// latencyTotals are figures for the whole range, by group.
func latencyTotals(ctx context.Context, s *query.Service, v *values) (any, error) {
	q := query.LatencyQuery{Range: v.span(), By: v.text("by"), Groups: v.number("groups"), LatencyFilter: latencyFilter(v)}
	if v.err != nil {
		return nil, v.err
	}
	return s.Latency(ctx, q)
}

func versions(ctx context.Context, s *query.Service, v *values) (any, error) {
	q := query.LatencyQuery{Range: v.span(), By: "version", Groups: v.number("groups"), LatencyFilter: latencyFilter(v)}
	if v.err != nil {
		return nil, v.err
	}
	return s.Latency(ctx, q)
}

func matrix(ctx context.Context, s *query.Service, v *values) (any, error) {
	q := query.MatrixQuery{Range: v.span(), LatencyFilter: latencyFilter(v), Limit: v.number("limit")}
	if v.err != nil {
		return nil, v.err
	}
	return s.Matrix(ctx, q)
}

func coverage(ctx context.Context, s *query.Service, v *values) (any, error) {
	q := query.CoverageQuery{
		Range: v.span(), OverTime: true, Step: v.length("step"), MaxPoints: v.number("points"), Kind: v.text("kind"),
		PublisherRegion: v.text("publisher_region"), SubscriberRegion: v.text("subscriber_region"),
	}
	if v.err != nil {
		return nil, v.err
	}
	return s.Coverage(ctx, q)
}

func links(ctx context.Context, s *query.Service, v *values) (any, error) {
	q := query.LinksQuery{
		Range: v.span(), SFU: v.text("sfu"), Region: v.text("region"), OverTime: v.args.Has("step") || v.args.Has("points"),
		Step: v.length("step"), MaxPoints: v.number("points"), Limit: v.number("limit"),
	}
	if access := v.yes("access"); access != nil {
		q.Access = *access
	}
	if v.err != nil {
		return nil, v.err
	}
	return s.Links(ctx, q)
}

func connectivity(ctx context.Context, s *query.Service, v *values) (any, error) {
	q := query.ConnectivityQuery{
		Range: v.span(), CallID: v.text("call"), By: v.text("by"), OverTime: v.args.Has("step") || v.args.Has("points"),
		Step: v.length("step"), MaxPoints: v.number("points"), Limit: v.number("limit"),
	}
	if v.err != nil {
		return nil, v.err
	}
	return s.Connectivity(ctx, q)
}

func bitrate(ctx context.Context, s *query.Service, v *values) (any, error) {
	q := query.BitrateQuery{Range: v.span(), CallID: v.text("call"), Client: v.text("client"), Limit: v.number("limit")}
	if v.err != nil {
		return nil, v.err
	}
	return s.Bitrate(ctx, q)
}

func regressions(ctx context.Context, s *query.Service, v *values) (any, error) {
	q := query.RegressionsQuery{
		Range: v.span(), ID: v.text("id"), State: v.text("state"), Cause: v.text("cause"), Link: v.text("link"), SFU: v.text("sfu"),
		Region: v.text("region"), PublisherRegion: v.text("publisher_region"), SubscriberRegion: v.text("subscriber_region"),
		Version: v.text("version"), Limit: v.number("limit"),
	}
	if asn := v.text("asn"); asn != "" {
		var err error
		if q.ASN, err = query.ParseASN(asn); err != nil && v.err == nil {
			v.err = err
		}
	}
	if v.err != nil {
		return nil, v.err
	}
	rows, err := s.Regressions(ctx, q)
	return map[string]any{"regressions": rows}, err
}

func deadLetters(ctx context.Context, s *query.Service, v *values) (any, error) {
	q := query.DeadLettersQuery{Range: v.span(), Limit: v.number("limit")}
	if v.err != nil {
		return nil, v.err
	}
	rows, err := s.DeadLetters(ctx, q)
	return map[string]any{"dead_letters": rows}, err
}
