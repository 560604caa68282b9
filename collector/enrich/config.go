package enrich

import (
	"errors"
	"fmt"
	"time"
)

// Config says which files are asked.
type Config struct {
	// Files are MaxMind-format files (.mmdb), such as GeoLite2-City, GeoLite2-Country, GeoLite2-ASN, GeoIP2-ISP or whatever
	// has their fields. What several of them know is taken from the first. None: samples get no country, region, ASN and ISP.
	Files []string `yaml:"files"`
	// Reload is how often the files are looked at. One that was replaced is read anew.
	Reload time.Duration `yaml:"reload"`
}

// DefaultConfig asks no file.
func DefaultConfig() Config { return Config{Reload: time.Minute} }

// Validate names the key that makes no sense.
func (c *Config) Validate() error {
	if c.Reload <= 0 {
		return errors.New("enrich.reload must be more than 0")
	}
	for i, f := range c.Files {
		if f == "" {
			return fmt.Errorf("enrich.files[%d] is empty; name a .mmdb file", i)
		}
	}
	return nil
}

// Check reads the files as Start would, and every record in them as well.
func (c *Config) Check() error {
	var errs []error
	for i, path := range c.Files {
		r, _, err := open(path)
		if err == nil {
			if err = r.Verify(); err != nil {
				err = fmt.Errorf("%s is damaged: %w; fetch it again", path, err)
			}
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("enrich.files[%d]: %w", i, err))
		}
	}
	return errors.Join(errs...)
}
