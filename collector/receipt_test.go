package collector_test

import (
	"bytes"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/maxmind/mmdbwriter"
	"github.com/maxmind/mmdbwriter/mmdbtype"
	"github.com/stretchr/testify/require"

	"github.com/earshot-rtc/earshot/collector"
	"github.com/earshot-rtc/earshot/schemas/userid"
)

func TestAReceiptSaysWhereASampleCameFromAndNotWho(t *testing.T) {
	tree, err := mmdbwriter.New(mmdbwriter.Options{DatabaseType: "test", IncludeReservedNetworks: true})
	require.NoError(t, err)
	_, network, err := net.ParseCIDR("127.0.0.0/8")
	require.NoError(t, err)
	require.NoError(t, tree.Insert(network, mmdbtype.Map{
		"country": mmdbtype.Map{"iso_code": mmdbtype.String("DE")}, "subdivisions": mmdbtype.Slice{mmdbtype.Map{"iso_code": mmdbtype.String("BY")}},
		"autonomous_system_number": mmdbtype.Uint32(64500), "isp": mmdbtype.String("Example Cable"),
	}))
	var buf bytes.Buffer
	_, err = tree.WriteTo(&buf)
	require.NoError(t, err)
	file := filepath.Join(t.TempDir(), "all.mmdb")
	require.NoError(t, os.WriteFile(file, buf.Bytes(), 0o600))
	key := "0123456789abcdef0123456789abcdef"
	s := secure(t, func(c *collector.Config) {
		c.Enrich.Files, c.Privacy.UserIDKey, c.Privacy.UserIDKeyID = []string{file}, key, "k1"
	})

	one := sample(1)
	one.Client.UserId = "ana@example.org"
	do(t, http.MethodPost, "http://"+s.Addr()+"/v1/samples", bytes.NewReader(batch(t, one)), append(bearer(s.token()), "Content-Type", protobufs)...)
	sfu := sfuSample("fra")
	do(t, http.MethodPost, "http://"+s.Addr()+"/v1/samples", bytes.NewReader(batch(t, sfu)), append(bearer(sfuSecret), "Content-Type", protobufs)...)
	stored := s.stored()
	require.Len(t, stored, 2)
	require.Equal(t, userid.Hash([]byte(key), "k1", "acme", "ana@example.org"), stored[0].Client.UserId)
	for _, m := range stored {
		got := m.Receipt
		require.Equal(t, []any{"DE", "BY", uint32(64500), "Example Cable", "127.0.0.0/24", "acme", "c1"},
			[]any{got.Country, got.Region, got.Asn, got.Isp, got.Address, got.Tenant, got.CollectorId})
	}
}
