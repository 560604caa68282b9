// Package recall reads from ClickHouse what the processor has said before: heritages of calls go in, since when their paths are as
// they are comes out.
package recall

import (
	"context"
	"slices"
	"time"

	"github.com/earshot-rtc/earshot/internal/clickhouse"
	"github.com/earshot-rtc/earshot/processor/partition"
)

// Epochs reads the table e2e.
type Epochs struct{ db *clickhouse.DB }

// New makes an Epochs of a database.
func New(db *clickhouse.DB) *Epochs { return &Epochs{db} }

// chunk is how many calls are asked for at once.
const chunk = 200

// The order of the table begins with tenant and call, so a call is found without a scan; the bounds of time leave out days.
const query = `
SELECT tenant, call_id, subscriber_id, transport_id, ssrc, toUnixTimestamp64Milli(max(epoch_start)) AS epoch
FROM e2e
WHERE window_start >= {first:DateTime64(3, 'UTC')} AND window_start <= {last:DateTime64(3, 'UTC')}
  AND (tenant, call_id) IN (SELECT arrayJoin(arrayZip({tenants:Array(String)}, {calls:Array(String)})))
  AND (tenant, call_id, toUnixTimestamp64Milli(window_start)) IN
      (SELECT arrayJoin(arrayZip({tenants:Array(String)}, {calls:Array(String)}, {windows:Array(Int64)})))
GROUP BY tenant, call_id, subscriber_id, transport_id, ssrc`

type track struct {
	Tenant       string `ch:"tenant"`
	CallID       string `ch:"call_id"`
	SubscriberID string `ch:"subscriber_id"`
	TransportID  string `ch:"transport_id"`
	SSRC         uint32 `ch:"ssrc"`
	Epoch        int64  `ch:"epoch"`
}

type call struct{ tenant, id string }

// Epochs answers with one map for each heritage.
func (e *Epochs) Epochs(ctx context.Context, of []partition.Heritage) ([]map[partition.Track]int64, error) {
	all := make([]map[partition.Track]int64, 0, len(of))
	for some := range slices.Chunk(of, chunk) {
		byCall := make(map[call]map[partition.Track]int64, len(some))
		var tenants, calls []string
		var windows []int64
		for _, h := range some {
			byCall[call{h.Tenant, h.CallID}] = map[partition.Track]int64{}
			for _, w := range h.Windows {
				tenants, calls, windows = append(tenants, h.Tenant), append(calls, h.CallID), append(windows, w)
			}
		}
		rows, err := clickhouse.Select[track](ctx, e.db, query, clickhouse.Params{
			"tenants": tenants, "calls": calls, "windows": windows,
			"first": time.UnixMilli(slices.Min(windows)).UTC(), "last": time.UnixMilli(slices.Max(windows)).UTC(),
		})
		if err != nil {
			return nil, err
		}
		for _, r := range rows {
			byCall[call{r.Tenant, r.CallID}][partition.Track{Subscriber: r.SubscriberID, Transport: r.TransportID, SSRC: r.SSRC}] = r.Epoch
		}
		for _, h := range some {
			all = append(all, byCall[call{h.Tenant, h.CallID}])
		}
	}
	return all, nil
}
