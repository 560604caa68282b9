package processor

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/earshot-rtc/earshot/internal/kafka"
)

func TestReadingBeginsWithARecordThatMadeTimeGoOn(t *testing.T) {
	log := func(ms ...int64) *turns {
		var t turns
		for i, at := range ms {
			t.note(&kafka.Record{Offset: int64(100 + i), Time: time.UnixMilli(at)})
		}
		return &t
	}
	for name, c := range map[string]struct {
		log   *turns
		since int64 // ms
		bound time.Duration
		want  int64
	}{
		"the first of its second":                 {log(1000, 1500, 1500, 2000, 2700, 2700), 2700, time.Hour, 103},
		"the very record":                         {log(1000, 2000, 3000), 2000, time.Hour, 101},
		"not a record that is behind":             {log(1000, 3000, 1500, 2500, 3000, 4000), 3000, time.Hour, 101},
		"not a second that time jumped over":      {log(1000, 5000, 2000), 4999, time.Hour, 100},
		"now where nothing is open":               {log(1000, 2000, 5000, 1000), 0, time.Hour, 102},
		"no further back than the bound":          {log(1000, 2000, 3000, 4000), 1, 1500 * time.Millisecond, 101},
		"all where what is read begins in a call": {log(7000, 8000), 5000, time.Hour, 100},
		"nothing but records without a time":      {log(0, 0), 0, time.Hour, 0},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, c.want, c.log.before(c.since*1000, c.bound))
			require.Equal(t, c.want, c.log.before(c.since*1000, c.bound), "what is still needed is kept")
		})
	}
}
