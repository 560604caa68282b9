package config_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/earshot-rtc/earshot/internal/config"
)

type rate struct {
	Samples float64 `yaml:"samples"`
	Token   string  `yaml:"token" config:"secret"`
}

type service struct {
	Listen  string        `yaml:"listen"`
	Timeout time.Duration `yaml:"timeout"`
	On      bool          `yaml:"on"`
	Count   int           `yaml:"count"`
	Small   uint8         `yaml:"small"`
	Hosts   []string      `yaml:"hosts"`
	Key     string        `yaml:"key" config:"secret"`
	Rates   []rate        `yaml:"rates"`
	Named   map[string]rate
	Deep    struct {
		Rate rate `yaml:"rate"`
	} `yaml:"deep"`
	Inner `yaml:",inline"`
	Skip  string `yaml:"-"`
}

type Inner struct {
	Inside int `yaml:"inside"`
}

type file struct {
	Service service `yaml:"service"`
}

func TestVariablesSetEveryKindOfKey(t *testing.T) {
	secret := filepath.Join(t.TempDir(), "key")
	require.NoError(t, os.WriteFile(secret, []byte("s3cr3t\n"), 0o600))
	f := file{Service: service{Listen: "before", Count: 1}}
	set, err := config.Environment("APP", []string{
		"APP_SERVICE_LISTEN=127.0.0.1:1", "APP_SERVICE_TIMEOUT=5m", "APP_SERVICE_ON=true", "APP_SERVICE_SMALL=7", "APP_SERVICE_HOSTS=a, b,",
		"APP_SERVICE_KEY_FILE=" + secret, "APP_SERVICE_RATES=[{samples: 1.5}, {samples: 2}]", "APP_SERVICE_NAMED={x: {samples: 3}}",
		"APP_SERVICE_DEEP_RATE_SAMPLES=0.25", "APP_SERVICE_INSIDE=9", "PATH=/bin", "APP_OTHER=for somebody else",
		"APP_SERVICE_SERVICE_HOST=10.0.0.1", "APP_SERVICE_PORT=tcp://10.0.0.1:80", "APP_SERVICE_PORT_80_TCP_ADDR=10.0.0.1", "APP_SERVICE_SERVICE_PORT_HTTP=80",
	}, &f)
	require.NoError(t, err)
	s := f.Service
	require.Equal(t, []any{"127.0.0.1:1", 5 * time.Minute, true, 1, uint8(7), "s3cr3t", 0.25, 9},
		[]any{s.Listen, s.Timeout, s.On, s.Count, s.Small, s.Key, s.Deep.Rate.Samples, s.Inside})
	require.Equal(t, []string{"a", "b"}, s.Hosts)
	require.Equal(t, []rate{{Samples: 1.5}, {Samples: 2}}, s.Rates)
	require.Equal(t, map[string]rate{"x": {Samples: 3}}, s.Named)
	require.Len(t, set, 10)
	require.True(t, config.Sets(set, "service"))
	require.False(t, config.Sets(set, "other"))
}

