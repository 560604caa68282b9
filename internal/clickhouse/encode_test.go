package clickhouse

import (
	"testing"

	"github.com/ClickHouse/ch-go/proto"
	"github.com/stretchr/testify/require"
)

// BenchmarkEncode is the client's own share of an insert of 50,000 rows, without compression.
func BenchmarkEncode(b *testing.B) {
	const rows = 50_000
	floats, names := make([]float32, rows), make([]string, rows)
	var hops Array[float32]
	var path Array[string]
	var parts Map[float32]
	for i := range rows {
		floats[i] = float32(i % 97)
		names[i] = []string{"eu-central", "us-east", "ap-northeast"}[i%3]
		hops.Append(1, 2, 3)
		path.Append("fra", "iad", "nrt")
		parts.Set("delay", 1)
		parts.Set("idd", 2)
		parts.End()
	}
	for name, c := range map[string]struct {
		typ    proto.ColumnType
		values any
	}{
		"Float32":             {"Float32", floats},
		"Nullable_Float32":    {"Nullable(Float32)", floats},
		"String":              {"String", names},
		"LowCardinality":      {"LowCardinality(String)", names},
		"Array_Float32":       {"Array(Float32)", &hops},
		"Array_LowCard":       {"Array(LowCardinality(String))", &path},
		"Map_LowCard_Float32": {"Map(LowCardinality(String), Float32)", &parts},
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			var buf proto.Buffer
			for range b.N {
				col, err := newColumn(c.values)
				require.NoError(b, err)
				require.NoError(b, col.Infer(c.typ))
				buf.Reset()
				col.EncodeState(&buf)
				col.EncodeColumn(&buf)
			}
			b.SetBytes(int64(len(buf.Buf)))
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/rows, "ns/row")
		})
	}
}
