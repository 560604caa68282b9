package watch

import (
	"context"
	"embed"
	"fmt"
	"time"

	"github.com/earshot-rtc/earshot/internal/clickhouse"
	"github.com/earshot-rtc/earshot/processor/regression"
)

//go:embed sql/*.sql
var files embed.FS

func statement(name string) string {
	text, err := files.ReadFile("sql/" + name + ".sql")
	if err != nil {
		panic(err) // embedded: it is there or nothing was built
	}
	return string(text)
}

// store asks for windows of one length, one query at a time.
type store struct {
	db      DB
	window  time.Duration
	timeout time.Duration
	metrics *metrics
}

// settings keep a query small beside the inserts of the processors and the questions of people.
func (s *store) settings() clickhouse.Settings {
	return clickhouse.Settings{
		"readonly":           2,
		"priority":           100,
		"max_threads":        2,
		"max_execution_time": int(max(s.timeout.Seconds(), 1)),
		"max_memory_usage":   2 << 30,
	}
}

func (s *store) each(ctx context.Context, name string, params clickhouse.Params, scan func(clickhouse.Rows) error) (err error) {
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	began := time.Now()
	defer func() {
		if err != nil {
			err = fmt.Errorf("read %s: %w", name, err)
			s.metrics.errors.WithLabelValues("read").Inc()
			return
		}
		s.metrics.read.WithLabelValues(name).Observe(time.Since(began).Seconds())
	}()
	rows, err := s.db.Query(ctx, statement(name), params, s.settings())
	if err != nil {
		return err
	}
	defer func() {
		if cerr := rows.Close(); err == nil {
			err = cerr
		}
	}()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

func (s *store) moment(ctx context.Context, name string, params clickhouse.Params) (time.Time, error) {
	var ms int64
	err := s.each(ctx, name, params, func(r clickhouse.Rows) error { return r.Scan(&ms) })
	if err != nil || ms == 0 {
		return time.Time{}, err
	}
	return time.UnixMilli(ms).UTC(), nil
}

// newest is the beginning of the newest window of e2e, zero where there is none.
func (s *store) newest(ctx context.Context) (time.Time, error) { return s.moment(ctx, "newest", nil) }

// last is the last window that was observed after from, zero where there is none.
func (s *store) last(ctx context.Context, from time.Time) (time.Time, error) {
	return s.moment(ctx, "last", clickhouse.Params{"window_ms": s.window.Milliseconds(), "from_ms": from.UnixMilli()})
}

// oldest tells since when there are observations of each tenant.
func (s *store) oldest(ctx context.Context) (map[string]time.Time, error) {
	since := map[string]time.Time{}
	err := s.each(ctx, "oldest", clickhouse.Params{"window_ms": s.window.Milliseconds()}, func(r clickhouse.Rows) error {
		var tenant string
		var ms int64
		err := r.Scan(&tenant, &ms)
		since[tenant] = time.UnixMilli(ms).UTC()
		return err
	})
	return since, err
}

// observed is an observation with whose it is and when it was.
type observed struct {
	AtMs          int64     `ch:"at_ms"`
	Tenant        string    `ch:"tenant"`
	Call          string    `ch:"call_id"`
	FromRegion    string    `ch:"from_region"`
	PublisherASN  uint32    `ch:"publisher_asn"`
	PublisherApp  string    `ch:"publisher_app"`
	ToRegion      string    `ch:"to_region"`
	SubscriberASN uint32    `ch:"subscriber_asn"`
	SubscriberApp string    `ch:"subscriber_app"`
	Path          []string  `ch:"sfu_path"`
	RTT           float32   `ch:"rtt"`
	Hops          []float32 `ch:"hops"`
	Tracks        uint16    `ch:"received"`
}

func (o *observed) at() time.Time { return time.UnixMilli(o.AtMs).UTC() }

// observation is what the detector wants.
func (o *observed) observation() regression.Observation {
	hops := make([]float64, len(o.Hops))
	for i, h := range o.Hops {
		hops[i] = float64(h)
	}
	return regression.Observation{
		Call:       o.Call,
		Publisher:  regression.End{Region: o.FromRegion, ASN: o.PublisherASN, Version: o.PublisherApp},
		Subscriber: regression.End{Region: o.ToRegion, ASN: o.SubscriberASN, Version: o.SubscriberApp},
		Path:       o.Path, Hops: hops, RTT: float64(o.RTT),
	}
}

// scan reads one row of observe or recall. It is faster than ScanStruct, which counts where an hour or more is read.
func (o *observed) scan(r clickhouse.Rows) error {
	o.Path, o.Hops = nil, nil // these are kept
	return r.Scan(&o.AtMs, &o.Tenant, &o.Call, &o.FromRegion, &o.PublisherASN, &o.PublisherApp, &o.ToRegion, &o.SubscriberASN, &o.SubscriberApp,
		&o.Path, &o.RTT, &o.Hops, &o.Tracks)
}

// observe makes observations of the windows from from up to but not including to.
func (s *store) observe(ctx context.Context, from, to time.Time) ([]observed, error) {
	var all []observed
	err := s.each(ctx, "observe", s.span(from, to), func(r clickhouse.Rows) error {
		var o observed
		err := o.scan(r)
		all = append(all, o)
		return err
	})
	return all, err
}

func (s *store) span(from, to time.Time) clickhouse.Params {
	return clickhouse.Params{"from_ms": from.UnixMilli(), "to_ms": to.UnixMilli(), "window_ms": s.window.Milliseconds(), "all": true, "tenant": ""}
}

// recall reads what was observed in a span, tenant by tenant, the windows of each in order: take is called with all of one window.
func (s *store) recall(ctx context.Context, from, to time.Time, tenant *string, take func(tenant string, window time.Time, of []regression.Observation)) error {
	params := s.span(from, to)
	if tenant != nil {
		params["all"], params["tenant"] = false, *tenant
	}
	var (
		o, first observed
		batch    []regression.Observation
	)
	flush := func() {
		if len(batch) > 0 {
			take(first.Tenant, first.at(), batch)
			batch = nil
		}
	}
	err := s.each(ctx, "recall", params, func(r clickhouse.Rows) error {
		if err := o.scan(r); err != nil {
			return err
		}
		if o.Tenant != first.Tenant || o.AtMs != first.AtMs {
			flush()
			first = o
		}
		batch = append(batch, o.observation())
		return nil
	})
	if err == nil {
		flush()
	}
	return err
}
