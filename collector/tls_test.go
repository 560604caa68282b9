package collector_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/require"

	"github.com/earshot-rtc/earshot/collector"
	"github.com/earshot-rtc/earshot/collector/identity"
	"github.com/earshot-rtc/earshot/collector/receive"
	pb "github.com/earshot-rtc/earshot/schemas/proto/earshot/v1"
)

// authority issues certificates.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func (a *authority) issue(t *testing.T, serial int64, name string) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	tmpl := &x509.Certificate{
		SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: name}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}, BasicConstraintsValid: true,
	}
	parent, signer := a.cert, a.key
	if a.cert == nil {
		tmpl.IsCA, tmpl.KeyUsage, parent, signer = true, x509.KeyUsageCertSign, tmpl, key
	} else {
		tmpl.DNSNames, tmpl.IPAddresses = []string{name}, []net.IP{net.IPv4(127, 0, 0, 1)}
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, parent, &key.PublicKey, signer)
	require.NoError(t, err)
	if a.cert == nil {
		a.key = key
		a.cert, err = x509.ParseCertificate(der)
		require.NoError(t, err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

func newAuthority(t *testing.T) *authority {
	a := &authority{}
	a.issue(t, 1, "test authority")
	return a
}

func writePEM(t *testing.T, path, kind string, der []byte) {
	t.Helper()
	require.NoError(t, os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600))
}

func writePair(t *testing.T, c tls.Certificate, cert, key string) {
	t.Helper()
	writePEM(t, cert, "CERTIFICATE", c.Certificate[0])
	der, err := x509.MarshalPKCS8PrivateKey(c.PrivateKey)
	require.NoError(t, err)
	writePEM(t, key, "PRIVATE KEY", der)
}

func TestTLSAndCertificatesOfSFUs(t *testing.T) {
	ours, theirs := newAuthority(t), newAuthority(t)
	dir := t.TempDir()
	cert, key, ca := dir+"/cert.pem", dir+"/key.pem", dir+"/ca.pem"
	writePair(t, ours.issue(t, 2, "collector.example"), cert, key)
	writePEM(t, ca, "CERTIFICATE", ours.cert.Raw)
	s := secure(t, func(c *collector.Config) {
		c.TLS.CertFile, c.TLS.KeyFile, c.TLS.ClientCAFile = cert, key, ca
		c.Auth.SFUCertificates = []identity.SFUCertificate{{Match: "fra.sfu.example", Tenant: "acme", SFUIDs: []string{"fra"}}}
	})
	roots := x509.NewCertPool()
	roots.AddCert(ours.cert)
	client := func(shown ...tls.Certificate) *http.Client {
		tr := &http.Transport{ForceAttemptHTTP2: true, TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}}
		if len(shown) > 0 {
			tr.TLSClientConfig.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &shown[0], nil }
		}
		t.Cleanup(tr.CloseIdleConnections)
		return &http.Client{Transport: tr, Timeout: 10 * time.Second}
	}
	send := func(c *http.Client, sample *pb.Sample, header ...string) (status int, a receive.Answer, protocol int, serial int64) {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://"+s.Addr()+"/v1/samples", bytes.NewReader(batch(t, sample)))
		require.NoError(t, err)
		req.Header.Set("Content-Type", protobuf)
		for i := 0; i < len(header); i += 2 {
			req.Header.Set(header[i], header[i+1])
		}
		res, err := c.Do(req)
		if err != nil {
			return 0, a, 0, 0
		}
		defer res.Body.Close()
		_ = json.NewDecoder(res.Body).Decode(&a)
		return res.StatusCode, a, res.ProtoMajor, res.TLS.PeerCertificates[0].SerialNumber.Int64()
	}
	page := client()
	status, _, protocol, _ := send(page, sample(1), bearer(s.token())...)
	require.Equal(t, 202, status)
	require.Equal(t, 2, protocol)
	status, _, _, _ = send(page, sample(1))
	require.Equal(t, 401, status)

	sfu := client(ours.issue(t, 3, "fra.sfu.example"))
	status, _, _, _ = send(sfu, sfuSample("fra"))
	require.Equal(t, 202, status)
	require.Equal(t, "acme", s.stored()[1].Receipt.Tenant)
	status, a, _, _ := send(sfu, sfuSample("lon"))
	require.Equal(t, 403, status)
	require.Equal(t, "sfu_not_allowed", a.Rejected[0].Reason)
	status, _, _, _ = send(sfu, sample(1))
	require.Equal(t, 403, status)
	status, _, _, _ = send(client(ours.issue(t, 4, "lon.sfu.example")), sfuSample("lon"))
	require.Equal(t, 403, status, "nobody we know")
	status, _, _, _ = send(client(theirs.issue(t, 5, "fra.sfu.example")), sfuSample("fra"))
	require.Zero(t, status, "no handshake")

	conn, res, err := websocket.Dial(t.Context(), "wss://"+s.Addr()+"/v1/stream", &websocket.DialOptions{HTTPClient: sfu})
	require.NoError(t, err)
	if res.Body != nil {
		_ = res.Body.Close()
	}
	p := &probe{t, conn}
	p.send(&pb.ClientFrame{Sample: sfuSample("fra")})
	require.Empty(t, p.receive().Ack.Error)
	require.NoError(t, conn.CloseNow())

	writePair(t, ours.issue(t, 6, "collector.example"), cert, key)
	require.Eventually(t, func() bool {
		_, _, _, serial := send(client(), sample(1), bearer(s.token())...)
		return serial == 6
	}, 5*time.Second, 20*time.Millisecond)
	status, _, _, _ = send(page, sample(1), bearer(s.token())...)
	require.Equal(t, 202, status, "connections from before go on")
}

