// Package certificate serves TLS with files: a certificate, its key and, where clients have certificates too, their authority
// come in; a tls.Config that follows the files while they change comes out.
package certificate

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/earshot-rtc/earshot/internal/reload"
)

// Config names the files, all PEM. They are read again when they change.
type Config struct {
	// CertFile holds the certificate with its chain. Empty, with the key: no TLS.
	CertFile string `yaml:"cert_file"`
	// KeyFile holds its key.
	KeyFile string `yaml:"key_file"`
	// ClientCAFile holds the authorities of client certificates. A client may show one then, but need not.
	ClientCAFile string `yaml:"client_ca_file"`
	// MinVersion is the oldest TLS that is spoken: "1.2" or "1.3".
	MinVersion string `yaml:"min_version"`
}

// DefaultConfig is without TLS.
func DefaultConfig() Config { return Config{MinVersion: "1.2"} }

// Enabled says whether there is a certificate.
func (c *Config) Enabled() bool { return c.CertFile != "" }

// Validate names the key that makes no sense.
func (c *Config) Validate() error {
	switch {
	case (c.CertFile == "") != (c.KeyFile == ""):
		return errors.New("tls.cert_file and tls.key_file go together; set both or none")
	case c.ClientCAFile != "" && c.CertFile == "":
		return errors.New("tls.client_ca_file needs tls.cert_file and tls.key_file")
	case c.MinVersion != "1.2" && c.MinVersion != "1.3":
		return fmt.Errorf("tls.min_version: %q is neither 1.2 nor 1.3", c.MinVersion)
	}
	return nil
}

// Dependencies are what Files are given. All may be nil.
type Dependencies struct {
	Logger *slog.Logger
	// Registerer gets metrics named tls_...; whoever owns it puts a prefix before them.
	Registerer prometheus.Registerer
	// Poll is how often the files are looked at. Default: 2 s.
	Poll time.Duration
}

// Files follow a certificate.
type Files struct {
	cfg     Config
	log     *slog.Logger
	files   *reload.Files
	current atomic.Pointer[tls.Config]
	until   prometheus.Gauge
	loads   *prometheus.CounterVec
}

// New makes Files; nothing is read before Start.
func New(cfg Config, deps Dependencies) (*Files, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	f := &Files{cfg: cfg, log: deps.Logger}
	if f.log == nil {
		f.log = slog.New(slog.DiscardHandler)
	}
	f.until = prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "tls_certificate_expires_timestamp_seconds",
		Help: "When the certificate that is served expires.",
	})
	f.loads = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "tls_loads_total",
		Help: "Loads of certificate files that had changed, by outcome (ok, failed).",
	}, []string{"outcome"})
	if deps.Registerer != nil {
		deps.Registerer.MustRegister(f.until, f.loads)
	}
	paths := []string{cfg.CertFile, cfg.KeyFile}
	if cfg.ClientCAFile != "" {
		paths = append(paths, cfg.ClientCAFile)
	}
	f.files = reload.New(reload.Config{Paths: paths, Every: deps.Poll}, reload.Dependencies{Load: f.load, Loaded: f.loaded})
	return f, nil
}

// Start reads the files and follows them.
func (f *Files) Start(ctx context.Context) error {
	if err := f.files.Start(ctx); err != nil {
		return fmt.Errorf("tls: %w", err)
	}
	return nil
}

// Shutdown stops following them.
func (f *Files) Shutdown(ctx context.Context) error { return f.files.Shutdown(ctx) }

// TLS is a configuration for a listener; it always uses the files as they were loaded last.
func (f *Files) TLS() *tls.Config {
	return &tls.Config{
		MinVersion:         f.version(),
		GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) { return f.current.Load(), nil },
	}
}

func (f *Files) version() uint16 {
	if f.cfg.MinVersion == "1.3" {
		return tls.VersionTLS13
	}
	return tls.VersionTLS12
}

func (f *Files) load(contents [][]byte) error {
	pair, err := tls.X509KeyPair(contents[0], contents[1])
	if err != nil {
		return fmt.Errorf("%s and %s: %w", f.cfg.CertFile, f.cfg.KeyFile, err)
	}
	c := &tls.Config{MinVersion: f.version(), Certificates: []tls.Certificate{pair}, NextProtos: []string{"h2", "http/1.1"}}
	if len(contents) > 2 {
		c.ClientCAs = x509.NewCertPool()
		if !c.ClientCAs.AppendCertsFromPEM(contents[2]) {
			return fmt.Errorf("%s holds no certificate in PEM", f.cfg.ClientCAFile)
		}
		c.ClientAuth = tls.VerifyClientCertIfGiven
	}
	f.current.Store(c)
	if pair.Leaf != nil {
		f.until.Set(float64(pair.Leaf.NotAfter.Unix()))
	}
	return nil
}

func (f *Files) loaded(err error) {
	if err != nil {
		f.loads.WithLabelValues("failed").Inc()
		f.log.Error("certificate could not be loaded; the one from before stays in use", "error", err)
		return
	}
	f.loads.WithLabelValues("ok").Inc()
	f.log.Info("certificate loaded", "file", f.cfg.CertFile)
}
