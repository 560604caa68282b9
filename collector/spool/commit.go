package spool

import (
	"errors"
	"fmt"
	"syscall"
	"time"

	"github.com/earshot-rtc/earshot/internal/kafka"
)

// write is one call's messages, as frames.
type write struct {
	frames []byte
	n      int64
	first  time.Time
	done   chan error
}

// append makes messages durable on disk. admitLocked came before it.
func (s *Spool) append(msgs []kafka.Message) error {
	defer s.calls.Done()
	size := 0
	for i := range msgs {
		size += msgs[i].Size()
	}
	w := write{frames: make([]byte, 0, size), n: int64(len(msgs)), done: make(chan error, 1)}
	for i := range msgs {
		m := msgs[i]
		if m.Time.IsZero() {
			m.Time = s.now() // or the time of writing would become that of draining
		}
		if i == 0 {
			w.first = m.Time
		}
		w.frames = appendFrame(w.frames, &m)
	}
	s.writes <- w
	err := <-w.done
	s.mu.Lock()
	s.appending--
	s.mu.Unlock()
	s.poke()
	if err == nil {
		s.metrics.appended.Add(float64(len(msgs)))
	}
	return err
}

// poke wakes the drain.
func (s *Spool) poke() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// commit writes what calls have to write, all those that wait with one sync.
func (s *Spool) commit() {
	defer s.loops.Done()
	var group []write
	for {
		group = group[:0]
		select {
		case w := <-s.writes:
			group = append(group, w)
		case <-s.stop:
			return // append waits for answers, and Shutdown for append
		}
	more:
		for len(group) < cap(s.writes) {
			select {
			case w := <-s.writes:
				group = append(group, w)
			default:
				break more
			}
		}
		s.commitGroup(group)
		clear(group)
	}
}

func (s *Spool) commitGroup(group []write) {
	group = s.fitting(group)
	if len(group) == 0 {
		return
	}
	err := s.writeGroup(group)
	if err != nil {
		err = s.refuse(err)
	}
	for _, w := range group {
		w.done <- err
	}
}

// fitting answers those that the bound has no room for, and gives the others.
func (s *Spool) fitting(group []write) []write {
	s.mu.Lock()
	room := s.cfg.Bytes - s.used
	s.mu.Unlock()
	fit := group[:0]
	for _, w := range group {
		if size := int64(len(w.frames) + len(header)); size <= room {
			room -= size
			fit = append(fit, w)
			continue
		}
		w.done <- s.refuse(fmt.Errorf("%w: %d bytes are all it may take (spool.bytes)", ErrFull, s.cfg.Bytes))
	}
	return fit
}

// refuse notes why something was not taken.
func (s *Spool) refuse(err error) error {
	reason := "disk"
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT), errors.Is(err, syscall.EFBIG):
		err = fmt.Errorf("%w: %w", ErrFull, err)
		fallthrough
	case errors.Is(err, ErrFull):
		reason = "full"
	}
	s.metrics.refused.WithLabelValues(reason).Inc()
	s.mu.Lock()
	news := s.now().Sub(s.troubleAt) > time.Minute
	s.trouble, s.troubleAt = err, s.now()
	s.mu.Unlock()
	if news {
		s.log.Error("the spool takes nothing; samples are refused", "dir", s.cfg.Dir, "error", err)
	}
	return err
}

// writeGroup writes and syncs. After an error nothing of the group counts.
func (s *Spool) writeGroup(group []write) error {
	seg, err := s.open()
	if err != nil {
		return err
	}
	var size, records int64
	for _, w := range group {
		if _, err = seg.file.Write(w.frames); err != nil {
			break
		}
		size += int64(len(w.frames))
		records += w.n
	}
	if err != nil {
		// What was written is cut off again, to write on from there. If even that fails, the file ends here.
		if cut := seg.file.Truncate(seg.size); cut != nil {
			s.abandon(seg)
		}
		return fmt.Errorf("write to the spool: %w", err)
	}
	began := s.now()
	if err := seg.file.Sync(); err != nil {
		// The system may have thrown away what it could not write, and a second sync would succeed without it.
		s.abandon(seg)
		return fmt.Errorf("sync the spool: %w", err)
	}
	s.metrics.syncSeconds.Observe(s.now().Sub(began).Seconds())
	s.mu.Lock()
	if s.records == 0 {
		s.oldest = group[0].first
	}
	seg.size += size
	seg.records += records
	s.used += size
	s.records += records
	s.mu.Unlock()
	return nil
}

// open gives the segment to write to, a new one where there is none with room.
func (s *Spool) open() (*segment, error) {
	s.mu.Lock()
	var seg *segment
	if n := len(s.segments); n > 0 {
		seg = s.segments[n-1]
	}
	number := s.last + 1
	s.mu.Unlock()
	if seg != nil && seg.file != nil {
		if seg.size < s.cfg.SegmentBytes {
			return seg, nil
		}
		s.seal(seg)
	}
	f, err := s.disk.Create(name(number))
	if err == nil {
		if _, err = f.Write([]byte(header)); err != nil {
			_ = f.Close()
			_ = s.disk.Remove(name(number))
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last = number
	if err != nil {
		return nil, fmt.Errorf("new file in the spool: %w", err)
	}
	seg = &segment{number: number, size: int64(len(header)), file: f}
	s.segments = append(s.segments, seg)
	s.used += seg.size
	if len(s.segments) == 1 {
		s.at = cursor{number, seg.size}
	}
	return seg, nil
}

// seal ends a segment that is full.
func (s *Spool) seal(seg *segment) {
	s.mu.Lock()
	f := seg.file
	seg.file = nil
	s.mu.Unlock()
	_ = f.Close() // all in it was synced
}

// abandon ends a segment that could not be written: what was synced before is good, the rest is cut off, if that works.
func (s *Spool) abandon(seg *segment) {
	_ = seg.file.Truncate(seg.size)
	s.seal(seg)
	s.metrics.abandoned.Inc()
}
