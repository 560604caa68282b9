package statement

import (
	"context"
	"errors"
	"fmt"
	"math"
	"reflect"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/grafana/grafana-plugin-sdk-go/data"

	"github.com/earshot-rtc/earshot/internal/clickhouse"
)

// Limits of a statement.
type Limits struct {
	Tenant  string // whose rows it sees
	Rows    int
	Timeout time.Duration
}

// DB is what statements need of *clickhouse.DB.
type DB interface {
	Query(ctx context.Context, sql string, params clickhouse.Params, settings ...clickhouse.Settings) (clickhouse.Rows, error)
	Database() string
}

// Read runs a statement that Expand and Check have seen. More rows than the limit are cut off, and the frame says so.
func Read(ctx context.Context, db DB, sql string, l Limits) (*data.Frame, error) {
	bound, err := bounds(ctx, db, l.Tenant)
	if err != nil {
		return nil, err
	}
	rows, err := db.Query(ctx, strings.TrimRight(strings.TrimSpace(sql), "; \t\r\n"), nil, bound, clickhouse.Settings{
		"max_execution_time":       int(math.Ceil(l.Timeout.Seconds())),
		"max_result_rows":          l.Rows + 1,
		"result_overflow_mode":     "break",
		"max_memory_usage":         4 << 30,
		"distributed_product_mode": "global",
	})
	if err != nil {
		return nil, err
	}
	f, err := read(rows, l.Rows)
	return f, errors.Join(err, rows.Close())
}

func read(rows clickhouse.Rows, limit int) (*data.Frame, error) {
	typed, ok := rows.(interface{ ColumnTypes() []driver.ColumnType })
	if !ok {
		return nil, errors.New("the rows do not tell their types")
	}
	columns := typed.ColumnTypes()
	f := data.NewFrame("sql")
	f.Meta = &data.FrameMeta{PreferredVisualization: data.VisTypeTable}
	dest := make([]any, len(columns))
	for i, c := range columns {
		dest[i] = reflect.New(c.ScanType()).Interface()
		f.Fields = append(f.Fields, data.NewFieldFromFieldType(kind(c.ScanType()), 0))
		f.Fields[i].Name = c.Name()
	}
	n := 0
	for ; rows.Next(); n++ {
		if n == limit {
			f.AppendNotices(data.Notice{
				Severity: data.NoticeSeverityWarning,
				Text:     fmt.Sprintf("Only the first %d rows are shown, which is the limit of the data source; add LIMIT or group.", limit),
			})
			break
		}
		if err := rows.Scan(dest...); err != nil {
			return nil, err
		}
		for i, d := range dest {
			f.Fields[i].Append(value(f.Fields[i].Type(), reflect.ValueOf(d).Elem()))
		}
	}
	return f, rows.Err()
}

var (
	moment  = reflect.TypeFor[time.Time]()
	inexact = reflect.TypeFor[decimal]()
)

// decimal is what ClickHouse's decimals are read into.
type decimal interface{ InexactFloat64() float64 }

// kind is the field that holds values of a type; all may be unknown.
func kind(t reflect.Type) data.FieldType {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch t.Kind() {
	case reflect.Bool:
		return data.FieldTypeNullableBool
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return data.FieldTypeNullableInt64
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return data.FieldTypeNullableUint64
	case reflect.Float32, reflect.Float64:
		return data.FieldTypeNullableFloat64
	case reflect.Struct:
		if t == moment {
			return data.FieldTypeNullableTime
		}
		if t.Implements(inexact) {
			return data.FieldTypeNullableFloat64
		}
	}
	return data.FieldTypeNullableString
}

func value(k data.FieldType, v reflect.Value) any {
	for v.Kind() == reflect.Pointer {
		if v.IsNil() {
			return data.NewFieldFromFieldType(k, 1).At(0) // a typed nil
		}
		v = v.Elem()
	}
	switch k {
	case data.FieldTypeNullableBool:
		out := v.Bool()
		return &out
	case data.FieldTypeNullableInt64:
		out := v.Int()
		return &out
	case data.FieldTypeNullableUint64:
		out := v.Uint()
		return &out
	case data.FieldTypeNullableFloat64:
		var out float64
		if d, ok := v.Interface().(decimal); ok {
			out = d.InexactFloat64()
		} else {
			out = v.Float()
		}
		if math.IsNaN(out) || math.IsInf(out, 0) {
			return (*float64)(nil)
		}
		return &out
	case data.FieldTypeNullableTime:
		if out, ok := v.Interface().(time.Time); ok {
			return &out
		}
		return (*time.Time)(nil)
	}
	out := ""
	if v.Kind() == reflect.String {
		out = v.String()
	} else if v.CanInterface() {
		out = fmt.Sprint(v.Interface())
	}
	return &out
}

// Series makes a frame over time of one with a column of times; a frame without one stays as it is.
func Series(f *data.Frame) (*data.Frame, error) {
	if f.TimeSeriesSchema().Type != data.TimeSeriesTypeLong {
		return f, nil
	}
	if f.Rows() == 0 {
		return f, nil
	}
	wide, err := data.LongToWide(f, &data.FillMissing{Mode: data.FillModeNull})
	if err != nil {
		return nil, fmt.Errorf("sql: no series can be made of it: %w; add ORDER BY the column of times", err)
	}
	wide.Name = f.Name
	if wide.Meta == nil {
		wide.Meta = f.Meta
	}
	wide.Meta.PreferredVisualization = data.VisTypeGraph
	return wide, nil
}
