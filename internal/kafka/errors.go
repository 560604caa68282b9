package kafka

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"syscall"

	kafkago "github.com/segmentio/kafka-go"
)

// ErrTooLarge marks a message that no attempt will bring through: it is over ProducerConfig.MaxMessageBytes, or over
// the broker's own limit.
var ErrTooLarge = errors.New("message is larger than Kafka takes")

// ErrClosed is what a closed Producer answers.
var ErrClosed = errors.New("producer is closed")

// UnreachableError says that no broker answered.
type UnreachableError struct {
	Brokers []string
	Err     error
}

func (e *UnreachableError) Error() string {
	return fmt.Sprintf("no Kafka broker answers at %s; start Kafka there or name the right addresses (%v)",
		strings.Join(e.Brokers, ","), e.Err)
}

func (e *UnreachableError) Unwrap() error { return e.Err }

// WriteErrors tells, message by message, what became of a slice given to Produce; nil means durable.
type WriteErrors []error

func (e WriteErrors) Error() string {
	n := 0
	var first error
	for _, err := range e {
		if err != nil {
			if n++; first == nil {
				first = err
			}
		}
	}
	return fmt.Sprintf("%d of %d messages not written: %v", n, len(e), first)
}

// Unwrap gives the distinct errors.
func (e WriteErrors) Unwrap() []error {
	var out []error
next:
	for _, err := range e {
		if err == nil {
			continue
		}
		for _, seen := range out {
			if seen == err { //nolint:errorlint // the same value, not the same kind
				continue next
			}
		}
		out = append(out, err)
	}
	return out
}

// Unreachable says of one message's error that Kafka could not be reached, could not take the message now, or did not say in
// time whether it had: written again later, the message may get through, perhaps for the second time. It is false where
// only another configuration or another message would help. Errors that are not known count as passing ones.
func Unreachable(err error) bool {
	if err == nil || errors.Is(err, ErrClosed) || Unwritable(err) {
		return false
	}
	var answer kafkago.Error
	if !errors.As(err, &answer) {
		return true
	}
	switch answer {
	case kafkago.InvalidTopic, kafkago.InvalidRequiredAcks, kafkago.TopicAuthorizationFailed, kafkago.ClusterAuthorizationFailed,
		kafkago.BrokerAuthorizationFailed, kafkago.SASLAuthenticationFailed, kafkago.UnsupportedSASLMechanism, kafkago.IllegalSASLState,
		kafkago.SecurityDisabled, kafkago.UnsupportedVersion, kafkago.UnsupportedForMessageFormat, kafkago.UnsupportedCompressionType,
		kafkago.InvalidRequest, kafkago.InvalidConfiguration, kafkago.PolicyViolation:
		return false
	}
	return true
}

// Unwritable says of one message's error that Kafka takes no such message: it, or one that shared its request, is too
// large, has a time that the topic does not allow, or is invalid to the broker.
func Unwritable(err error) bool {
	return errors.Is(err, ErrTooLarge) || errors.Is(err, kafkago.MessageSizeTooLarge) || errors.Is(err, kafkago.RecordListTooLarge) ||
		errors.Is(err, kafkago.InvalidTimestamp) || errors.Is(err, kafkago.InvalidRecord)
}

// explain puts the library's errors into this package's words.
func (p *Producer) explain(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, io.ErrClosedPipe):
		return ErrClosed
	case errors.Is(err, kafkago.MessageSizeTooLarge):
		return fmt.Errorf("%w: %w", ErrTooLarge, err)
	case unreachable(err):
		return &UnreachableError{Brokers: p.cfg.Brokers, Err: err}
	default:
		return err
	}
}

func unreachable(err error) bool {
	var answer kafkago.Error // looks like a net.Error, but is what a broker has said
	if errors.As(err, &answer) {
		return false
	}
	var ne net.Error
	return errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, context.DeadlineExceeded) ||
		errors.As(err, &ne) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
}
