package collector

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/earshot-rtc/earshot/collector/identity"
	"github.com/earshot-rtc/earshot/internal/certificate"
	"github.com/earshot-rtc/earshot/internal/kafka"
)

// Check is Validate, and reads the files that the configuration names: certificates, keys, tokens, networks. It asks nobody
// over the network. The error may be several (errors.Join).
func (c *Config) Check(ctx context.Context) error {
	if err := c.Validate(); err != nil {
		return err
	}
	var errs []error
	auth := c.Auth
	auth.Tokens.JWKSURL = ""
	if a, err := identity.New(auth, identity.Dependencies{}); err == nil {
		if err := a.Start(ctx); err != nil {
			errs = append(errs, err)
		}
		_ = a.Shutdown(ctx)
	} else if c.Auth.Tokens.JWKSURL == "" {
		errs = append(errs, err)
	}
	if c.TLS.Enabled() {
		f, err := certificate.New(c.TLS, certificate.Dependencies{})
		if err == nil {
			err = f.Start(ctx)
			_ = f.Shutdown(ctx)
		}
		if err != nil {
			errs = append(errs, err)
		}
	}
	if _, err := c.Privacy.Key(); err != nil {
		errs = append(errs, err)
	}
	errs = append(errs, c.Enrich.Check())
	if c.Spool.Dir != "" {
		if info, err := os.Stat(c.Spool.Dir); err == nil && !info.IsDir() {
			errs = append(errs, fmt.Errorf("spool.dir: %s is not a directory", c.Spool.Dir))
		}
	}
	p, err := kafka.NewProducer(c.Kafka, kafka.Dependencies{}) // which connects to nobody
	if err == nil {
		err = p.Close()
	}
	return errors.Join(append(errs, err)...)
}
