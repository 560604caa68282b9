package partition_test

import (
	"errors"
	"testing"
	"time"

	"github.com/earshot-rtc/earshot/processor/partition"
	"github.com/earshot-rtc/earshot/processor/partition/callgen"
	"github.com/earshot-rtc/earshot/processor/row"
)

// FuzzApply feeds a partition with bytes among good samples: it must refuse or take them, and go on.
func FuzzApply(f *testing.F) {
	good := callgen.Records(callgen.Config{Clients: 2, SFUs: 2}, 1, 20*time.Second)
	for _, r := range good[:8] {
		f.Add(r.Value, int64(0), uint16(1))
	}
	f.Add([]byte{}, int64(-1), uint16(0))
	f.Add([]byte{0x0a, 0x02, 0x0a, 0x00}, int64(1)<<60, uint16(3))
	f.Fuzz(func(t *testing.T, value []byte, shift int64, at uint16) {
		p := partition.New(partition.Config{})
		var b row.Batch
		for i, r := range good {
			if i == int(at)%len(good) || i == int(at/256)%len(good) {
				err := p.Apply(partition.Record{Key: []byte("call-0"), Value: value, Time: r.Time.Add(time.Duration(shift))}, &b)
				var refused *partition.ReadError
				if err != nil && (!errors.As(err, &refused) || refused.Reason == "") {
					t.Fatalf("an error without a reason: %v", err)
				}
			}
			if err := p.Apply(partition.Record{Key: r.Key, Value: r.Value, Time: r.Time}, &b); err != nil {
				t.Fatal(err)
			}
		}
		p.Advance(good[len(good)-1].Time.Add(time.Hour), &b)
		p.Advance(good[len(good)-1].Time.Add(time.Hour), &b)
		check(t, &b)
	})
}

// FuzzMutatedSample changes good samples here and there.
func FuzzMutatedSample(f *testing.F) {
	good := callgen.Records(callgen.Config{Clients: 3, SFUs: 2}, 1, 30*time.Second)
	f.Add(uint16(3), uint16(40), byte(0x80), uint16(70), byte(1))
	f.Fuzz(func(t *testing.T, record, at uint16, with byte, at2 uint16, with2 byte) {
		p := partition.New(partition.Config{})
		var b row.Batch
		for i, r := range good {
			v := append([]byte(nil), r.Value...)
			if i >= int(record)%len(good) {
				v[int(at)%len(v)] ^= with
				v[int(at2)%len(v)] ^= with2
			}
			_ = p.Apply(partition.Record{Key: r.Key, Value: v, Time: r.Time}, &b)
		}
		p.Advance(good[len(good)-1].Time.Add(time.Hour), &b)
		check(t, &b)
	})
}

// check looks for rows that cannot be.
func check(t *testing.T, b *row.Batch) {
	for i := range b.E2E {
		r := &b.E2E[i]
		n := len(r.HopFrom)
		if n == 0 || len(r.HopTo) != n || len(r.HopRTTMs) != n || len(r.HopErrMs) != n || len(r.HopAgeMs) != n ||
			len(r.HopSource) != n || len(r.HopStatus) != n || int(r.HopsExpected) < n {
			t.Fatalf("hops that do not fit together: %+v", r)
		}
		if (r.Status == row.Partial) == r.RTTMs.Valid || r.Status == row.Complete && r.PublisherID == "" {
			t.Fatalf("a status that does not fit: %+v", r)
		}
		if r.RTTMs.Valid && !(r.RTTMs.Value > 0 && r.RTTErrMs.Value > 0) {
			t.Fatalf("a time that cannot be: %+v", r)
		}
	}
}
