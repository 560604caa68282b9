package lab

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"time"

	"github.com/pion/webrtc/v3"

	"github.com/earshot-rtc/earshot/lab/client"
	"github.com/earshot-rtc/earshot/lab/plan"
	"github.com/earshot-rtc/earshot/lab/topology"
	earshotv1 "github.com/earshot-rtc/earshot/schemas/proto/earshot/v1"
	sfuprobe "github.com/earshot-rtc/earshot/sfu-probe"
)

const version = "lab"

// retireWithin bounds how long the probe of a client that left, or of an SFU that went down, waits for its last samples to
// be acknowledged.
const retireWithin = 10 * time.Second

func (l *Lab) sfuProbe(s topology.SFU) *sfuprobe.Probe {
	return l.probe(sfuprobe.Config{SFU: &earshotv1.SFUOrigin{SfuId: s.ID, Region: s.Region, Version: version}})
}

func (l *Lab) clientProbe(m *plan.Member, c *client.Client) *sfuprobe.Probe {
	return l.probe(sfuprobe.Config{
		Client: &earshotv1.ClientOrigin{ClientId: m.ID, UserId: m.Client.ID, AppVersion: version, Browser: "pion", BrowserVersion: "3"},
		CallID: l.top.Call, Decorate: c.Decorate,
	})
}

// probe makes and starts a probe; nil, and a problem counted, where that fails.
func (l *Lab) probe(cfg sfuprobe.Config) *sfuprobe.Probe {
	cfg.Interval = time.Duration(l.top.SampleEvery)
	cfg.Collector, cfg.Token = l.cfg.CollectorURL, l.cfg.Token
	opts := []sfuprobe.Option{sfuprobe.WithLogger(l.log)}
	if l.deps.Exporter != nil {
		opts = append(opts, sfuprobe.WithExporter(l.deps.Exporter()))
	}
	p, err := sfuprobe.New(cfg, opts...)
	if err == nil {
		err = p.Start(context.Background())
	}
	if err != nil {
		l.call.problem("probe", err)
		return nil
	}
	l.mu.Lock()
	l.probes = append(l.probes, p)
	l.mu.Unlock()
	return p
}

// retire lets a probe send what it has and end, in the background.
func (l *Lab) retire(p *sfuprobe.Probe) {
	if p == nil {
		return
	}
	l.closing.Go(func() {
		ctx, cancel := context.WithTimeout(context.Background(), retireWithin)
		defer cancel()
		_ = p.Shutdown(ctx) // what was not acknowledged shows in the totals
	})
}

// newCertificate makes what several connections of one owner share. It fails only where the system has no randomness, and
// then each connection makes one of its own, or fails.
func newCertificate() *webrtc.Certificate {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil
	}
	cert, err := webrtc.GenerateCertificate(key)
	if err != nil {
		return nil
	}
	return cert
}
