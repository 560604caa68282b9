// Package source is one data source of Grafana: its settings and requests over the SDK come in; frames, health, values to choose from
// and streams of running calls go out. Whose rows it shows is in its settings, and in nothing that a request says.
package source

import (
	"context"
	"sync"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/backend/instancemgmt"
	"github.com/grafana/grafana-plugin-sdk-go/backend/resource/httpadapter"

	"github.com/earshot-rtc/earshot/dashboards/datasource/settings"
	"github.com/earshot-rtc/earshot/dashboards/query"
	"github.com/earshot-rtc/earshot/internal/clickhouse"
)

var (
	_ backend.QueryDataHandler      = (*Source)(nil)
	_ backend.CheckHealthHandler    = (*Source)(nil)
	_ backend.StreamHandler         = (*Source)(nil)
	_ backend.CallResourceHandler   = (*Source)(nil)
	_ instancemgmt.InstanceDisposer = (*Source)(nil)
)

// Source is one data source. The SDK makes a new one whenever its settings change.
type Source struct {
	backend.CallResourceHandler

	settings settings.Settings
	uid      string
	wrong    error // with the settings: then there is nothing else
	db       *clickhouse.DB
	store    *store
	service  *query.Service
	now      func() time.Time
	poll     time.Duration
	disposed chan struct{} // ends the streams
	once     sync.Once
}

// Option changes how a Source works.
type Option func(*Source)

// WithClock replaces time.Now, from which what is live is reckoned.
func WithClock(now func() time.Time) Option { return func(s *Source) { s.now = now } }

// WithPoll replaces how often a stream looks for new windows.
func WithPoll(every time.Duration) Option { return func(s *Source) { s.poll = every } }

// Factory makes data sources for the SDK.
func Factory(options ...Option) func(context.Context, backend.DataSourceInstanceSettings) (instancemgmt.Instance, error) {
	return func(_ context.Context, in backend.DataSourceInstanceSettings) (instancemgmt.Instance, error) {
		return New(in, options...), nil
	}
}

// New connects nothing yet. Wrong settings are what every request is answered with, since Grafana shows the text of an answer, and
// of an instance that could not be made it shows none.
func New(in backend.DataSourceInstanceSettings, options ...Option) *Source {
	s := &Source{uid: in.UID, now: time.Now, poll: 2 * time.Second, disposed: make(chan struct{})}
	for _, o := range options {
		o(s)
	}
	s.CallResourceHandler = httpadapter.New(s.routes())
	var err error
	if s.settings, err = settings.Parse(in.JSONData, in.DecryptedSecureJSONData); err != nil {
		s.wrong = err
		return s
	}
	config, err := s.settings.Store()
	if err == nil {
		s.db, err = clickhouse.Open(config)
	}
	if err != nil {
		s.wrong = err
		return s
	}
	s.store = newStore(s.db, s.settings)
	s.service = query.New(s.store, query.WithTenant(s.settings.Tenant), query.WithClock(s.now))
	return s
}

// Dispose ends the streams and closes the connections.
func (s *Source) Dispose() {
	s.once.Do(func() { close(s.disposed) })
	if s.db != nil {
		if err := s.db.Close(); err != nil {
			backend.Logger.Warn("Closing the connections to ClickHouse went wrong", "error", err)
		}
	}
}
