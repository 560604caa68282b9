package insert_test

import (
	"context"
	"errors"
	"math"
	"os"
	"reflect"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/earshot-rtc/earshot/internal/clickhouse"
	engine "github.com/earshot-rtc/earshot/internal/embedded/clickhouse"
	"github.com/earshot-rtc/earshot/processor/insert"
	"github.com/earshot-rtc/earshot/processor/quality"
	"github.com/earshot-rtc/earshot/processor/row"
	ddl "github.com/earshot-rtc/earshot/schemas/clickhouse"
)

func TestMain(m *testing.M) {
	engine.RunChildIfAsked()
	goleak.VerifyTestMain(m)
}

func database(t testing.TB) *clickhouse.DB {
	t.Helper()
	if _, err := engine.Find(); errors.Is(err, engine.ErrNotFound) && os.Getenv("CI") != "true" {
		t.Skip(err)
	}
	s, err := engine.New(engine.Config{}, engine.Dependencies{})
	require.NoError(t, err)
	require.NoError(t, s.Start(t.Context()))
	t.Cleanup(func() { require.NoError(t, s.Shutdown(context.Background())) })
	db, err := clickhouse.Open(clickhouse.Config{Addr: []string{s.Addr()}})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	_, err = clickhouse.Migrate(t.Context(), db, ddl.Migrations)
	require.NoError(t, err)
	for _, table := range []string{insert.Samples, insert.Streams, insert.Hops, insert.E2E, insert.Events, insert.Dead} {
		// The rows of these tests are of a fixed day long ago.
		require.NoError(t, db.Exec(t.Context(), "ALTER TABLE "+table+" REMOVE TTL", nil))
	}
	return db
}

const (
	windowMs = 1_700_000_005_000
	sampleUs = 1_700_000_005_123_456
)

// full is a batch with one row per table in which every field has a value that is not its zero.
func full() *row.Batch {
	b := &row.Batch{
		Samples: make([]row.Sample, 1), Streams: make([]row.Stream, 1), Hops: make([]row.Hop, 1), E2E: make([]row.E2E, 1),
		Events: make([]row.Event, 1), Dead: make([]row.DeadLetter, 1),
	}
	fill(reflect.ValueOf(&b.Samples[0]).Elem())
	fill(reflect.ValueOf(&b.Streams[0]).Elem())
	fill(reflect.ValueOf(&b.Hops[0]).Elem())
	fill(reflect.ValueOf(&b.E2E[0]).Elem())
	fill(reflect.ValueOf(&b.Events[0]).Elem())
	fill(reflect.ValueOf(&b.Dead[0]).Elem())
	b.Events[0].At, b.Dead[0].ReceivedAt = sampleUs, windowMs
	b.Samples[0].SampledAt, b.Samples[0].ReceivedAt, b.Streams[0].SampledAt = sampleUs, sampleUs+7, sampleUs
	b.Hops[0].WindowStart, b.E2E[0].WindowStart, b.E2E[0].EpochStart = windowMs, windowMs, windowMs-1234
	b.E2E[0].ScoreParts = quality.Audio(quality.AudioInput{OneWayMs: 200, Codec: "opus"}).Parts
	return b
}

func fill(v reflect.Value) {
	for i := range v.NumField() {
		f := v.Field(i)
		if f.Type() == reflect.TypeFor[quality.Parts]() {
			continue
		}
		set(f, v.Type().Field(i).Name, i)
	}
}

func set(f reflect.Value, name string, i int) {
	switch f.Kind() {
	case reflect.String:
		f.SetString(name)
	case reflect.Bool:
		f.SetBool(true)
	case reflect.Int8:
		f.SetInt(2)
	case reflect.Int64:
		f.SetInt(int64(1000 + i))
	case reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		f.SetUint(uint64(10 + i))
	case reflect.Float32, reflect.Float64:
		f.SetFloat(float64(i) + 0.5)
	case reflect.Slice:
		s := reflect.MakeSlice(f.Type(), 2, 2)
		set(s.Index(0), name, i)
		set(s.Index(1), name+"2", i+1)
		f.Set(s)
	case reflect.Struct:
		if f.Type() != reflect.TypeFor[row.Float]() { // embedded
			fill(f)
			return
		}
		f.Set(reflect.ValueOf(row.Some(float32(i) + 0.25)))
	default:
		panic(name + " has a kind that the test does not know")
	}
}

func insertAll(t testing.TB, db *clickhouse.DB, b *row.Batch) {
	t.Helper()
	for _, tab := range insert.NewBuffer().Fill(b) {
		require.NoError(t, db.Insert(t.Context(), tab.Name, "", tab.Columns))
	}
}

