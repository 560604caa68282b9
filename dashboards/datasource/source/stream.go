package source

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/data"

	"github.com/earshot-rtc/earshot/dashboards/datasource/panel"
	"github.com/earshot-rtc/earshot/dashboards/query"
)

const (
	// A stream shows the paths that had a window so recently: others have ended.
	recent = 2 * time.Minute
	// A call whose newest window is older has ended, and with it its streams.
	ended = time.Minute
)

// SubscribeStream lets whoever may use the data source listen to any call that the data source shows: its tenant's.
func (s *Source) SubscribeStream(ctx context.Context, req *backend.SubscribeStreamRequest) (*backend.SubscribeStreamResponse, error) {
	if s.wrong != nil {
		return nil, s.wrong
	}
	stream, known := panel.ParseStream(req.Path)
	if !known {
		return &backend.SubscribeStreamResponse{Status: backend.SubscribeStreamStatusNotFound}, nil
	}
	rows, err := s.pathsNow(ctx, stream)
	if err != nil {
		return nil, errors.New(said(err))
	}
	if len(rows) == 0 { // another tenant's call looks the same
		return &backend.SubscribeStreamResponse{Status: backend.SubscribeStreamStatusNotFound}, nil
	}
	first, err := backend.NewInitialFrame(panel.PathTable(rows), data.IncludeAll)
	if err != nil {
		return nil, err
	}
	return &backend.SubscribeStreamResponse{Status: backend.SubscribeStreamStatusOK, InitialData: first}, nil
}

// PublishStream takes nothing: streams come from the store.
func (s *Source) PublishStream(context.Context, *backend.PublishStreamRequest) (*backend.PublishStreamResponse, error) {
	return &backend.PublishStreamResponse{Status: backend.PublishStreamStatusPermissionDenied}, nil
}

// RunStream sends the paths of a call as they change, until the call has ended or nobody listens any more, which ends ctx. An error of the
// store is not the end: Grafana would begin anew at once.
func (s *Source) RunStream(ctx context.Context, req *backend.RunStreamRequest, sender *backend.StreamSender) error {
	if s.wrong != nil {
		return s.wrong
	}
	stream, known := panel.ParseStream(req.Path)
	if !known {
		return fmt.Errorf("%q is no channel of the data source; there is call/<id of the call>", req.Path)
	}
	tick := time.NewTicker(s.poll)
	defer tick.Stop()
	var sent time.Time
	last := s.now()
	for {
		rows, err := s.pathsNow(ctx, stream)
		switch newest := newest(rows); {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil:
			backend.Logger.Debug("A look for new windows went wrong", "error", err)
		case newest.After(sent):
			if err := sender.SendFrame(panel.PathTable(rows), data.IncludeAll); err != nil {
				return err
			}
			sent, last = newest, s.now()
		case s.now().Sub(last) > ended:
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-s.disposed:
			return errReplaced
		case <-tick.C:
		}
	}
}

func (s *Source) pathsNow(ctx context.Context, stream panel.Stream) ([]query.E2ERow, error) {
	ctx, cancel := context.WithTimeout(ctx, s.settings.Timeout)
	defer cancel()
	rows, err := s.service.PathsNow(ctx, query.E2EQuery{
		Range: query.Range{From: s.now().Add(-recent)}, CallID: stream.Call, Participant: stream.Participant, Kind: stream.Kind,
		Limit: min(2000, s.settings.MaxRows),
	})
	var missing *query.NotFoundError
	if errors.As(err, &missing) {
		return nil, nil // it has ended
	}
	return rows, err
}

// errReplaced ends the streams of a data source whose settings have changed: Grafana begins anew with the new ones.
var errReplaced = errors.New("the settings of the data source have changed")

func newest(rows []query.E2ERow) time.Time {
	if len(rows) == 0 {
		return time.Time{}
	}
	return slices.MaxFunc(rows, func(a, b query.E2ERow) int { return a.WindowStart.Compare(b.WindowStart) }).WindowStart
}
