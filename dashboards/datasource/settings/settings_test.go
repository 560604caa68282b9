package settings_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/earshot-rtc/earshot/dashboards/datasource/settings"
)

func TestSettingsSayHowToReachTheStore(t *testing.T) {
	s, err := settings.Parse([]byte(`{"address":" a:9000, b:9440 ","database":"calls","username":"reader","tenant":"acme","secure":true,
		"tlsSkipVerify":true,"maxRows":500,"timeoutSeconds":2.5}`), map[string]string{"password": "secret"})
	require.NoError(t, err)
	c, err := s.Store()
	require.NoError(t, err)
	require.Equal(t, []string{"a:9000", "b:9440"}, c.Addr)
	require.Equal(t, "calls reader secret", c.Database+" "+c.User+" "+c.Password)
	require.True(t, c.TLS.InsecureSkipVerify)
	require.Equal(t, "acme", s.Tenant)
	require.Equal(t, 2500*time.Millisecond, s.Timeout)
	require.Equal(t, 500, s.MaxRows)
}

func TestSettingsThatSayLittleHaveDefaults(t *testing.T) {
	s, err := settings.Parse([]byte(`{"address":"localhost:9000"}`), nil)
	require.NoError(t, err)
	require.Equal(t, settings.DefaultMaxRows, s.MaxRows)
	require.Equal(t, settings.DefaultTimeout, s.Timeout)
	require.False(t, s.RawSQL)
	c, err := s.Store()
	require.NoError(t, err)
	require.Nil(t, c.TLS)
}

func TestWrongSettingsSayWhatToChange(t *testing.T) {
	for name, c := range map[string]struct{ json, says string }{
		"nothing":     {``, "address: it is empty; give host:port"},
		"no JSON":     {`[]`, "are no JSON that the plugin knows"},
		"URL":         {`{"address":"http://clickhouse:8123"}`, `address: "http://clickhouse:8123" is a URL`},
		"no port":     {`{"address":"clickhouse"}`, `address: "clickhouse" is not host:port`},
		"HTTP port":   {`{"address":"clickhouse:8123"}`, "address: port 8123 is that of ClickHouse's HTTP"},
		"rows":        {`{"address":"a:1","maxRows":60000}`, "maxRows: 60000 is not between 1 and 50000"},
		"timeout":     {`{"address":"a:1","timeoutSeconds":900}`, "timeoutSeconds: 900 s is not between 1 and 60"},
		"certificate": {`{"address":"a:1","secure":true,"tlsCACert":"MIIB"}`, "tlsCACert: there is no PEM certificate in it"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := settings.Parse([]byte(c.json), nil)
			require.ErrorContains(t, err, c.says)
		})
	}
}
