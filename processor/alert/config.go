package alert

import (
	"crypto/x509"
	"errors"
	"fmt"
	"net/url"
	"os"
	"regexp"
	"strings"
	"time"
)

// Config says which Alertmanagers are told. New fills what is zero with the defaults of DefaultConfig.
type Config struct {
	// URLs are the Alertmanagers, such as http://alertmanager:9093, with the path prefix where there is one. Each is told everything, as
	// those of a cluster want it. Empty: nobody is told.
	URLs []string `yaml:"urls"`
	// Repeat is how often an alert that fires is sent again. An Alertmanager that hears nothing for four times as long takes it as ended.
	Repeat time.Duration `yaml:"repeat"`
	// Timeout bounds one request.
	Timeout time.Duration `yaml:"timeout"`
	// Backoff is the first pause after a request that failed; it doubles, with jitter, up to the time between repeats.
	Backoff time.Duration `yaml:"backoff"`
	// TokenFile holds a bearer token; it is read again for every request.
	TokenFile string `yaml:"token_file"`
	// Headers are sent with every request, such as X-Scope-OrgID.
	Headers map[string]string `yaml:"headers" config:"secret"`
	// CAFile holds the authorities of the servers' certificates, PEM. Empty: those of the system.
	CAFile string `yaml:"ca_file"`
	// Labels are added to every alert, such as cluster: eu. Those that an alert has itself win.
	Labels map[string]string `yaml:"labels"`
}

// DefaultConfig tells nobody.
func DefaultConfig() Config {
	return Config{Repeat: 4 * time.Minute, Timeout: 10 * time.Second, Backoff: time.Second}
}

func (c Config) withDefaults() Config {
	def := DefaultConfig()
	if c.Repeat == 0 {
		c.Repeat = def.Repeat
	}
	if c.Timeout == 0 {
		c.Timeout = def.Timeout
	}
	if c.Backoff == 0 {
		c.Backoff = def.Backoff
	}
	return c
}

var labelName = regexp.MustCompile(`^[a-zA-Z_][a-zA-Z0-9_]*$`)

// prefix is where the section stands in the configuration file.
const prefix = "processor.regression.webhook."

// Validate says which key holds what cannot be.
func (c Config) Validate() error {
	for i, u := range c.URLs {
		parsed, err := url.Parse(u)
		if err != nil || parsed.Scheme != "http" && parsed.Scheme != "https" || parsed.Host == "" || parsed.RawQuery != "" {
			return fmt.Errorf("%surls[%d] %q is no address of an Alertmanager; give one like http://alertmanager:9093", prefix, i, u)
		}
		if strings.HasSuffix(strings.TrimSuffix(parsed.Path, "/"), "/alerts") {
			return fmt.Errorf("%surls[%d] %q names the endpoint; leave out %s", prefix, i, u, endpoint)
		}
		if parsed.User != nil {
			return fmt.Errorf("%surls[%d] has a password in it; put it into %stoken_file or %sheaders", prefix, i, prefix, prefix)
		}
	}
	for _, d := range []struct {
		key              string
		value, low, high time.Duration
	}{
		{"repeat", c.Repeat, time.Second, time.Hour},
		{"timeout", c.Timeout, 100 * time.Millisecond, time.Minute},
		{"backoff", c.Backoff, 10 * time.Millisecond, time.Minute},
	} {
		if d.value < d.low || d.value > d.high {
			return fmt.Errorf("%s%s is %v; give a duration from %v to %v", prefix, d.key, d.value, d.low, d.high)
		}
	}
	for name := range c.Labels {
		if !labelName.MatchString(name) {
			return fmt.Errorf("%slabels: %q is no name of a label; letters, digits and _ make one", prefix, name)
		}
	}
	for name := range c.Headers {
		if name == "" || strings.ContainsAny(name, " :\r\n") {
			return fmt.Errorf("%sheaders: %q is no name of a header", prefix, name)
		}
		if c.TokenFile != "" && strings.EqualFold(name, "Authorization") {
			return fmt.Errorf("%sheaders has Authorization and %stoken_file is set; keep one of them", prefix, prefix)
		}
	}
	return nil
}

// Check is Validate, and a look at the files besides.
func (c Config) Check() error {
	if err := c.Validate(); err != nil {
		return err
	}
	if _, err := c.token(); err != nil {
		return err
	}
	_, err := c.authorities()
	return err
}

func (c Config) token() (string, error) {
	if c.TokenFile == "" {
		return "", nil
	}
	data, err := os.ReadFile(c.TokenFile)
	if err != nil {
		return "", fmt.Errorf("%stoken_file: %w", prefix, err)
	}
	token := strings.TrimSpace(string(data))
	if token == "" || strings.ContainsAny(token, "\r\n") {
		return "", fmt.Errorf("%stoken_file: %s does not hold one token on one line", prefix, c.TokenFile)
	}
	return token, nil
}

// authorities are nil for those of the system.
func (c Config) authorities() (*x509.CertPool, error) {
	if c.CAFile == "" {
		return nil, nil
	}
	pem, err := os.ReadFile(c.CAFile)
	if err != nil {
		return nil, fmt.Errorf("%sca_file: %w", prefix, err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, errors.New(prefix + "ca_file: there is no certificate in " + c.CAFile)
	}
	return pool, nil
}
