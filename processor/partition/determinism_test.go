package partition_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/earshot-rtc/earshot/processor/partition"
	"github.com/earshot-rtc/earshot/processor/partition/callgen"
	"github.com/earshot-rtc/earshot/processor/row"
)

// dump writes rows so that two batches are alike exactly if their dumps are.
func dump(b *row.Batch) string {
	var w bytes.Buffer
	for _, r := range b.Samples {
		fmt.Fprintf(&w, "%v\n", r)
	}
	for _, r := range b.Streams {
		fmt.Fprintf(&w, "%v\n", r)
	}
	for _, r := range b.Hops {
		fmt.Fprintf(&w, "%v\n", r)
	}
	for _, r := range b.E2E {
		fmt.Fprintf(&w, "%v\n", r)
	}
	for _, r := range b.Events {
		fmt.Fprintf(&w, "%v\n", r)
	}
	return w.String()
}

// TestTheSameRecordsGiveTheSameRows whatever the batches, and whether or not windows were closed by the clock in between.
func TestTheSameRecordsGiveTheSameRows(t *testing.T) {
	records := callgen.Records(callgen.Config{Noise: callgen.Jitter(3 * time.Millisecond)}, 5, time.Minute)
	r := rand.New(rand.NewPCG(1, 2))
	// Some come late, some twice, some not at all.
	for range 40 {
		i, j := r.IntN(len(records)), r.IntN(len(records))
		records[i].Value, records[i].Key = records[j].Value, records[j].Key
	}
	run := func(each func(i int, p *partition.Partition, b *row.Batch)) string {
		p := partition.New(partition.Config{})
		var all, b row.Batch
		take := func() {
			c := b.Clone()
			all.Samples, all.Streams = append(all.Samples, c.Samples...), append(all.Streams, c.Streams...)
			all.Hops, all.E2E = append(all.Hops, c.Hops...), append(all.E2E, c.E2E...)
			b.Reset()
		}
		for i, rec := range records {
			value := bytes.Clone(rec.Value)
			require.NoError(t, p.Apply(partition.Record{Key: rec.Key, Value: value, Time: rec.Time}, &b))
			for k := range value {
				value[k] = 0xff // the record's memory is the caller's again
			}
			each(i, p, &b)
			if b.Len() > 100 && r.IntN(3) == 0 {
				take()
			}
		}
		p.Advance(records[len(records)-1].Time.Add(time.Minute), &b)
		take()
		return dump(&all)
	}
	want := run(func(int, *partition.Partition, *row.Batch) {})
	require.NotEmpty(t, want)
	for range 3 {
		got := run(func(i int, p *partition.Partition, b *row.Batch) {
			if i+1 < len(records) && r.IntN(2) == 0 {
				p.Advance(records[i+1].Time, b) // the processor's clock is never ahead of the next record
			}
		})
		require.Equal(t, want, got)
	}
}
