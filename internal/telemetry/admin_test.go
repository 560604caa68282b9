package telemetry_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/earshot-rtc/earshot/internal/telemetry"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestAdminSpeaksForItsComponents(t *testing.T) {
	defer http.DefaultClient.CloseIdleConnections()
	a := telemetry.NewAdmin("127.0.0.1:0", telemetry.NewRegistry())
	require.NoError(t, a.Start(t.Context()))
	defer func() { require.NoError(t, a.Shutdown(t.Context())) }()

	var broken error
	a.AddCheck("store", func() error { return broken })
	status, body := get(t, a, "/readyz")
	require.Equal(t, http.StatusOK, status, body)
	broken = errors.New("no connection")
	status, body = get(t, a, "/readyz")
	require.Equal(t, http.StatusServiceUnavailable, status)
	require.Equal(t, "store: no connection\n", body)

	_, body = get(t, a, "/metrics")
	require.Contains(t, body, "go_goroutines")
	status, _ = get(t, a, "/debug/pprof/goroutine?debug=1")
	require.Equal(t, http.StatusOK, status)
}

func get(t *testing.T, a *telemetry.Admin, path string) (int, string) {
	t.Helper()
	resp, err := http.Get("http://" + a.Addr() + path)
	require.NoError(t, err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return resp.StatusCode, string(body)
}

func TestAdminNamesAnAddressInUse(t *testing.T) {
	a := telemetry.NewAdmin("127.0.0.1:0", telemetry.NewRegistry())
	require.NoError(t, a.Start(t.Context()))
	defer func() { require.NoError(t, a.Shutdown(t.Context())) }()
	b := telemetry.NewAdmin(a.Addr(), telemetry.NewRegistry())
	require.EqualError(t, b.Start(t.Context()),
		a.Addr()+" is in use by another process; stop that one or choose another address with admin.listen")
	require.NoError(t, b.Shutdown(t.Context()))
}

func TestLoggerRefusesWhatItDoesNotKnow(t *testing.T) {
	var out strings.Builder
	log, err := telemetry.NewLogger(&out, telemetry.LogConfig{Level: "warn", Format: "json"})
	require.NoError(t, err)
	log.Info("quiet")
	log.Warn("loud")
	require.Contains(t, out.String(), `"msg":"loud"`)
	require.NotContains(t, out.String(), "quiet")

	_, err = telemetry.NewLogger(&out, telemetry.LogConfig{Level: "chatty"})
	require.EqualError(t, err, `log level "chatty" is unknown; use debug, info, warn or error`)
	_, err = telemetry.NewLogger(&out, telemetry.LogConfig{Format: "xml"})
	require.EqualError(t, err, `log format "xml" is unknown; use text or json`)
}
