package spool

import (
	"fmt"

	"github.com/earshot-rtc/earshot/internal/kafka"
)

// asideName is the file of messages that Kafka takes in no way, in the format of a segment. When Kafka has learnt to take them,
// an operator renames it to retryName, and the next start makes it a segment.
const (
	asideName = "refused"
	retryName = "retry"
)

// putAside keeps a message that Kafka does not take. Only the drain calls it.
func (s *Spool) putAside(m *kafka.Message) error {
	f, err := s.disk.Append(asideName)
	if err != nil {
		return fmt.Errorf("put aside a message: %w", err)
	}
	s.mu.Lock()
	size := s.aside
	s.mu.Unlock()
	var data []byte
	if size == 0 {
		data = []byte(header)
	}
	data = appendFrame(data, m)
	if _, err = f.Write(data); err == nil {
		err = f.Sync()
	}
	if err != nil {
		_ = f.Truncate(size)
	}
	_ = f.Close()
	if err != nil {
		return fmt.Errorf("put aside a message: %w", err)
	}
	s.metrics.aside.Inc()
	s.mu.Lock()
	s.aside += int64(len(data))
	s.used += int64(len(data))
	s.mu.Unlock()
	return nil
}
