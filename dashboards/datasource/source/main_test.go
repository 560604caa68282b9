package source_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/backend/log"
	"github.com/grafana/grafana-plugin-sdk-go/experimental/datasourcetest"
	"github.com/grafana/grafana-plugin-sdk-go/genproto/pluginv2"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/earshot-rtc/earshot/dashboards/datasource/source"
	"github.com/earshot-rtc/earshot/dashboards/query/querytest"
	"github.com/earshot-rtc/earshot/internal/clickhouse"
	embedded "github.com/earshot-rtc/earshot/internal/embedded/clickhouse"
	ddl "github.com/earshot-rtc/earshot/schemas/clickhouse"
)

// The call "demo" has so many windows. Besides it there are a call of another tenant, regressions, and what could not be read.
const windows = 120

// One engine serves all tests.
var engine struct {
	once   sync.Once
	server *embedded.Server
	db     *clickhouse.DB
	err    error
}

func TestMain(m *testing.M) {
	embedded.RunChildIfAsked()
	backend.Logger = log.NewNullLogger()
	code := m.Run()
	if server.conn != nil {
		_ = server.conn.Close()
		_ = server.served.Shutdown()
	}
	if engine.db != nil {
		_ = engine.db.Close()
	}
	if engine.server != nil {
		if err := engine.server.Shutdown(context.Background()); err != nil && code == 0 {
			code = 1
		}
	}
	os.Exit(code)
}

// start is when the call began: a whole hour, so that steps and rollups lie the same on every run, and some hours ago, so that rows of it
// are kept.
var start = time.Now().UTC().Truncate(time.Hour).Add(-3 * time.Hour)

// soon is when the tests ask: the call's last window has just ended.
func soon() time.Time { return start.Add(windows * querytest.Window) }

func startEngine(ctx context.Context) error {
	var err error
	if engine.server, err = embedded.New(embedded.Config{}, embedded.Dependencies{}); err != nil {
		return err
	}
	if err = engine.server.Start(ctx); err != nil {
		return err
	}
	if engine.db, err = clickhouse.Open(clickhouse.Config{Addr: []string{engine.server.Addr()}}); err != nil {
		return err
	}
	if _, err = clickhouse.Migrate(ctx, engine.db, ddl.Migrations); err != nil {
		return err
	}
	for _, call := range []querytest.Call{{ID: "demo", Start: start}, {ID: "theirs", Start: start, Tenant: "acme"}} {
		if err = call.Insert(ctx, engine.db, 0, windows); err != nil {
			return err
		}
	}
	if err = querytest.Regressions(ctx, engine.db, "", start); err != nil {
		return err
	}
	return engine.db.Insert(ctx, "dead_letters", "dead", []clickhouse.Column{
		{Name: "received_at", Values: []time.Time{start.Add(time.Minute), start.Add(61 * time.Second), start.Add(5 * time.Minute)}},
		{Name: "topic", Values: []string{"samples", "samples", "samples"}},
		{Name: "offset", Values: []uint64{1, 2, 3}},
		{Name: "reason", Values: []string{"decode", "decode", "key"}},
	})
}

func openStore(t *testing.T) *clickhouse.DB {
	t.Helper()
	engine.once.Do(func() { engine.err = startEngine(t.Context()) })
	if errors.Is(engine.err, embedded.ErrNotFound) && os.Getenv("CI") == "" {
		t.Skip(engine.err)
	}
	require.NoError(t, engine.err)
	return engine.db
}

// server is the back end, served and asked as Grafana does it: one process for all data sources, over gRPC.
var server struct {
	once    sync.Once
	served  datasourcetest.TestPlugin
	conn    *grpc.ClientConn
	err     error
	sources atomic.Int64
}

func startServer() error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	address := l.Addr().String()
	if err := l.Close(); err != nil {
		return err
	}
	server.served, err = datasourcetest.Manage(source.Factory(source.WithClock(soon), source.WithPoll(20*time.Millisecond)),
		datasourcetest.ManageOpts{Address: address})
	if err != nil {
		return err
	}
	server.conn, err = grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	return err
}

// plugin is a data source of the server's.
type plugin struct {
	Client   *datasourcetest.TestPluginClient
	streams  pluginv2.StreamClient
	settings backend.DataSourceInstanceSettings
}

// options are a data source's settings, by their names in JSON.
type options map[string]any

// serve makes a data source of the settings; address, if they have none, is that of the embedded ClickHouse.
func serve(t *testing.T, o options) *plugin {
	t.Helper()
	openStore(t)
	server.once.Do(func() { server.err = startServer() })
	require.NoError(t, server.err)
	all := options{"address": engine.server.Addr()}
	maps.Copy(all, o)
	secure := map[string]string{}
	if p, ok := all["password"].(string); ok {
		secure["password"] = p
		delete(all, "password")
	}
	raw, err := json.Marshal(all)
	require.NoError(t, err)
	return &plugin{Client: server.served.Client, streams: pluginv2.NewStreamClient(server.conn), settings: backend.DataSourceInstanceSettings{
		UID: fmt.Sprintf("earshot-%d", server.sources.Add(1)), Name: "Earshot", Updated: start, JSONData: raw, DecryptedSecureJSONData: secure,
	}}
}

func (p *plugin) context() backend.PluginContext {
	return backend.PluginContext{PluginID: "earshot-datasource", DataSourceInstanceSettings: &p.settings}
}

// ask sends queries, by their JSON, over the time of the call.
func (p *plugin) ask(ctx context.Context, queries ...string) (*backend.QueryDataResponse, error) {
	req := &backend.QueryDataRequest{PluginContext: p.context()}
	for i, q := range queries {
		req.Queries = append(req.Queries, backend.DataQuery{
			RefID: string(rune('A' + i)), JSON: json.RawMessage(q), MaxDataPoints: 10, Interval: time.Minute,
			TimeRange: backend.TimeRange{From: start, To: soon()},
		})
	}
	return p.Client.QueryData(ctx, req)
}

// one sends one query, and wants an answer.
func (p *plugin) one(t *testing.T, query string) backend.DataResponse {
	t.Helper()
	out, err := p.ask(t.Context(), query)
	require.NoError(t, err)
	require.Contains(t, out.Responses, "A")
	return out.Responses["A"]
}
