package comments_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/earshot-rtc/earshot/internal/config/comments"
)

func TestCommentsAreReadAcrossPackages(t *testing.T) {
	root := t.TempDir()
	for name, text := range map[string]string{
		"go.mod": "module example.org/m\n\ngo 1.26\n",
		"a/a.go": `package a

import (
	"time"

	other "example.org/m/b"
)

type Config struct {
	// One is
	// the first; see MoreThan and Kafka.
	One int ` + "`yaml:\"one\"`" + `
	// Min and MoreThan bound it.
	Min      time.Duration ` + "`yaml:\"min\"`" + `
	MoreThan time.Duration ` + "`yaml:\"more_than\"`" + `
	Bare     int           ` + "`yaml:\"bare\"`" + `
	Kafka    other.Part    ` + "`yaml:\"kafka\"`" + `
	List     []*other.Part ` + "`yaml:\"list\"`" + `
	Map      map[string]local ` + "`yaml:\"map\"`" + `
	local    ` + "`yaml:\",inline\"`" + `
	// Skip is not for the file.
	Skip int ` + "`yaml:\"-\"`" + `
}

type local struct {
	X int ` + "`yaml:\"x\"`" + ` // X marks the spot.
}
`,
		"b/b.go": "package b\n\ntype Part struct {\n\t// Y is why.\n\tY int `yaml:\"y\"`\n}\n",
	} {
		path := filepath.Join(root, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o750))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	}
	got, err := comments.Read(root, "a", "Config")
	require.NoError(t, err)
	require.Equal(t, map[string]string{
		"one": "`one` is the first; see `more_than` and `kafka`.", "min": "`min` and `more_than` bound it.", "more_than": "`min` and `more_than` bound it.",
		"kafka.y": "`y` is why.", "list[].y": "`y` is why.", "map.*.x": "`x` marks the spot.", "x": "`x` marks the spot.",
	}, got)
	_, err = comments.Read(root, "a", "None")
	require.EqualError(t, err, "a has no type None")
}
