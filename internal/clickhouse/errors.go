package clickhouse

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"

	"github.com/ClickHouse/ch-go"
	chproto "github.com/ClickHouse/ch-go/proto"
	"github.com/ClickHouse/clickhouse-go/v2"
)

// ErrUnavailable marks errors that say that the server could not be reached or went away.
var ErrUnavailable = errors.New("ClickHouse is not reachable")

// explain adds what was tried and where, and tells an absent server from one that refused.
func (db *DB) explain(what string, err error) error {
	var op *net.OpError
	dialling := errors.As(err, &op) && op.Op == "dial"
	switch {
	case err == nil:
		return nil
	case errors.Is(err, os.ErrDeadlineExceeded) && !dialling:
		// The context's deadline is set on the connection too, and may be noticed there first.
		return fmt.Errorf("clickhouse %s: %w: %w", what, context.DeadlineExceeded, err)
	case dialling:
		return fmt.Errorf("clickhouse %s: %w (%s): %w", what, ErrUnavailable, db.where(), err)
	case Code(err) != 0 || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("clickhouse %s: %w", what, err)
	case unreachable(err):
		return fmt.Errorf("clickhouse %s: %w (%s): %w", what, ErrUnavailable, db.where(), err)
	default:
		return fmt.Errorf("clickhouse %s: %w", what, err)
	}
}

func unreachable(err error) bool {
	var netErr net.Error
	return errors.As(err, &netErr) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, net.ErrClosed) || errors.Is(err, syscall.EPIPE) || errors.Is(err, ch.ErrClosed) ||
		errors.Is(err, clickhouse.ErrAcquireConnTimeout)
}

// Code is the server's error code (see system.errors), 0 where the error is not the server's.
func Code(err error) int {
	var exception *clickhouse.Exception
	if errors.As(err, &exception) {
		return int(exception.Code)
	}
	var chException *ch.Exception
	if errors.As(err, &chException) {
		return int(chException.Code)
	}
	return 0
}

// Transient tells whether the same insert, with the same token, may well succeed later: the server was away, overloaded or
// short of memory. An error that is not transient says the same however often it is tried.
func Transient(err error) bool {
	switch chproto.Error(Code(err)) {
	case 0:
		return errors.Is(err, ErrUnavailable) || errors.Is(err, context.DeadlineExceeded)
	case chproto.ErrTooManySimultaneousQueries, chproto.ErrTooManyParts, chproto.ErrMemoryLimitExceeded,
		chproto.ErrTimeoutExceeded, chproto.ErrSocketTimeout, chproto.ErrNetworkError,
		chproto.ErrTableIsReadOnly, chproto.ErrNotEnoughSpace, chproto.ErrKeeperException:
		return true
	default:
		return false
	}
}

// Misfit tells whether the server refused a statement because a table or a column is not there, or is of another type: the
// schema is not the one that the statement was written for.
func Misfit(err error) bool {
	switch chproto.Error(Code(err)) {
	case chproto.ErrNoSuchColumnInTable, chproto.ErrUnknownIdentifier, chproto.ErrUnknownTable, chproto.ErrUnknownDatabase,
		chproto.ErrTypeMismatch, chproto.ErrNotFoundColumnInBlock, chproto.ErrThereIsNoColumn, chproto.ErrCannotConvertType:
		return true
	default:
		return errors.Is(err, errMisfit)
	}
}
