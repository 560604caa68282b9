package kafka

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"syscall"
	"testing"

	kafkago "github.com/segmentio/kafka-go"
	"github.com/stretchr/testify/require"
)

func TestWhichErrorsPassByThemselves(t *testing.T) {
	refused := &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}
	for name, c := range map[string]struct {
		err                     error
		unreachable, unwritable bool
	}{
		"none":                       {nil, false, false},
		"connection refused":         {refused, true, false},
		"explained":                  {&UnreachableError{Brokers: []string{"b:1"}, Err: refused}, true, false},
		"reset":                      {fmt.Errorf("read: %w", syscall.ECONNRESET), true, false},
		"end of stream":              {io.ErrUnexpectedEOF, true, false},
		"no answer in time":          {context.DeadlineExceeded, true, false},
		"broker's own time-out":      {kafkago.RequestTimedOut, true, false},
		"too few replicas":           {kafkago.NotEnoughReplicas, true, false},
		"too few replicas, appended": {kafkago.NotEnoughReplicasAfterAppend, true, false},
		"no leader":                  {kafkago.LeaderNotAvailable, true, false},
		"leader elsewhere":           {kafkago.NotLeaderForPartition, true, false},
		"broker's disk":              {kafkago.KafkaStorageError, true, false},
		"topic not there (yet)":      {kafkago.UnknownTopicOrPartition, true, false},
		"unheard of":                 {errors.New("what"), true, false},
		"too large for us":           {fmt.Errorf("%w: 3 bytes", ErrTooLarge), false, true},
		"too large for the broker":   {kafkago.MessageSizeTooLarge, false, true},
		"time not allowed":           {kafkago.InvalidTimestamp, false, true},
		"invalid record":             {kafkago.InvalidRecord, false, true},
		"may not write":              {kafkago.TopicAuthorizationFailed, false, false},
		"may not log in":             {fmt.Errorf("sasl: %w", kafkago.SASLAuthenticationFailed), false, false},
		"closed":                     {ErrClosed, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, c.unreachable, Unreachable(c.err), "unreachable")
			require.Equal(t, c.unwritable, Unwritable(c.err), "unwritable")
		})
	}
}