func TestAVariableThatMakesNoSenseIsNamedAndItsValueIsNot(t *testing.T) {
	for variable, want := range map[string]string{
		"APP_SERVICE_TIMEOUT=s3cr3t":          "APP_SERVICE_TIMEOUT: is not a duration; give one such as 30s or 5m",
		"APP_SERVICE_COUNT=s3cr3t":            "APP_SERVICE_COUNT: is not a whole number, or too large",
		"APP_SERVICE_SMALL=300":               "APP_SERVICE_SMALL: is not a whole number; write it as in the file, on one line",
		"APP_SERVICE_ON=s3cr3t":               "APP_SERVICE_ON: is neither true nor false",
		"APP_SERVICE_RATES=[{s3cr3t: 1}]":     "APP_SERVICE_RATES: is not a list; write it as in the file, on one line",
		"APP_SERVICE_KEY_FILE=/no/such":       "APP_SERVICE_KEY_FILE: open /no/such: no such file or directory",
		"APP_SERVICE_LISTN=x":                 "APP_SERVICE_LISTN is set, but there is no such key; correct its name (`earshot config docs` lists them all) or unset it",
		"APP_SERVICE_LISTEN_FILE=/etc/passwd": "APP_SERVICE_LISTEN_FILE is set, but there is no such key; correct its name (`earshot config docs` lists them all) or unset it",
	} {
		_, err := config.Environment("APP", []string{variable}, &file{})
		require.EqualError(t, err, want)
	}
	_, err := config.Environment("APP", []string{"APP_SERVICE_KEY=a", "APP_SERVICE_KEY_FILE=b"}, &file{})
	require.EqualError(t, err, "APP_SERVICE_KEY and APP_SERVICE_KEY_FILE are both set; keep one")
}

func TestADumpHasEverythingButTheSecrets(t *testing.T) {
	f := file{Service: service{Listen: "x", Timeout: time.Minute, Key: "s3cr3t", Rates: []rate{{1, "s3cr3t"}}, Named: map[string]rate{"a": {2, "s3cr3t"}}}}
	f.Service.Deep.Rate.Token = "s3cr3t"
	out, err := config.Dump(&f)
	require.NoError(t, err)
	require.NotContains(t, string(out), "s3cr3t")
	require.Contains(t, string(out), "timeout: 1m0s")
	var again file
	require.NoError(t, config.Decode("dump", out, &again))
	require.Equal(t, "(secret)", again.Service.Rates[0].Token)
	require.Equal(t, "(secret)", again.Service.Named["a"].Token)
	out, err = config.Dump(file{})
	require.NoError(t, err)
	require.NotContains(t, string(out), "(secret)", "what is not set is not hidden")
}

func TestAllMistakesOfAFileAreToldByLine(t *testing.T) {
	data := []byte("service:\n  listn: x\n  timeout: soon\n  rates:\n    - samples: 1\n      shoes: 2\n")
	var lines []int
	for _, p := range config.Problems("f.yaml", data, &file{}) {
		lines = append(lines, p.Line)
	}
	require.ElementsMatch(t, []int{2, 3, 6}, lines)
	require.Empty(t, config.Problems("f.yaml", []byte("service: {count: 3}"), &file{}))
	require.Len(t, config.Problems("f.yaml", []byte("service: ["), &file{}), 1)
}

func TestAKeyInAMessageIsFoundInTheFile(t *testing.T) {
	doc := config.Parse([]byte("log: {}\nservice:\n  listen: x\n  deep:\n    rate:\n      samples: 1\n  rates:\n    - samples: 1\n    - samples: 2\n"))
	for msg, want := range map[string]string{
		"service.listen is wrong":                    "f.yaml:3: service.listen is wrong",
		"listen: it is wrong":                        "f.yaml:3: service.listen: it is wrong",
		"deep.rate.samples is wrong":                 "f.yaml:6: service.deep.rate.samples is wrong",
		"deep.rate.token is missing":                 "f.yaml:5: service.deep.rate.token is missing",
		"rates[1].samples is wrong":                  "f.yaml:9: service.rates[1].samples is wrong",
		"something else":                             "f.yaml:2: service: something else",
		"nothing here, but deep.rate.samples counts": "f.yaml:6: service: nothing here, but deep.rate.samples counts",
	} {
		got := doc.Explain("f.yaml", "service", errorText(msg))
		require.Len(t, got, 1)
		require.EqualError(t, got[0], want)
	}
	require.EqualError(t, doc.Explain("f.yaml", "absent", errorText("x_y is empty"))[0], "f.yaml: absent.x_y is empty")
	require.True(t, doc.Has("log"))
	require.False(t, config.Parse([]byte("[")).Has("log"))
}

type errorText string

func (e errorText) Error() string { return string(e) }
