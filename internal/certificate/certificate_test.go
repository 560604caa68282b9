package certificate_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/earshot-rtc/earshot/internal/certificate"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// issued is a certificate with its key.
type issued struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func issue(t *testing.T, serial int64, by *issued) *issued {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	tmpl := &x509.Certificate{
		SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: "test"}, DNSNames: []string{"localhost"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), BasicConstraintsValid: true,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	parent, signer := tmpl, key
	if by != nil {
		parent, signer = by.cert, by.key
	} else {
		tmpl.IsCA, tmpl.KeyUsage = true, x509.KeyUsageCertSign
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, parent, &key.PublicKey, signer)
	require.NoError(t, err)
	cert, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	return &issued{cert, key}
}

func (i *issued) tls() tls.Certificate {
	return tls.Certificate{Certificate: [][]byte{i.cert.Raw}, PrivateKey: i.key}
}

func (i *issued) write(t *testing.T, cert, key string) {
	t.Helper()
	require.NoError(t, os.WriteFile(cert, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: i.cert.Raw}), 0o600))
	if key != "" {
		der, err := x509.MarshalECPrivateKey(i.key)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(key, pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: der}), 0o600))
	}
}

// serve answers every connection with what the client showed: the serial number of its certificate, or none.
func serve(t *testing.T, f *certificate.Files) string {
	t.Helper()
	ln, err := tls.Listen("tcp", "127.0.0.1:0", f.TLS())
	require.NoError(t, err)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			conn, _ := c.(*tls.Conn)
			if conn.Handshake() == nil {
				who := "none"
				if chains := conn.ConnectionState().VerifiedChains; len(chains) > 0 {
					who = chains[0][0].SerialNumber.String()
				}
				_, _ = c.Write([]byte(who))
			}
			_ = c.Close()
		}
	}()
	t.Cleanup(func() { _ = ln.Close(); <-done })
	return ln.Addr().String()
}

func dial(t *testing.T, addr string, cfg *tls.Config) (server int64, seen string, err error) {
	t.Helper()
	cfg.InsecureSkipVerify = true
	raw, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", addr)
	require.NoError(t, err)
	defer raw.Close()
	require.NoError(t, raw.SetDeadline(time.Now().Add(10*time.Second)))
	c := tls.Client(raw, cfg)
	if err := c.Handshake(); err != nil {
		return 0, "", err
	}
	buf := make([]byte, 100)
	n, err := c.Read(buf)
	if n == 0 {
		return 0, "", errors.Join(errors.New("hung up on"), err)
	}
	return c.ConnectionState().PeerCertificates[0].SerialNumber.Int64(), string(buf[:n]), nil
}

func TestACertificateIsExchangedWithoutARestart(t *testing.T) {
	dir := t.TempDir()
	cert, key, ca := filepath.Join(dir, "cert"), filepath.Join(dir, "key"), filepath.Join(dir, "ca")
	first, second, authority, stranger := issue(t, 1, nil), issue(t, 2, nil), issue(t, 10, nil), issue(t, 20, nil)
	first.write(t, cert, key)
	authority.write(t, ca, "")
	client := issue(t, 11, authority)
	cfg := certificate.DefaultConfig()
	cfg.CertFile, cfg.KeyFile, cfg.ClientCAFile = cert, key, ca
	f, err := certificate.New(cfg, certificate.Dependencies{Registerer: prometheus.NewRegistry(), Poll: 5 * time.Millisecond})
	require.NoError(t, err)
	require.NoError(t, f.Start(t.Context()))
	defer func() { require.NoError(t, f.Shutdown(context.Background())) }()
	addr := serve(t, f)

	server, seen, err := dial(t, addr, &tls.Config{})
	require.NoError(t, err)
	require.Equal(t, int64(1), server)
	require.Equal(t, "none", seen, "a client certificate is not asked for")
	_, seen, err = dial(t, addr, &tls.Config{Certificates: []tls.Certificate{client.tls()}})
	require.NoError(t, err)
	require.Equal(t, "11", seen)
	// Shown whether or not the server would have it.
	wrong := issue(t, 21, stranger).tls()
	_, _, err = dial(t, addr, &tls.Config{GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &wrong, nil }})
	require.Error(t, err, "but one that is shown must be good")
	_, _, err = dial(t, addr, &tls.Config{MaxVersion: tls.VersionTLS11, MinVersion: tls.VersionTLS10})
	require.Error(t, err)
	_, _, err = dial(t, addr, &tls.Config{MaxVersion: tls.VersionTLS12})
	require.NoError(t, err)

	second.write(t, cert, "") // the key follows a moment later
	time.Sleep(30 * time.Millisecond)
	server, _, err = dial(t, addr, &tls.Config{})
	require.NoError(t, err)
	require.Equal(t, int64(1), server, "half a change changes nothing")
	second.write(t, cert, key)
	require.Eventually(t, func() bool {
		server, _, err := dial(t, addr, &tls.Config{})
		return err == nil && server == 2
	}, 5*time.Second, 5*time.Millisecond)

	stranger.write(t, ca, "")
	require.Eventually(t, func() bool {
		_, seen, err := dial(t, addr, &tls.Config{Certificates: []tls.Certificate{wrong}})
		return err == nil && seen == "21"
	}, 5*time.Second, 5*time.Millisecond)
}

func TestFilesThatAreNoneFailTheStart(t *testing.T) {
	dir := t.TempDir()
	cert, key, ca := filepath.Join(dir, "cert"), filepath.Join(dir, "key"), filepath.Join(dir, "ca")
	cfg := certificate.Config{CertFile: cert, KeyFile: key, ClientCAFile: ca, MinVersion: "1.3"}
	start := func() error {
		f, err := certificate.New(cfg, certificate.Dependencies{})
		require.NoError(t, err)
		return f.Start(t.Context())
	}
	require.ErrorIs(t, start(), os.ErrNotExist)
	one, other := issue(t, 1, nil), issue(t, 2, nil)
	one.write(t, cert, key)
	require.NoError(t, os.WriteFile(ca, []byte("no PEM"), 0o600))
	require.ErrorContains(t, start(), "holds no certificate in PEM")
	other.write(t, cert, "")
	one.write(t, ca, "")
	require.ErrorContains(t, start(), "does not match")
}

func TestConfigNamesTheKey(t *testing.T) {
	for want, cfg := range map[string]certificate.Config{
		"tls.cert_file and tls.key_file go together": {CertFile: "a", MinVersion: "1.2"},
		"tls.client_ca_file needs":                   {ClientCAFile: "a", MinVersion: "1.2"},
		`tls.min_version: "1.1"`:                     {MinVersion: "1.1"},
	} {
		_, err := certificate.New(cfg, certificate.Dependencies{})
		require.ErrorContains(t, err, want)
	}
	def := certificate.DefaultConfig()
	require.NoError(t, def.Validate())
	require.False(t, def.Enabled())
}