func TestACollectorThatAnybodyCanReachAsksForTokens(t *testing.T) {
	for _, listen := range []string{":4480", "0.0.0.0:4480", "[::]:4480", "192.0.2.1:4480", "collector.example:4480"} {
		cfg := config()
		cfg.Listen = listen
		require.ErrorContains(t, cfg.Validate(), "auth.mode is none, but listen ("+listen+") can be reached from other machines")
	}
	for _, listen := range []string{"127.0.0.1:4480", "[::1]:4480", "localhost:4480", "127.9.9.9:0"} {
		cfg := config()
		cfg.Listen = listen
		require.NoError(t, cfg.Validate())
	}
	cfg := config()
	cfg.Auth.Mode = identity.Required
	require.ErrorContains(t, cfg.Validate(), "nobody could get in")
	cfg.Auth.SFUCertificates = []identity.SFUCertificate{{Match: "x"}}
	require.ErrorContains(t, cfg.Validate(), "needs tls.client_ca_file")
	cfg = config()
	cfg.TLS.CertFile = "x"
	require.ErrorContains(t, cfg.Validate(), "tls.cert_file and tls.key_file go together")
	cfg.TLS.KeyFile = "/nowhere"
	log := &safe{}
	plain := config()
	plain.Listen, plain.Auth.Mode = "0.0.0.0:0", identity.Required
	plain.Auth.SFUTokens = []identity.SFUToken{{Name: "x", SHA256: strings.Repeat("0", 64)}}
	_, err := collector.New(plain, collector.Dependencies{Producer: &fakeKafka{}, Logger: slog.New(slog.NewTextHandler(log, nil))})
	require.NoError(t, err)
	require.Contains(t, log.String(), "tokens come in without encryption")
	c, err := collector.New(cfg, collector.Dependencies{Producer: &fakeKafka{}})
	require.NoError(t, err)
	require.ErrorIs(t, c.Start(t.Context()), os.ErrNotExist)
}

func TestPagesThatMayNotSendAreCounted(t *testing.T) {
	s := secure(t, func(c *collector.Config) {
		c.Receive.Origins = []string{"https://app.example", "https://*.app.example"}
	})
	url := "http://" + s.Addr() + "/v1/samples"
	for _, origin := range []string{"https://evil.example", "null", "https://app.example.evil.example", "https://app.example:444"} {
		require.Equal(t, 403, do(t, "POST", url, nil, "Origin", origin).status)
	}
	require.Equal(t, 4.0, s.metric("earshot_collector_refused_total", "origin"))
	pre := do(t, "OPTIONS", url, nil, "Origin", "https://eu.app.example", "Access-Control-Request-Method", "POST",
		"Access-Control-Request-Headers", "authorization,content-type")
	require.Equal(t, 204, pre.status, "a preflight has no token")
	require.Equal(t, "https://eu.app.example", pre.header.Get("Access-Control-Allow-Origin"))
	require.Contains(t, pre.header.Get("Access-Control-Allow-Headers"), "Authorization")
	require.Equal(t, "7200", pre.header.Get("Access-Control-Max-Age"))
	require.Empty(t, pre.header.Get("Access-Control-Allow-Credentials"), "there are no cookies to be sent")
	r := do(t, "POST", url, nil, "Origin", "https://app.example", "Content-Type", protobuf)
	require.Equal(t, 401, r.status)
	require.Equal(t, "https://app.example", r.header.Get("Access-Control-Allow-Origin"), "so that the page can read why not")
}
