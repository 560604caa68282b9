package spool

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/earshot-rtc/earshot/internal/dirlock"
)

// Start takes the directory, looks at what is there, and begins to drain it. The life of the drain ends with Shutdown, not
// with ctx.
func (s *Spool) Start(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.life != fresh {
		return errors.New("spool: started before")
	}
	if err := os.MkdirAll(s.cfg.Dir, 0o700); err != nil {
		return fmt.Errorf("spool.dir: %w", err)
	}
	unlock, err := dirlock.Lock(s.cfg.Dir)
	if errors.Is(err, dirlock.ErrLocked) {
		return fmt.Errorf("spool.dir: another collector uses %s; give each its own directory", s.cfg.Dir)
	}
	if err != nil {
		return fmt.Errorf("spool.dir: %w", err)
	}
	if err := s.recoverLocked(); err != nil {
		_ = unlock()
		return fmt.Errorf("spool.dir: %w", err)
	}
	s.unlock = unlock
	if s.records > 0 {
		s.mode, s.since = spooling, s.now()
		s.log.Info("the spool holds messages from before", "dir", s.cfg.Dir, "messages", s.records, "bytes", s.used)
	}
	s.life = running
	ctx, s.abort = context.WithCancel(context.WithoutCancel(ctx))
	s.loops.Add(2)
	go s.commit()
	go s.drain(ctx)
	return nil
}

// recoverLocked finds the segments of before, cuts off what a crash left half-written, and deletes what is drained.
func (s *Spool) recoverLocked() error {
	entries, err := os.ReadDir(s.cfg.Dir)
	if err != nil {
		return err
	}
	position := loadPosition(s.cfg.Dir)
	s.last = position.segment
	var numbers []int64
	for _, e := range entries {
		if n, ok := numberOf(e.Name()); ok {
			numbers = append(numbers, n)
		}
		if info, err := e.Info(); err == nil && e.Name() == asideName {
			s.aside = info.Size()
			s.used += s.aside
		}
	}
	slices.Sort(numbers)
	if n := len(numbers); n > 0 {
		s.last = max(s.last, numbers[n-1])
	}
	switch err := s.disk.Rename(retryName, name(s.last+1)); {
	case err == nil:
		s.last++
		numbers = append(numbers, s.last)
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}
	for _, n := range numbers {
		if err := s.recoverSegmentLocked(n, position); err != nil {
			return err
		}
	}
	return nil
}

func (s *Spool) recoverSegmentLocked(number int64, position cursor) error {
	if number < position.segment {
		return s.disk.Remove(name(number))
	}
	from := int64(0)
	if number == position.segment {
		from = position.offset
	}
	data, err := os.ReadFile(filepath.Join(s.cfg.Dir, name(number)))
	if err != nil {
		return err
	}
	c := inspect(data, from)
	if torn := int64(len(data)) - c.end; torn > 0 {
		s.metrics.truncated.Add(float64(torn))
		s.log.Warn("cut off what was not written to its end", "file", name(number), "bytes", torn)
		if err := s.disk.Truncate(name(number), c.end); err != nil {
			return err
		}
	}
	if c.records == 0 && c.corrupt == 0 {
		return s.disk.Remove(name(number))
	}
	if len(s.segments) == 0 {
		s.at = cursor{number, c.start}
		if at := int(c.start); at < len(data) {
			if frame, err := checkFrame(data[at:]); err == nil {
				if m, err := decodeFrame(frame); err == nil {
					s.oldest = m.Time
				}
			}
		}
	}
	s.segments = append(s.segments, &segment{number: number, size: c.end})
	s.used += c.end
	s.records += c.records
	return nil
}

// Shutdown takes no more messages, lets the drain finish the batch it is at, and leaves the rest for the next Start. When
// ctx ends first, that batch may be written again then. It may be called without Start, and twice.
func (s *Spool) Shutdown(ctx context.Context) error {
	s.mu.Lock()
	was := s.life
	s.life = closed
	s.mu.Unlock()
	if was != running {
		return nil
	}
	s.calls.Wait() // each is one write and one sync away from its end
	close(s.stop)
	idle := make(chan struct{})
	go func() {
		s.loops.Wait()
		close(idle)
	}()
	select {
	case <-idle:
	case <-ctx.Done():
		s.abort()
		<-idle
	}
	s.abort()
	s.reopen()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, seg := range s.segments {
		if seg.file != nil {
			_ = seg.file.Close() // all that counts was synced
			seg.file = nil
		}
	}
	if len(s.segments) > 0 {
		s.savePositionLocked()
		s.log.Info("the spool keeps messages for the next start", "dir", s.cfg.Dir, "messages", s.records)
	}
	return s.unlock()
}
