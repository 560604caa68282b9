package collector_test

import (
	"bufio"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/earshot-rtc/earshot/test/chaos/broker"
	"github.com/earshot-rtc/earshot/test/chaos/process"
)

// service is `earshot collector`, as users run it.
type service struct {
	t      *testing.T
	config string
	addr   string
	admin  string
	child  *process.Process
}

// newService writes the configuration; spool is what stands under collector.spool besides the directory, and more is further
// lines of the section collector.
func newService(t *testing.T, brokers string, spool string, more ...string) *service {
	dir := t.TempDir()
	s := &service{
		t: t, config: filepath.Join(dir, "earshot.yaml"),
		addr:  fmt.Sprintf("127.0.0.1:%d", broker.FreePort(t)),
		admin: fmt.Sprintf("127.0.0.1:%d", broker.FreePort(t)),
	}
	text := fmt.Sprintf(`
log: {level: info}
admin: {listen: %q}
collector:
  listen: %q
  id: chaos
  kafka: {brokers: [%q]}
  spool: {dir: %q, %s}
`, s.admin, s.addr, brokers, filepath.Join(dir, "spool"), spool)
	for _, line := range more {
		text += "  " + line + "\n"
	}
	require.NoError(t, os.WriteFile(s.config, []byte(text), 0o600))
	return s
}

func (s *service) start() {
	s.t.Helper()
	s.child = process.Start(s.t, nil, process.Build(s.t, "./cmd/earshot"), "collector", "--config", s.config)
	require.Eventually(s.t, func() bool { return s.get("/healthz") == http.StatusOK }, 20*time.Second, 50*time.Millisecond, "the collector does not answer")
}

// ready waits until the collector wants traffic.
func (s *service) ready() {
	s.t.Helper()
	require.Eventually(s.t, func() bool { return s.get("/readyz") == http.StatusOK }, 10*time.Second, 50*time.Millisecond, "the collector is not ready")
}

// get gives the status, or 0.
func (s *service) get(path string) int {
	res, err := http.Get("http://" + s.addr + path)
	if err != nil {
		return 0
	}
	_ = res.Body.Close()
	return res.StatusCode
}

// metric is the sum over a metric's labels.
func (s *service) metric(name string) float64 {
	res, err := http.Get("http://" + s.admin + "/metrics")
	if err != nil {
		return -1
	}
	defer res.Body.Close()
	sum := 0.0
	lines := bufio.NewScanner(res.Body)
	for lines.Scan() {
		head, value, ok := strings.Cut(lines.Text(), " ")
		if base, _, _ := strings.Cut(head, "{"); ok && base == name {
			v, err := strconv.ParseFloat(value, 64)
			require.NoError(s.t, err)
			sum += v
		}
	}
	return sum
}

// drained waits until nothing is in the spool.
func (s *service) drained() {
	s.t.Helper()
	require.Eventually(s.t, func() bool { return s.metric("earshot_collector_spool_active") == 0 }, time.Minute, 50*time.Millisecond,
		"the spool is not drained")
}

func (s *service) stop() {
	s.t.Helper()
	require.NoError(s.t, s.child.Terminate(s.t, 30*time.Second), s.child.Output())
}
