package processor

import (
	"encoding/json"
	"errors"
	"fmt"
)

// progress is what stands beside a partition's committed offset. Times are in milliseconds since the Unix epoch.
//
// Before an insert the offset stays and intent is set; after it the offset moves past intent.Last and intent is gone. So
// whoever takes the partition over, after whatever end, knows exactly which records made up the batch that may or may not
// have reached ClickHouse, builds the same batch again and gives it the same token.
type progress struct {
	Version int `json:"v"`
	// Time is the latest record time before the offset.
	Time int64 `json:"time,omitempty"`
	// Start is the offset of the record from which on to read again, so that state and time are what they were at the offset.
	Start *int64 `json:"start,omitempty"`
	// From is the record time that Start stands for, or a little later; 0 where no call is open. It serves where Start is not
	// there, or means nothing any more.
	From int64 `json:"from,omitempty"`
	// Intent is the batch that begins at the offset.
	Intent *intent `json:"intent,omitempty"`
}

// intent is what a batch consists of: the records up to Last.
type intent struct {
	// Last is the offset of the last record.
	Last int64 `json:"last"`
}

const progressVersion = 2

func (p progress) String() string {
	p.Version = progressVersion
	b, err := json.Marshal(p)
	if err != nil {
		panic(err) // numbers only
	}
	return string(b)
}

// parseProgress reads what an earlier processor has left. Nothing at all is no error: somebody has set the offset by hand.
func parseProgress(s string) (progress, error) {
	var p progress
	if s == "" {
		return p, nil
	}
	if err := json.Unmarshal([]byte(s), &p); err != nil {
		return progress{}, fmt.Errorf("words beside the committed offset: %w", err)
	}
	switch {
	case p.Version != progressVersion:
		return progress{}, fmt.Errorf("words beside the committed offset are of version %d, this processor knows %d", p.Version, progressVersion)
	case p.Time < 0, p.From < 0:
		return progress{}, errors.New("words beside the committed offset hold a negative time")
	case p.Start != nil && *p.Start < 0:
		return progress{}, errors.New("words beside the committed offset hold a negative offset")
	}
	return p, nil
}

// token names a batch for one table, so that ClickHouse drops it when it comes again. Stamp, the time of the first record, tells it from a batch of the same offsets in a topic that was made anew.
func token(table, topic string, partition int, first, last, stamp int64) string {
	return fmt.Sprintf("%s:%s:%d:%d-%d:%d", table, topic, partition, first, last, stamp)
}
