package callgen

import (
	"fmt"
	"slices"
	"time"

	earshotv1 "github.com/earshot-rtc/earshot/schemas/proto/earshot/v1"
)

// Record is a sample as Kafka holds it.
type Record struct {
	Key, Value []byte
	Time       time.Time
}

// Records makes the records of a number of calls of one shape over a span of time, in order of receipt.
func Records(cfg Config, calls int, span time.Duration) []Record {
	cfg.defaults()
	var records []Record
	for i := range calls {
		one := cfg
		one.ID, one.Seed = fmt.Sprintf("%s-%d", cfg.ID, i), cfg.Seed+uint64(i)
		c := New(one)
		c.Until(one.Start.Add(span), func(m *earshotv1.Sample, received time.Time) {
			value, err := m.MarshalVT()
			if err != nil {
				panic(err) // a sample of our own making
			}
			records = append(records, Record{Key: []byte(m.CallId), Value: value, Time: received})
		})
	}
	slices.SortStableFunc(records, func(a, b Record) int { return a.Time.Compare(b.Time) })
	return records
}