func TestEveryColumnOfTheTablesIsFilled(t *testing.T) {
	db := database(t)
	insertAll(t, db, full())
	for _, tab := range insert.NewBuffer().Fill(full()) {
		t.Run(tab.Name, func(t *testing.T) {
			type column struct {
				Name string `ch:"name"`
				Type string `ch:"type"`
			}
			want, err := clickhouse.Select[column](t.Context(), db,
				"SELECT name, type FROM system.columns WHERE database = currentDatabase() AND table = {t:String} ORDER BY position",
				clickhouse.Params{"t": tab.Name})
			require.NoError(t, err)
			var names, have []string
			for _, c := range want {
				names = append(names, c.Name)
			}
			for _, c := range tab.Columns {
				have = append(have, c.Name)
			}
			slices.Sort(names)
			slices.Sort(have)
			require.Equal(t, names, have)
			for _, c := range want {
				rows, err := db.Query(t.Context(), "SELECT count() FROM "+tab.Name+" WHERE toString("+c.Name+") NOT IN ('', '0', '[]', '{}', 'false', 'none', 'unknown')"+
					" AND "+c.Name+" IS NOT NULL", nil)
				require.NoError(t, err)
				var n uint64
				require.True(t, rows.Next())
				require.NoError(t, rows.Scan(&n))
				require.NoError(t, rows.Close())
				require.Equal(t, uint64(1), n, "%s.%s has no value", tab.Name, c.Name)
			}
		})
	}
}

func text(t *testing.T, db *clickhouse.DB, table, columns string) []string {
	t.Helper()
	rows, err := db.Query(t.Context(), "SELECT toString(tuple("+columns+")) FROM "+table+" ORDER BY tenant", nil)
	require.NoError(t, err)
	defer rows.Close()
	var all []string
	for rows.Next() {
		var s string
		require.NoError(t, rows.Scan(&s))
		all = append(all, s)
	}
	require.NoError(t, rows.Err())
	return all
}

func TestValuesArriveAsTheyWere(t *testing.T) {
	db := database(t)
	b := &row.Batch{}
	nan := float32(math.NaN())
	b.E2E = []row.E2E{
		{
			Tenant: "a", WindowStart: windowMs, EpochStart: windowMs - 1, WindowMs: 5000, SSRC: math.MaxUint32, Kind: row.Audio, Status: row.Complete,
			SFUPath: []string{"fra", "iad"}, HopsExpected: 3, RTTMs: row.Some(251.5), BudgetMissing: []string{"send"},
			HopFrom: []string{"ana", "fra", "iad"}, HopTo: []string{"fra", "iad", "bo"},
			HopRTTMs: []float32{24.5, nan, 3}, HopErrMs: []float32{1, nan, 2}, HopAgeMs: []uint32{1, 0, math.MaxUint32},
			HopSource:  []row.RTTSource{row.RTCPRR, row.SourceNone, row.Probe},
			HopStatus:  []row.HopStatus{row.HopMeasured, row.HopMissing, row.HopImputed},
			ScoreParts: quality.Audio(quality.AudioInput{OneWayMs: 90, Codec: "opus"}).Parts, ScoreR: row.Some(float32(0)),
		},
		{Tenant: "b", WindowStart: windowMs, Kind: row.MediaUnknown, Status: row.Partial},
		{Tenant: "c", WindowStart: windowMs, Kind: row.Video, Status: row.Imputed, SFUPath: []string{"fra"}, RTTMs: row.Some(1.0)},
	}
	b.Streams = []row.Stream{{Tenant: "ü\x00x", SampledAt: sampleUs, SourceKind: row.KindSFU, Direction: row.Outbound, BitrateBps: nan, Muted: true, FrameWidth: 65535}}
	b.Samples = []row.Sample{{Tenant: "a", SampledAt: sampleUs, ReceivedAt: sampleUs + 1, SourceKind: row.KindClient, Sequence: math.MaxUint64, ClockOffsetUs: math.MinInt64, Late: true}}
	b.Hops = []row.Hop{{Tenant: "a", WindowStart: windowMs, FromKind: row.KindClient, PairedBy: row.BySSRC, RTTMinMs: row.Some(float32(0)), LocalCandidate: row.Relay, Protocol: row.TLS, RTTEnd: row.ToEnd}}
	insertAll(t, db, b)

	require.Equal(t, []string{
		"('a','2023-11-14 22:13:25.000','2023-11-14 22:13:24.999','audio','complete',['fra','iad'],251.5,NULL,0,4294967295)",
		"('b','2023-11-14 22:13:25.000','1970-01-01 00:00:00.000','unknown','partial',[],NULL,NULL,NULL,0)",
		"('c','2023-11-14 22:13:25.000','1970-01-01 00:00:00.000','video','imputed',['fra'],1,NULL,NULL,0)",
	}, text(t, db, "e2e", "tenant, window_start, epoch_start, kind, status, sfu_path, rtt_ms, rtt_err_ms, score_r, ssrc"))
	require.Equal(t, []string{
		"(['ana','fra','iad'],['fra','iad','bo'],[24.5,nan,3],[1,nan,2],[1,0,4294967295],['rtcp_rr','none','probe'],['measured','missing','imputed'],['send'],{'r0':93.2,'idd':0,'ie_eff':0})",
		"([],[],[],[],[],[],[],[],{})", "([],[],[],[],[],[],[],[],{})",
	}, text(t, db, "e2e", "hop_from, hop_to, hop_rtt_ms, hop_err_ms, hop_age_ms, hop_source, hop_status, budget_missing, score_parts"))
	require.Equal(t, []string{"('ü\\0x','2023-11-14 22:13:25.123456','sfu','outbound',nan,NULL,true,65535)"},
		text(t, db, "streams", "tenant, sampled_at, source_kind, direction, bitrate_bps, loss_ratio, muted, frame_width"))
	require.Equal(t, []string{"('2023-11-14 22:13:25.123456','2023-11-14 22:13:25.123457','client',18446744073709551615,-9223372036854775808,true)"},
		text(t, db, "samples", "sampled_at, received_at, source_kind, sequence, clock_offset_us, late"))
	require.Equal(t, []string{"('ssrc',NULL,0,'relay','tls','to')"},
		text(t, db, "hops", "paired_by, rtt_ms, rtt_min_ms, local_candidate, protocol, rtt_end"))
}

