package spool

import (
	"errors"
	"io/fs"
	"path/filepath"
	"time"

	"github.com/earshot-rtc/earshot/internal/kafka"
)

// batch is what the drain takes to Kafka at once.
type batch struct {
	msgs []kafka.Message
	next cursor // where to read on
	// taken counts records, those passed over included.
	taken int64
	err   error // the disk does not give it
}

// head reads the next batch. There is none when the drain has nothing to do; and where nothing is left at all, messages go
// to Kafka directly from now on. flowing says that Kafka took the batch before.
func (s *Spool) head(flowing bool) (batch, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		left := s.leftLocked()
		if s.mode == spooling && (left == 0 || flowing && left <= int64(s.limits.Bytes)) {
			s.mode, s.gate = handover, make(chan struct{})
		}
		if left == 0 {
			if s.mode == handover && s.appending == 0 {
				s.emptyLocked()
			}
			return batch{}, false
		}
		seg := s.segments[0]
		if s.at.offset < seg.size {
			to := seg.size
			s.mu.Unlock()
			b := s.load(seg, to)
			s.mu.Lock()
			return b, true
		}
		// It is drained, and there is another one behind it.
		s.segments = s.segments[1:]
		s.at = cursor{s.segments[0].number, int64(len(header))}
		s.dropLocked(seg)
	}
}

// leftLocked is how many bytes the drain has before it.
func (s *Spool) leftLocked() int64 {
	if len(s.segments) == 0 {
		return 0
	}
	left := int64(len(header)) - s.at.offset
	for _, seg := range s.segments {
		left += seg.size - int64(len(header))
	}
	return left
}

// emptyLocked ends the use of the spool, in which nothing is left. Nobody writes to the last segment: appending is 0.
func (s *Spool) emptyLocked() {
	segments := s.segments
	s.segments, s.records, s.at = nil, 0, cursor{s.last + 1, 0}
	s.mode = direct
	close(s.gate)
	for _, seg := range segments {
		s.dropLocked(seg)
	}
	s.log.Info("the spool is drained; messages go to Kafka directly", "after", s.now().Sub(s.since).Round(time.Millisecond))
}

// dropLocked deletes a segment that Kafka has.
func (s *Spool) dropLocked(seg *segment) {
	if seg.file != nil {
		_ = seg.file.Close()
		seg.file = nil
	}
	var err error
	if seg.damaged {
		err = s.disk.Rename(name(seg.number), name(seg.number)+damagedSuffix)
	} else {
		err = s.disk.Remove(name(seg.number))
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		s.log.Error("a drained file of the spool cannot be removed", "file", name(seg.number), "error", err)
	}
	s.used -= seg.size
	s.savePositionLocked()
}

// readTries is how often a file is read before what is left of it counts as lost.
const readTries = 5

// load reads what comes after the cursor, which only the drain moves.
func (s *Spool) load(seg *segment, to int64) batch {
	path := filepath.Join(s.cfg.Dir, name(seg.number))
	got, err := read(path, s.at.offset, to, s.limits.Bytes, s.limits.Messages)
	if err != nil {
		s.unread++
		s.metrics.readErrors.Inc()
		s.log.Error("the spool cannot be read", "file", path, "try", s.unread, "error", err)
		if s.unread < readTries && !errors.Is(err, fs.ErrNotExist) {
			return batch{err: err}
		}
		got = part{next: to, lost: to - s.at.offset}
	}
	s.unread = 0
	b := batch{next: cursor{seg.number, got.next}}
	for _, frame := range got.frames {
		m, err := decodeFrame(frame)
		if err != nil { // its checksum is right, so somebody wrote it like this
			got.corrupt++
			continue
		}
		b.msgs = append(b.msgs, m)
	}
	b.taken = int64(len(b.msgs)) + got.corrupt
	s.noteDamage(seg, got.corrupt, got.lost)
	return b
}

// noteDamage remembers that a file should be kept for whoever wants to look at it.
func (s *Spool) noteDamage(seg *segment, records, bytes int64) {
	if records == 0 && bytes == 0 {
		return
	}
	s.mu.Lock()
	seg.damaged = true
	s.mu.Unlock()
	s.metrics.corruptRecords.Add(float64(records))
	s.metrics.corruptBytes.Add(float64(bytes))
	s.log.Error("the spool is damaged; what cannot be read is lost", "file", name(seg.number), "kept_as", name(seg.number)+damagedSuffix,
		"records", records, "bytes", bytes)
}

// advance notes that a batch is in Kafka.
func (s *Spool) advance(b batch) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.at = b.next
	s.records = max(0, s.records-b.taken)
	if n := len(b.msgs); n > 0 {
		s.oldest = b.msgs[n-1].Time
	}
	if s.now().Sub(s.saved) >= time.Second {
		s.savePositionLocked()
	}
}
