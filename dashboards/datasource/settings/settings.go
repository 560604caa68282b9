// Package settings reads how a data source is configured in Grafana: its JSON comes in, a checked configuration of the store and of
// the limits comes out.
package settings

import (
	"cmp"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/earshot-rtc/earshot/dashboards/query"
	"github.com/earshot-rtc/earshot/internal/clickhouse"
)

// What holds where a data source says nothing.
const (
	DefaultMaxRows = 10_000
	DefaultTimeout = 10 * time.Second
	// MaxTimeout is the longest that a query may take.
	MaxTimeout = 60 * time.Second
	// Connections is how many queries of one data source run at a time.
	Connections = 8
)

// Settings are those of one data source. The JSON names are those of Grafana's jsonData.
type Settings struct {
	Address       string  `json:"address"`        // host:port of ClickHouse, native protocol; several separated by commas
	Database      string  `json:"database"`       // "" = earshot
	Username      string  `json:"username"`       // "" = default
	Tenant        string  `json:"tenant"`         // whose rows; "" = those that have none
	Secure        bool    `json:"secure"`         // TLS
	TLSSkipVerify bool    `json:"tlsSkipVerify"`  // any certificate will do
	TLSCACert     string  `json:"tlsCACert"`      // PEM; "" = the system's
	RawSQL        bool    `json:"rawSql"`         // queries of type sql are allowed
	MaxRows       int     `json:"maxRows"`        // of an answer; 0 = DefaultMaxRows
	TimeoutS      float64 `json:"timeoutSeconds"` // of a query; 0 = DefaultTimeout
	ConsoleURL    string  `json:"consoleUrl"`     // of the call explorer, for links

	Password string `json:"-"` // secureJsonData

	// Timeout is TimeoutS as a duration.
	Timeout time.Duration `json:"-"`
}

// Parse reads and checks the settings of a data source.
func Parse(jsonData []byte, secure map[string]string) (Settings, error) {
	var s Settings
	if len(jsonData) > 0 {
		if err := json.Unmarshal(jsonData, &s); err != nil {
			return s, fmt.Errorf("the data source's settings are no JSON that the plugin knows: %w", err)
		}
	}
	s.Password = secure["password"]
	s.Address = strings.TrimSpace(s.Address)
	s.MaxRows = cmp.Or(s.MaxRows, DefaultMaxRows)
	s.Timeout = DefaultTimeout
	if s.TimeoutS != 0 {
		s.Timeout = time.Duration(s.TimeoutS * float64(time.Second))
	}
	return s, s.validate()
}

func (s Settings) validate() error {
	switch {
	case s.Address == "":
		return errors.New("address: it is empty; give host:port of ClickHouse's native protocol, such as clickhouse:9000")
	case s.MaxRows < 1 || s.MaxRows > query.MaxRows:
		return fmt.Errorf("maxRows: %d is not between 1 and %d", s.MaxRows, query.MaxRows)
	case s.Timeout < time.Second || s.Timeout > MaxTimeout:
		return fmt.Errorf("timeoutSeconds: %g s is not between 1 and %g", s.TimeoutS, MaxTimeout.Seconds())
	}
	for _, addr := range s.Addresses() {
		switch host, port, err := net.SplitHostPort(addr); {
		case strings.Contains(addr, "://"):
			return fmt.Errorf("address: %q is a URL; give host:port of ClickHouse's native protocol, such as clickhouse:9000", addr)
		case err != nil || host == "" || port == "":
			return fmt.Errorf("address: %q is not host:port, such as clickhouse:9000", addr)
		case port == "8123" || port == "8443":
			return fmt.Errorf("address: port %s is that of ClickHouse's HTTP; the plugin speaks its native protocol, mostly on 9000, with TLS on 9440", port)
		}
	}
	_, err := s.tls()
	return err
}

// Addresses are those of Address, one by one.
func (s Settings) Addresses() []string {
	var out []string
	for a := range strings.SplitSeq(s.Address, ",") {
		if a = strings.TrimSpace(a); a != "" {
			out = append(out, a)
		}
	}
	return out
}

// Store is how to reach ClickHouse.
func (s Settings) Store() (clickhouse.Config, error) {
	secured, err := s.tls()
	return clickhouse.Config{
		Addr: s.Addresses(), Database: s.Database, User: s.Username, Password: s.Password, TLS: secured, MaxConns: Connections,
	}, err
}

func (s Settings) tls() (*tls.Config, error) {
	if !s.Secure {
		return nil, nil
	}
	c := &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: s.TLSSkipVerify} // #nosec G402 -- as the user says
	if s.TLSCACert != "" {
		c.RootCAs = x509.NewCertPool()
		if !c.RootCAs.AppendCertsFromPEM([]byte(s.TLSCACert)) {
			return nil, errors.New("tlsCACert: there is no PEM certificate in it; it begins with -----BEGIN CERTIFICATE-----")
		}
	}
	return c, nil
}
