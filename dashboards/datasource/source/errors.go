package source

import (
	"context"
	"errors"
	"fmt"

	"github.com/grafana/grafana-plugin-sdk-go/backend"

	"github.com/earshot-rtc/earshot/dashboards/query"
	"github.com/earshot-rtc/earshot/internal/clickhouse"
)

var errNoSQL = errors.New("sql: this data source does not allow queries in SQL; switch it on in its settings, with a ClickHouse user that can only read")

// wrongRequest marks errors that are the asker's to mend.
type wrongRequest struct{ error }

func (w wrongRequest) Unwrap() error { return w.error }

func argument(err error) error { return wrongRequest{err} }

// refusal is an error as a panel shows it.
func refusal(err error) backend.DataResponse {
	status, source := backend.StatusInternal, backend.ErrorSourcePlugin
	var (
		bad     wrongRequest
		arg     *query.ArgumentError
		missing *query.NotFoundError
	)
	switch {
	case errors.As(err, &bad), errors.As(err, &arg):
		status, source = backend.StatusBadRequest, backend.ErrorSourceDownstream
	case errors.As(err, &missing):
		status, source = backend.StatusNotFound, backend.ErrorSourceDownstream
	case errors.Is(err, context.Canceled):
		status, source = 499, backend.ErrorSourceDownstream
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, query.ErrTooMuch):
		status, source = backend.StatusTimeout, backend.ErrorSourceDownstream
	case errors.Is(err, clickhouse.ErrUnavailable), clickhouse.Code(err) != 0:
		status, source = backend.StatusBadGateway, backend.ErrorSourceDownstream
	}
	return backend.ErrDataResponseWithSource(status, source, said(err))
}

// Codes of ClickHouse that have a cause of their own to tell.
const (
	codeUnknownDatabase = 81
	codeUnknownTable    = 60
	codeUnknownColumn   = 47
	codeReadonly        = 164
	codeUnknownUser     = 192
	codeWrongPassword   = 193
	codeAuthentication  = 516
	codeAccessDenied    = 497
	codeTooSlow         = 159
)

// said is what is wrong, and what to change, in one sentence.
func said(err error) string {
	switch code := clickhouse.Code(err); {
	case errors.Is(err, context.DeadlineExceeded), code == codeTooSlow:
		return "the query took longer than the data source allows; ask for a shorter range, or raise its timeout"
	case code == codeAuthentication || code == codeUnknownUser || code == codeWrongPassword:
		return "ClickHouse refuses the user or the password of the data source; correct them in its settings"
	case code == codeAccessDenied:
		return fmt.Sprintf("the ClickHouse user of the data source may not do this; grant it SELECT on the tables of Earshot: %s", firstLine(err))
	case code == codeReadonly:
		return "the ClickHouse user of the data source has readonly = 1, with which a query cannot be given its limits; give it readonly = 2"
	}
	return firstLine(err)
}

// firstLine leaves out what follows in a message of several lines, such as a stack.
func firstLine(err error) string {
	text := err.Error()
	for i, r := range text {
		if r == '\n' {
			return text[:i]
		}
	}
	return text
}
