package spool

import (
	"context"
	"time"

	"github.com/earshot-rtc/earshot/internal/kafka"
)

// Pauses between two attempts to reach Kafka, and how long an attempt may take.
const (
	pauseMin   = 100 * time.Millisecond
	pauseMax   = 3 * time.Second
	attemptMax = 30 * time.Second
)

// drain takes what is in the spool to Kafka, oldest first, as long as the spool runs.
func (s *Spool) drain(ctx context.Context) {
	defer s.loops.Done()
	flowing := false // the last batch went well
	for {
		b, ok := s.head(flowing)
		switch {
		case !ok:
			select {
			case <-s.wake:
				continue
			case <-s.stop:
				return
			}
		case b.err != nil:
			s.reopen()
			if !s.pause(time.Second) {
				return
			}
			continue
		}
		if flowing, ok = s.deliver(ctx, b.msgs); !ok {
			return
		}
		s.advance(b)
		select {
		case <-s.stop:
			return
		default:
		}
	}
}

// deliver writes messages to Kafka, however long that takes. flowing says that the first attempt did it; ok is false when
// the spool stops before all are written.
func (s *Spool) deliver(ctx context.Context, msgs []kafka.Message) (flowing, ok bool) {
	pause := pauseMin
	for try := 0; len(msgs) > 0; try++ {
		if try > 0 {
			s.reopen()
			if !s.pause(pause) {
				return false, false
			}
			pause = min(2*pause, pauseMax)
		}
		// A broker that does not even answer would take much longer to say so to a write.
		if s.isAway() {
			if err := s.next.Ping(ctx); err != nil {
				continue
			}
		}
		left, err := s.produce(ctx, msgs)
		if ctx.Err() != nil {
			return false, false
		}
		if err == nil {
			return try == 0, true
		}
		s.metrics.drainErrors.Inc()
		if len(left) < len(msgs) {
			pause = pauseMin
		}
		msgs = left
	}
	return false, true
}

// produce writes messages once and gives those that have to be written again.
func (s *Spool) produce(ctx context.Context, msgs []kafka.Message) ([]kafka.Message, error) {
	most := attemptMax
	if s.handingOver() {
		most = s.cfg.After // others wait for this one
	}
	limited, cancel := context.WithTimeout(ctx, most)
	err := s.next.Produce(limited, msgs)
	cancel()
	if err == nil {
		s.metrics.drained.Add(float64(len(msgs)))
		s.setAway(nil)
		return nil, nil
	}
	var left []kafka.Message
	unwritable := false
	for i, e := range spread(err, len(msgs)) {
		switch {
		case e == nil:
			s.metrics.drained.Inc()
			continue
		case kafka.Unreachable(e):
			s.setAway(e)
		default:
			s.sayRefused(e)
			unwritable = unwritable || kafka.Unwritable(e)
		}
		left = append(left, msgs[i])
	}
	if unwritable {
		return s.oneByOne(ctx, left)
	}
	return left, err
}

// oneByOne writes messages singly, since the broker refuses a request whole for one message in it, and puts aside those that
// it takes in no way. They were acknowledged, so they are not thrown away; and they must not keep all others waiting.
func (s *Spool) oneByOne(ctx context.Context, msgs []kafka.Message) ([]kafka.Message, error) {
	for i := range msgs {
		limited, cancel := context.WithTimeout(ctx, attemptMax)
		err := s.next.Produce(limited, msgs[i:i+1])
		cancel()
		if err != nil && kafka.Unwritable(spread(err, 1)[0]) {
			err = s.putAside(&msgs[i])
		} else if err == nil {
			s.metrics.drained.Inc()
		}
		if err != nil {
			return msgs[i:], err
		}
	}
	return nil, nil
}

// sayRefused logs what an operator has to do something about, once.
func (s *Spool) sayRefused(err error) {
	s.mu.Lock()
	again := s.refusal == err.Error()
	s.refusal = err.Error()
	s.mu.Unlock()
	if !again {
		s.log.Error("Kafka refuses what is in the spool", "error", err)
	}
}

func (s *Spool) isAway() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.away
}

func (s *Spool) handingOver() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.mode == handover
}

// reopen ends a handover that did not come off.
func (s *Spool) reopen() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.mode == handover {
		s.mode = spooling
		close(s.gate)
	}
}

// pause waits; false means that the spool stops.
func (s *Spool) pause(d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-s.stop:
		return false
	}
}
