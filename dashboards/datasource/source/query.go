package source

import (
	"context"
	"sync"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/backend/tracing"
	"github.com/grafana/grafana-plugin-sdk-go/data"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"
	"golang.org/x/sync/errgroup"

	"github.com/earshot-rtc/earshot/dashboards/datasource/model"
	"github.com/earshot-rtc/earshot/dashboards/datasource/panel"
	"github.com/earshot-rtc/earshot/dashboards/datasource/statement"
	"github.com/earshot-rtc/earshot/dashboards/query"
)

// sideBySide is how many queries of one request run at a time.
const sideBySide = 4

// QueryData answers the queries of a panel, side by side.
func (s *Source) QueryData(ctx context.Context, req *backend.QueryDataRequest) (*backend.QueryDataResponse, error) {
	out := backend.NewQueryDataResponse()
	var mu sync.Mutex
	var group errgroup.Group
	group.SetLimit(sideBySide)
	for _, q := range req.Queries {
		group.Go(func() error {
			frames, err := s.answer(ctx, q)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				out.Responses[q.RefID] = refusal(err)
			} else {
				out.Responses[q.RefID] = backend.DataResponse{Frames: frames, Status: backend.StatusOK}
			}
			return nil
		})
	}
	return out, group.Wait()
}

func (s *Source) answer(ctx context.Context, q backend.DataQuery) (_ data.Frames, err error) {
	if s.wrong != nil {
		return nil, argument(s.wrong)
	}
	m, err := model.Parse(q.JSON)
	if err != nil {
		return nil, argument(err)
	}
	ctx, span := tracing.DefaultTracer().Start(ctx, "earshot "+m.Type, trace.WithAttributes(
		attribute.String("earshot.format", m.Format), attribute.String("earshot.by", m.By), attribute.StringSlice("earshot.stats", m.Stats),
		attribute.Int64("earshot.range_ms", q.TimeRange.Duration().Milliseconds())))
	defer func() {
		if err != nil {
			_ = tracing.Error(span, err)
		}
		span.End()
	}()
	ctx, cancel := context.WithTimeout(ctx, s.settings.Timeout)
	defer cancel()
	if m.Type == model.SQL {
		return s.sql(ctx, m, q)
	}
	frames, err := panel.Answer(ctx, s.service, panel.Ask{
		Query: m, Range: query.Range{From: q.TimeRange.From, To: q.TimeRange.To}, MaxPoints: q.MaxDataPoints, Interval: q.Interval,
		MaxRows: s.settings.MaxRows, ConsoleURL: s.settings.ConsoleURL, Channel: "ds/" + s.uid,
	})
	if err != nil {
		return nil, err
	}
	span.SetAttributes(attribute.Int("earshot.rows", size(frames)))
	return s.bounded(frames), nil
}

// sql runs a statement of the user's own.
func (s *Source) sql(ctx context.Context, m model.Query, q backend.DataQuery) (data.Frames, error) {
	if !s.settings.RawSQL {
		return nil, argument(errNoSQL)
	}
	text, err := statement.Expand(m.SQL, statement.Moment{From: q.TimeRange.From, To: q.TimeRange.To, Interval: q.Interval})
	if err == nil {
		err = statement.Check(text)
	}
	if err != nil {
		return nil, argument(err)
	}
	rows := s.settings.MaxRows
	if m.Limit > 0 {
		rows = min(rows, m.Limit)
	}
	f, err := statement.Read(ctx, s.store, text, statement.Limits{Tenant: s.settings.Tenant, Rows: rows, Timeout: s.settings.Timeout})
	if err != nil {
		return nil, err
	}
	if m.Format == model.TimeSeries {
		if f, err = statement.Series(f); err != nil {
			return nil, argument(err)
		}
	}
	f.Meta.ExecutedQueryString = text
	return data.Frames{f}, nil
}

// bounded cuts tables at the data source's limit of rows, and says so. Charts are short already.
func (s *Source) bounded(frames data.Frames) data.Frames {
	for _, f := range frames {
		if f.Rows() <= s.settings.MaxRows {
			continue
		}
		for i := f.Rows() - 1; i >= s.settings.MaxRows; i-- {
			f.DeleteRow(i)
		}
		f.AppendNotices(data.Notice{Severity: data.NoticeSeverityWarning, Text: "Not all rows are shown: the data source's limit of rows is reached."})
	}
	return frames
}

func size(frames data.Frames) int {
	n := 0
	for _, f := range frames {
		n += f.Rows()
	}
	return n
}
