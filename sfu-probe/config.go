package sfuprobe

import (
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/earshot-rtc/earshot/sfu-probe/export"
	"github.com/earshot-rtc/earshot/sfu-probe/rtpstats"

	earshotv1 "github.com/earshot-rtc/earshot/schemas/proto/earshot/v1"
)

// DefaultInterval is the time between two samples where Config.Interval is 0.
const DefaultInterval = 5 * time.Second

// firstSampleAfter bounds the wait for the first sample, so that a short call leaves something behind.
const firstSampleAfter = time.Second

// Config says who the probe speaks for and where it reports. Exactly one of SFU and Client is set.
type Config struct {
	// SFU makes this the probe of an SFU; sfu_id is required. Calls are named one by one in Watch.
	SFU *earshotv1.SFUOrigin
	// Client makes this the probe of one client in the call CallID; client_id is required.
	Client *earshotv1.ClientOrigin
	CallID string

	// Interval between samples; 0 is DefaultInterval. The first one comes after a second, or after Interval if shorter.
	Interval time.Duration

	// Collector is the WebSocket address of the collector's stream, ws://host:port/v1/stream or wss://... Empty means that
	// samples go nowhere but to Decorate and to an Exporter given as an option.
	Collector string
	// Token, where set, is sent as a bearer token when connecting.
	Token string
	// QueueBytes bounds the samples that wait for the collector; 0 is export.DefaultQueueBytes.
	QueueBytes int

	// XR says when to measure RTT as a receiver (RFC 3611): always (the default; unknown RTCP is ignored by those who do
	// not know it, and libwebrtc answers unasked), only where "rrtr" was negotiated in SDP, or never.
	XR rtpstats.XRMode
	// ResidenceEvery takes the receive-to-send time of one packet in so many; 0 is rtpstats.DefaultResidenceEvery. It is
	// rounded up to a power of two.
	ResidenceEvery int

	// Decorate, where set, may change every sample just before it is exported. It runs on the probe's own goroutine and
	// must neither block nor keep the sample.
	Decorate func(*earshotv1.Sample)
}

func (c *Config) validate() error {
	switch {
	case c.SFU == nil && c.Client == nil:
		return errors.New("sfuprobe: neither Config.SFU nor Config.Client is set: say which one this probe speaks for")
	case c.SFU != nil && c.Client != nil:
		return errors.New("sfuprobe: both Config.SFU and Config.Client are set: keep one")
	case c.SFU != nil && c.SFU.GetSfuId() == "":
		return errors.New("sfuprobe: Config.SFU has no sfu_id: give the SFU a name that is its own")
	case c.SFU != nil && c.CallID != "":
		return errors.New("sfuprobe: Config.CallID is for a client: an SFU names the call in Watch")
	case c.Client != nil && c.Client.GetClientId() == "":
		return errors.New("sfuprobe: Config.Client has no client_id")
	case c.Client != nil && c.CallID == "":
		return errors.New("sfuprobe: Config.CallID is empty: a client is in one call")
	case c.Interval < 0:
		return fmt.Errorf("sfuprobe: Config.Interval is %v: give a positive time, or 0 for %v", c.Interval, DefaultInterval)
	case c.Interval > 0 && c.Interval < 10*time.Millisecond:
		return fmt.Errorf("sfuprobe: Config.Interval is %v: give at least 10ms", c.Interval)
	case c.ResidenceEvery < 0:
		return fmt.Errorf("sfuprobe: Config.ResidenceEvery is %d: give a positive number, or 0 for %d", c.ResidenceEvery, rtpstats.DefaultResidenceEvery)
	}
	return nil
}

// Exporter takes samples away. export.Exporter is the one that speaks to a collector.
type Exporter interface {
	export.Sink
}

// Option sets what Config leaves out.
type Option func(*options)

type options struct {
	logger     *slog.Logger
	registerer prometheus.Registerer
	exporter   Exporter
}

// WithLogger gives the probe a logger; without it the probe is silent.
func WithLogger(l *slog.Logger) Option { return func(o *options) { o.logger = l } }

// WithRegisterer registers the probe's own metrics (earshot_sfuprobe_...).
func WithRegisterer(r prometheus.Registerer) Option { return func(o *options) { o.registerer = r } }

// WithExporter sends samples to e rather than to Config.Collector. The probe starts it and shuts it down.
func WithExporter(e Exporter) Option { return func(o *options) { o.exporter = e } }
