package source

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"

	"github.com/earshot-rtc/earshot/dashboards/query"
	"github.com/earshot-rtc/earshot/internal/clickhouse"
)

// CheckHealth says whether the data source works, and if not, what to change.
func (s *Source) CheckHealth(ctx context.Context, _ *backend.CheckHealthRequest) (*backend.CheckHealthResult, error) {
	if s.wrong != nil {
		return unhealthy(s.wrong.Error(), nil), nil
	}
	ctx, cancel := context.WithTimeout(ctx, s.settings.Timeout)
	defer cancel()
	if err := s.db.Ping(ctx); err != nil {
		return unhealthy(s.unreachable(err), err), nil
	}
	message, err := s.look(ctx)
	if err != nil {
		return unhealthy(message, err), nil
	}
	return &backend.CheckHealthResult{Status: backend.HealthStatusOk, Message: message}, nil
}

func unhealthy(message string, cause error) *backend.CheckHealthResult {
	r := &backend.CheckHealthResult{Status: backend.HealthStatusError, Message: message}
	if cause != nil {
		if details, err := json.Marshal(map[string]string{"verboseMessage": cause.Error()}); err == nil {
			r.JSONDetails = details
		}
	}
	return r
}

// unreachable says why there is no talking to the server.
func (s *Source) unreachable(err error) string {
	switch code := clickhouse.Code(err); {
	case code == codeAuthentication || code == codeUnknownUser || code == codeWrongPassword:
		return fmt.Sprintf("ClickHouse at %s refuses user %q: check username and password.", s.settings.Address, s.user())
	case code == codeUnknownDatabase:
		return fmt.Sprintf("There is no database %q at %s: check its name, or make it with earshot migrate up.", s.db.Database(), s.settings.Address)
	case code != 0:
		return fmt.Sprintf("ClickHouse at %s refuses: %s", s.settings.Address, firstLine(err))
	case s.settings.Secure:
		return fmt.Sprintf("ClickHouse is not reachable at %s over TLS: check address and port (mostly 9440 with TLS), the certificate, and that Grafana's machine may connect there.", s.settings.Address)
	}
	return fmt.Sprintf("ClickHouse is not reachable at %s: check address and port (its native protocol, mostly 9000, not HTTP), and that Grafana's machine may connect there.", s.settings.Address)
}

func (s *Source) user() string {
	if s.settings.Username == "" {
		return "default"
	}
	return s.settings.Username
}

// neededTable and neededColumn stand for the newest thing in the schema that queries read.
const (
	neededTable  = "samples_1m"
	neededColumn = "delay"
)

// look asks what the store has. The message says what is wrong, or how it is.
func (s *Source) look(ctx context.Context) (string, error) {
	tables, err := s.count(ctx, `SELECT count() FROM system.tables WHERE database = {database:String} AND name IN ('e2e', 'calls')`)
	if err != nil {
		return "ClickHouse answers, but " + said(err) + ".", err
	}
	databases, err := s.count(ctx, `SELECT count() FROM system.databases WHERE name = {database:String}`)
	switch {
	case err != nil:
		return "ClickHouse answers, but " + said(err) + ".", err
	case databases == 0:
		return fmt.Sprintf("There is no database %q: check its name, or make it with earshot migrate up.", s.db.Database()), errors.New("no such database")
	case tables < 2:
		return fmt.Sprintf("Database %q has no tables of Earshot that user %q may read: run earshot migrate up, or grant it SELECT.", s.db.Database(), s.user()),
			errors.New("no such tables")
	}
	newest, err := s.count(ctx, `SELECT count() FROM system.columns WHERE database = {database:String} AND table = '`+neededTable+`' AND name = '`+neededColumn+`'`)
	if err == nil && newest == 0 {
		return fmt.Sprintf("The tables in database %q are older than this plugin: run earshot migrate up.", s.db.Database()), errors.New("older schema")
	}
	if err != nil {
		return "ClickHouse answers, but " + said(err) + ".", err
	}
	ended, err := s.service.NewestWindow(ctx, query.Range{From: s.now().Add(-query.MaxRange / 4), To: s.now()})
	if err != nil {
		return said(err), err
	}
	message := fmt.Sprintf("Connected to database %s.", s.db.Database())
	if ended == nil {
		message += fmt.Sprintf(" There are no rows of %s of the last week yet.", whose(s.settings.Tenant))
	} else {
		message += fmt.Sprintf(" The newest window is %s old.", max(s.now().Sub(*ended), 0).Round(time.Second))
	}
	return message + s.warning(ctx), nil
}

func whose(tenant string) string {
	if tenant == "" {
		return "calls without a tenant"
	}
	return "tenant " + tenant
}

// warning is about a user that can do more than it should.
func (s *Source) warning(ctx context.Context) string {
	if !s.settings.RawSQL {
		return ""
	}
	var may uint8 // of a connection that is not held to reading, or nobody might
	if err := s.first(ctx, "CHECK GRANT INSERT ON "+s.db.Database()+".e2e", &may); err != nil || may == 0 {
		return ""
	}
	return fmt.Sprintf(" Warning: queries in SQL are allowed, and user %q may write; each query is held to reading, but give the data source a user that can do no more.", s.user())
}

func (s *Source) count(ctx context.Context, sql string) (n uint64, err error) {
	return n, s.first(ctx, sql, &n, clickhouse.Settings{"readonly": 2})
}

// first reads the one value of an answer.
func (s *Source) first(ctx context.Context, sql string, into any, settings ...clickhouse.Settings) error {
	rows, err := s.store.Query(ctx, sql, clickhouse.Params{"database": s.db.Database()}, settings...)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		if err := rows.Scan(into); err != nil {
			return err
		}
	}
	return rows.Err()
}
