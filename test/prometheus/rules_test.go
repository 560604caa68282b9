package prometheus_test

import (
	"context"
	"crypto/x509"
	"encoding/pem"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/earshot-rtc/earshot/collector"
	"github.com/earshot-rtc/earshot/dashboards/console"
	"github.com/earshot-rtc/earshot/dashboards/query"
	"github.com/earshot-rtc/earshot/internal/clickhouse"
	"github.com/earshot-rtc/earshot/internal/kafka"
	"github.com/earshot-rtc/earshot/processor"
	"github.com/earshot-rtc/earshot/processor/watch"
)

type rule struct {
	Record      string            `yaml:"record"`
	Alert       string            `yaml:"alert"`
	Expr        string            `yaml:"expr"`
	For         string            `yaml:"for"`
	Labels      map[string]string `yaml:"labels"`
	Annotations map[string]string `yaml:"annotations"`
}

func rules(t *testing.T) []rule {
	t.Helper()
	data, err := os.ReadFile("../../deploy/prometheus/earshot.rules.yml")
	require.NoError(t, err)
	var file struct {
		Groups []struct {
			Name  string `yaml:"name"`
			Rules []rule `yaml:"rules"`
		} `yaml:"groups"`
	}
	dec := yaml.NewDecoder(strings.NewReader(string(data)))
	dec.KnownFields(true)
	require.NoError(t, dec.Decode(&file))
	var all []rule
	for _, g := range file.Groups {
		require.NotEmpty(t, g.Name)
		all = append(all, g.Rules...)
	}
	require.NotEmpty(t, all)
	return all
}

// described notes the names and labels of what is registered.
type described map[string][]string

var desc = regexp.MustCompile(`fqName: "([^"]+)".*constLabels: \{(.*?)\}, variableLabels: \{(.*?)\}`)

func (d described) Register(c prometheus.Collector) error {
	found := make(chan *prometheus.Desc, 1000)
	c.Describe(found)
	close(found)
	for one := range found {
		m := desc.FindStringSubmatch(one.String())
		if m == nil {
			continue
		}
		labels := strings.FieldsFunc(m[3], func(r rune) bool { return r == ',' || r == ' ' })
		for _, l := range regexp.MustCompile(`(\w+)=`).FindAllStringSubmatch(m[2], -1) {
			labels = append(labels, l[1])
		}
		d[m[1]] = append(labels, "instance", "job")
	}
	return nil
}

func (d described) MustRegister(all ...prometheus.Collector) {
	for _, c := range all {
		_ = d.Register(c)
	}
}

func (described) Unregister(prometheus.Collector) bool { return true }

type nobody struct{}

func (nobody) Produce(context.Context, []kafka.Message) error { return nil }
func (nobody) Ping(context.Context) error                     { return nil }

func (nobody) Insert(context.Context, string, string, []clickhouse.Column) error { return nil }
func (nobody) Query(context.Context, string, clickhouse.Params, ...clickhouse.Settings) (clickhouse.Rows, error) {
	return nil, context.Canceled
}

// services registers the metrics of all services, with every part of them that has some.
func services(t *testing.T) described {
	t.Helper()
	all := described{}
	all.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	dir := t.TempDir()

	c := collector.DefaultConfig()
	c.Listen, c.Spool.Dir = "127.0.0.1:0", dir
	c.Kafka.Brokers = []string{"127.0.0.1:1"}
	c.TLS.CertFile, c.TLS.KeyFile = pair(t, dir)
	secrets := dir + "/secrets"
	require.NoError(t, os.WriteFile(secrets, []byte(strings.Repeat("0123456789abcdef", 4)+"\n"), 0o600))
	c.Auth.Mode, c.Auth.Tokens.SecretsFile = "required", secrets
	_, err := collector.New(c, collector.Dependencies{Producer: nobody{}, Registerer: all})
	require.NoError(t, err)
	_, err = kafka.NewProducer(kafka.ProducerConfig{Brokers: c.Kafka.Brokers}, kafka.Dependencies{Registerer: all})
	require.NoError(t, err)

	p := processor.DefaultConfig()
	p.Brokers = c.Kafka.Brokers
	_, err = processor.New(p, processor.Dependencies{Inserter: nobody{}, Producer: nobody{}, Registerer: all})
	require.NoError(t, err)
	_, err = watch.New(p.Regression, watch.Dependencies{DB: nobody{}, Registerer: all})
	require.NoError(t, err)

	o := console.DefaultConfig()
	o.Listen = "127.0.0.1:0"
	_, err = console.New(o, console.Dependencies{Query: query.New(nobody{}), Registerer: all})
	require.NoError(t, err)
	return all
}

// pair writes a certificate and its key: those of a test server.
func pair(t *testing.T, dir string) (cert, key string) {
	t.Helper()
	server := httptest.NewTLSServer(nil)
	defer server.Close()
	private, err := x509.MarshalPKCS8PrivateKey(server.TLS.Certificates[0].PrivateKey)
	require.NoError(t, err)
	cert, key = dir+"/cert.pem", dir+"/key.pem"
	require.NoError(t, os.WriteFile(cert, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}), 0o600))
	require.NoError(t, os.WriteFile(key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}), 0o600))
	return cert, key
}