func TestABufferCarriesNothingOver(t *testing.T) {
	buf := insert.NewBuffer()
	require.Len(t, buf.Fill(full()), 6)
	buf.Reset()
	require.Empty(t, buf.Fill(&row.Batch{}))
	tables := buf.Fill(&row.Batch{Samples: make([]row.Sample, 3)})
	require.Len(t, tables, 1)
	require.Equal(t, insert.Samples, tables[0].Name)
	require.Equal(t, 3, tables[0].Rows)
	for _, c := range tables[0].Columns {
		require.Equal(t, 3, reflect.ValueOf(c.Values).Len(), c.Name)
		require.True(t, reflect.ValueOf(c.Values).Index(0).IsZero(), c.Name)
	}
}

// realistic has e2e rows as a call over three SFUs gives them.
func realistic(n int) *row.Batch {
	b := &row.Batch{}
	for i := range n {
		r := row.E2E{
			WindowStart: windowMs + int64(i/40)*5000, WindowMs: 5000, CallID: "0b2c7b4e-6a4f-4bd1-9d35-3d1f7b1c1c1e", PublisherID: "client-a", SubscriberID: "client-b",
			Kind: row.Audio, TrackID: "f3b1", SSRC: uint32(i), TransportID: "t1", Status: row.Complete, HopsExpected: 4, HopsMeasured: 4, Instants: 5,
			RTTMs: row.Some(float32(i) / 7), RTTErrMs: row.Some(1.5), BitrateBps: 32000, ScoreVersion: quality.AudioVersion,
			ScoreParts: quality.Audio(quality.AudioInput{OneWayMs: 200, Codec: "opus"}).Parts,
			SFUPath:    b.Strings(3), RegionPath: b.Strings(3), HopFrom: b.Strings(4), HopTo: b.Strings(4),
			HopRTTMs: b.Floats(4), HopErrMs: b.Floats(4), HopAgeMs: b.Ages(4), HopSource: b.Sources(4), HopStatus: b.HopStatuses(4),
		}
		copy(r.SFUPath, []string{"fra", "iad", "nrt"})
		for h := range 4 {
			r.HopRTTMs[h], r.HopErrMs[h], r.HopAgeMs[h] = float32(i+h), 1, uint32(i)
			r.HopSource[h], r.HopStatus[h] = row.RTCPRR, row.HopMeasured
		}
		b.E2E = append(b.E2E, r)
	}
	return b
}

func BenchmarkFillE2E(b *testing.B) {
	const rows = 10_000
	batch, buf := realistic(rows), insert.NewBuffer()
	b.ReportAllocs()
	for b.Loop() {
		buf.Fill(batch)
	}
	b.ReportMetric(float64(b.N)*rows/b.Elapsed().Seconds(), "rows/s")
}

func BenchmarkInsertE2E(b *testing.B) {
	const rows = 50_000
	db := database(b)
	batch, buf := realistic(rows), insert.NewBuffer()
	b.ReportAllocs()
	for b.Loop() {
		tab := buf.Fill(batch)[0]
		require.NoError(b, db.Insert(b.Context(), tab.Name, "", tab.Columns))
	}
	b.ReportMetric(float64(b.N)*rows/b.Elapsed().Seconds(), "rows/s")
}
