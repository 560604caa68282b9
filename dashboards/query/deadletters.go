package query

import (
	"context"
	"time"
)

// DeadLettersQuery asks what could not be read.
type DeadLettersQuery struct {
	Range
	Limit int // reasons; 0 = 100
}

// DeadLetters are the records that could not be read for one reason.
type DeadLetters struct {
	Reason     string    `ch:"reason" json:"reason"`
	Records    uint64    `ch:"n_records" json:"records"`
	Bytes      uint64    `ch:"n_bytes" json:"bytes"`
	First      time.Time `ch:"first_received" json:"first_received"`
	Last       time.Time `ch:"last_received" json:"last_received"`
	LastDetail string    `ch:"last_detail" json:"last_detail"`
	LastSource string    `ch:"last_source" json:"last_source"`
}

// DeadLetters gives what could not be read, by reason. What could not be read has no tenant, so only whoever has none sees it.
func (s *Service) DeadLetters(ctx context.Context, q DeadLettersQuery) ([]DeadLetters, error) {
	return all[DeadLetters](ctx, s, "dead_letters", s.arguments(q.Range).limit(q.Limit, 100))
}
