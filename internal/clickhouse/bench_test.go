package clickhouse_test

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/earshot-rtc/earshot/internal/clickhouse"
	ddl "github.com/earshot-rtc/earshot/schemas/clickhouse"
)

// e2eColumns is a batch of rows as calls of six over three SFUs give them, in the layout that the inserter uses.
func e2eColumns(rows int) []clickhouse.Column {
	repeat := func(of int, value func(i int) string) []string {
		names := make([]string, of)
		for i := range names {
			names[i] = value(i)
		}
		all := make([]string, rows)
		for i := range all {
			all[i] = names[i%of]
		}
		return all
	}
	unknown := float32(math.NaN())
	figure := func(base float32, known int) []float32 {
		all := make([]float32, rows)
		for i := range all {
			all[i] = base + float32(i%97)*0.37
			if i%10 >= known {
				all[i] = unknown
			}
		}
		return all
	}
	var (
		sfus, regions, from, to, missing     clickhouse.Array[string]
		rtt, rttErr                          clickhouse.Array[float32]
		age                                  clickhouse.Array[uint32]
		source, status                       clickhouse.Array[int8]
		parts                                clickhouse.Map[float32]
		start, epoch                         []int64
		windowMs, ssrc, asn                  []uint32
		kind, complete                       []int8
		hopsExpected, hopsMeasured, instants []uint8
		height                               []uint16
		now                                  = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC).UnixMilli()
		bitrate                              = make([]float32, rows)
		tenant                               = repeat(1, func(int) string { return "" })
		region                               = repeat(3, func(i int) string { return []string{"eu-central", "us-east", "ap-northeast"}[i] })
		app                                  = repeat(4, func(i int) string { return fmt.Sprintf("web/4.%d.0", i) })
	)
	for i := range rows {
		hops := 2 + i%3
		sfus.Append([]string{"fra", "iad", "nrt"}[:hops-1]...)
		regions.Append([]string{"eu-central", "us-east", "ap-northeast"}[:hops-1]...)
		from.Append([]string{"client", "fra", "iad", "nrt"}[:hops]...)
		to.Append([]string{"fra", "iad", "nrt", "client"}[:hops]...)
		for h := range hops {
			rtt.Values = append(rtt.Values, 20+float32(h)*31+float32(i%89))
			rttErr.Values = append(rttErr.Values, 0.8+float32(i%7)*0.1)
			age.Values = append(age.Values, uint32(i%4000))
			source.Values = append(source.Values, int8(1+i%3))
			status.Values = append(status.Values, 1)
		}
		rtt.End()
		rttErr.End()
		age.End()
		source.End()
		status.End()
		if i%3 == 0 {
			missing.Append("send", "playout")
		} else {
			missing.End()
		}
		for p, name := range []string{"delay", "equipment", "idd", "ie_eff", "r"} {
			parts.Set(name, float32(p)+float32(i%50)*0.1)
		}
		parts.End()
		start = append(start, now+int64(i/30)*5000)
		epoch = append(epoch, now-60_000)
		windowMs, ssrc, asn = append(windowMs, 5000), append(ssrc, uint32(i)*2654435761), append(asn, 3320)
		kind, complete = append(kind, int8(1+i%2)), append(complete, 1)
		hopsExpected, hopsMeasured, instants = append(hopsExpected, uint8(hops)), append(hopsMeasured, uint8(hops)), append(instants, 5)
		height = append(height, 720)
		bitrate[i] = 480_000 + float32(i%1000)
	}
	col := func(name string, values any) clickhouse.Column { return clickhouse.Column{Name: name, Values: values} }
	return []clickhouse.Column{
		col("window_start", start), col("window_ms", windowMs), col("tenant", tenant),
		col("call_id", repeat(max(1, rows/900), func(i int) string { return fmt.Sprintf("call-%08x", i*2654435761) })),
		col("publisher_id", repeat(6, func(i int) string { return fmt.Sprintf("client-%d", i) })),
		col("subscriber_id", repeat(5, func(i int) string { return fmt.Sprintf("client-%d", 5-i) })),
		col("kind", kind), col("track_id", repeat(12, func(i int) string { return fmt.Sprintf("track-%08x", i*40503) })),
		col("rid", tenant), col("ssrc", ssrc), col("transport_id", repeat(6, func(i int) string { return fmt.Sprintf("pc-%d", i) })),
		col("epoch_start", epoch), col("sfu_path", &sfus), col("region_path", &regions), col("status", complete),
		col("hops_expected", hopsExpected), col("hops_measured", hopsMeasured), col("instants", instants),
		col("rtt_ms", figure(200, 10)), col("rtt_err_ms", figure(1, 10)), col("rtt_min_ms", figure(198, 10)),
		col("rtt_max_ms", figure(205, 10)), col("rtt_lower_ms", figure(0, 0)),
		col("hop_from", &from), col("hop_to", &to), col("hop_rtt_ms", &rtt), col("hop_err_ms", &rttErr), col("hop_age_ms", &age),
		col("hop_source", &source), col("hop_status", &status),
		col("mouth_to_ear_ms", figure(240, 9)), col("send_ms", figure(12, 6)), col("network_ms", figure(100, 9)),
		col("residence_ms", figure(1, 9)), col("jitter_buffer_ms", figure(60, 9)), col("decode_ms", figure(3, 9)),
		col("playout_ms", figure(20, 6)), col("budget_missing", &missing), col("capture_delay_ms", figure(0, 0)),
		col("loss_ratio", figure(0, 9)), col("concealed_ratio", figure(0, 9)), col("jitter_ms", figure(4, 9)),
		col("bitrate_bps", bitrate), col("frame_rate", figure(30, 5)), col("frame_height", height),
		col("freeze_ratio", figure(0, 5)), col("score", figure(4, 9)), col("score_r", figure(80, 5)),
		col("score_parts", &parts), col("score_version", repeat(2, func(i int) string { return []string{"g107-1", "video-1"}[i] })),
		col("publisher_region", region), col("subscriber_region", region), col("publisher_asn", asn), col("subscriber_asn", asn),
		col("publisher_app", app), col("subscriber_app", app),
	}
}