var (
	quoted   = regexp.MustCompile(`"(\\.|[^"\\])*"`)
	selector = regexp.MustCompile(`\b((?:earshot|go|process)_[a-z0-9_]+|earshot:[a-z0-9_:]+)(?:\{([^}]*)\})?`)
	grouping = regexp.MustCompile(`\b(?:by|without|on|ignoring|group_left|group_right)\s*\(([^)]*)\)`)
	matcher  = regexp.MustCompile(`([a-zA-Z_]\w*)\s*(?:=~|!~|!=|=)`)
	template = regexp.MustCompile(`\$labels\.(\w+)`)
)

// known finds a metric: as it is, or as what a histogram makes of it.
func (d described) known(name string) ([]string, bool) {
	if labels, ok := d[name]; ok {
		return labels, true
	}
	for _, suffix := range []string{"_bucket", "_sum", "_count"} {
		if base, ok := strings.CutSuffix(name, suffix); ok {
			if labels, ok := d[base]; ok {
				return append(slices.Clone(labels), "le"), true
			}
		}
	}
	return nil, false
}

func TestEveryMetricOfARuleExistsWithItsLabels(t *testing.T) {
	all := services(t)
	require.Greater(t, len(all), 80)
	for _, r := range rules(t) {
		var here []string // labels of all metrics of the expression
		expr := r.Expr
		bare := quoted.ReplaceAllString(expr, `""`)
		found := selector.FindAllStringSubmatch(bare, -1)
		require.NotEmpty(t, found, r.Expr)
		for _, m := range found {
			labels, ok := all.known(m[1])
			require.True(t, ok, "%s%s: there is no metric %s", r.Alert, r.Record, m[1])
			for _, l := range matcher.FindAllStringSubmatch(m[2], -1) {
				require.Contains(t, labels, l[1], "%s%s: label of %s", r.Alert, r.Record, m[1])
			}
			here = append(here, labels...)
		}
		var kept []string
		for _, g := range grouping.FindAllStringSubmatch(bare, -1) {
			for _, l := range strings.FieldsFunc(g[1], func(r rune) bool { return r == ',' || r == ' ' }) {
				require.Contains(t, here, l, "%s%s: label in %s", r.Alert, r.Record, g[0])
				kept = append(kept, l)
			}
		}
		if r.Record != "" {
			all[r.Record] = kept // rules after it may use what it has kept
			continue
		}
		if len(kept) == 0 {
			kept = here
		}
		for _, text := range r.Annotations {
			for _, l := range template.FindAllStringSubmatch(text, -1) {
				require.Contains(t, kept, l[1], "%s: the alert has no label %s", r.Alert, l[1])
			}
		}
	}
}

func TestValuesOfLabelsAreThoseThatTheServicesUse(t *testing.T) {
	// What the code gives to these labels, as it says in the help of the metrics.
	used := map[string][]string{
		`outcome="unavailable"`: {"earshot_collector_samples_total"}, `outcome="failed"`: {"earshot_collector_token_key_loads_total"},
		`what="insert"`: {"earshot_processor_retries_total"}, `mode="live"`: {"earshot_processor_records_total"},
		`reason="disk"`: {"earshot_collector_spool_refused_total"}, `outcome!="ok"`: {"earshot_alerts_sent_total"}, `outcome="ok"`: {"earshot_alerts_sent_total"},
		`reason=~"dead_.*|panic"`: {"earshot_processor_dropped_total"},
	}
	with := regexp.MustCompile(`(earshot_[a-z0-9_]+)\{([^}]*)\}`)
	for _, r := range rules(t) {
		for _, m := range with.FindAllStringSubmatch(r.Expr, -1) {
			require.Contains(t, used[m[2]], m[1], "%s%s: %s; is that what the code writes? then add it here", r.Alert, r.Record, m[0])
		}
	}
}

func TestEveryAlertHasItsRunbook(t *testing.T) {
	page, err := os.ReadFile("../../docs/alerting.md")
	require.NoError(t, err)
	seen := map[string]bool{}
	for _, r := range rules(t) {
		if r.Record != "" {
			require.Regexp(t, `^earshot:[a-z_]+:[a-z0-9_]+$`, r.Record)
			continue
		}
		require.False(t, seen[r.Alert], r.Alert)
		seen[r.Alert] = true
		require.Contains(t, []string{"critical", "warning"}, r.Labels["severity"], r.Alert)
		require.NotEmpty(t, r.Annotations["summary"], r.Alert)
		require.Equal(t, "https://github.com/earshot-rtc/earshot/blob/main/docs/alerting.md#"+strings.ToLower(r.Alert), r.Annotations["runbook_url"])
		require.Contains(t, string(page), "\n### "+r.Alert+"\n")
		if r.For != "" {
			_, err := time.ParseDuration(r.For)
			require.NoError(t, err)
		}
	}
	for _, heading := range regexp.MustCompile(`(?m)^### (Earshot\w+)$`).FindAllStringSubmatch(string(page), -1) {
		grafana, err := os.ReadFile("../../dashboards/grafana/provisioning/alerting/earshot.yaml")
		require.NoError(t, err)
		require.True(t, seen[heading[1]] || strings.Contains(string(grafana), "title: "+heading[1]), "%s is the runbook of no alert", heading[1])
	}
}
