package config_test

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/earshot-rtc/earshot/internal/config"
)

type sink struct {
	Listen string `yaml:"listen"`
	Limits struct {
		Bytes int `yaml:"bytes"`
	} `yaml:"limits"`
}

func TestDecodeNamesFileLineAndKey(t *testing.T) {
	for name, tc := range map[string]struct{ doc, want string }{
		"unknown key":       {"listen: a\nlimits:\n  bites: 3\n", `c.yaml:3: unknown key "bites"; remove it or correct its spelling`},
		"wrong type":        {"limits:\n  bytes: many\n", "c.yaml:2: cannot unmarshal !!str `many` into int"},
		"not YAML":          {"listen: [a\n", "c.yaml:1: did not find expected ',' or ']'"},
		"a second document": {"listen: a\n---\nlisten: b\n", "c.yaml: holds more than one YAML document; keep one"},
	} {
		t.Run(name, func(t *testing.T) {
			var s sink
			err := config.Decode("c.yaml", []byte(tc.doc), &s)
			require.EqualError(t, err, tc.want)
			var ce *config.Error
			require.ErrorAs(t, err, &ce)
		})
	}
}

func TestDecodeKeepsDefaults(t *testing.T) {
	s := sink{Listen: "127.0.0.1:1"}
	require.NoError(t, config.Decode("c.yaml", []byte("limits: {bytes: 7}\n"), &s))
	require.Equal(t, "127.0.0.1:1", s.Listen)
	require.Equal(t, 7, s.Limits.Bytes)
	require.NoError(t, config.Decode("empty.yaml", nil, &s))
}

func TestLoadSaysWhichFileIsMissing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "none.yaml")
	require.EqualError(t, config.Load(path, &sink{}), path+": cannot be read: no such file or directory")
}