// cpuTime is the processor time that a process has used, in seconds; 0 where /proc does not tell.
func cpuTime(b *testing.B, pid int) float64 {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
	user, err := strconv.Atoi(fields[11])
	require.NoError(b, err)
	system, err := strconv.Atoi(fields[12])
	require.NoError(b, err)
	return float64(user+system) / 100 // USER_HZ
}

// BenchmarkInsert is the whole way into the table, with the server on the same cores.
func BenchmarkInsert(b *testing.B) {
	for _, rows := range []int{10_000, 50_000, 200_000} {
		b.Run(fmt.Sprintf("e2e/%d", rows), func(b *testing.B) {
			db := testDB(b, clickhouse.Config{})
			_, err := clickhouse.Migrate(context.Background(), db, ddl.Migrations)
			require.NoError(b, err)
			columns := e2eColumns(rows)
			b.ReportAllocs()
			b.ResetTimer()
			client, server := cpuTime(b, os.Getpid()), cpuTime(b, engine.PID())
			for i := range b.N {
				require.NoError(b, db.Insert(context.Background(), "e2e", fmt.Sprintf("bench:0:%d", i), columns))
			}
			all := float64(rows) * float64(b.N)
			b.ReportMetric(all/b.Elapsed().Seconds(), "rows/s")
			// On a busy machine processor time says more than the clock.
			b.ReportMetric((cpuTime(b, os.Getpid())-client)/all*1e6, "client-cpu-µs/row")
			b.ReportMetric((cpuTime(b, engine.PID())-server)/all*1e6, "server-cpu-µs/row")
		})
	}
}
