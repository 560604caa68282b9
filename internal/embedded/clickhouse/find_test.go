package clickhouse

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestEveryPlatformHasAPackageOrAWayOut(t *testing.T) {
	for name, c := range map[string]struct {
		os, arch string
		musl     bool
		want     string
	}{
		"linux":          {"linux", "amd64", false, "lib-linux-x64-gnu"},
		"linux on arm":   {"linux", "arm64", false, "lib-linux-arm64-gnu"},
		"mac":            {"darwin", "arm64", false, "lib-darwin-arm64"},
		"mac on intel":   {"darwin", "amd64", false, "lib-darwin-x64"},
		"alpine":         {"linux", "amd64", true, ""},
		"windows":        {"windows", "amd64", false, ""},
		"linux on riscv": {"linux", "riscv64", false, ""},
	} {
		t.Run(name, func(t *testing.T) {
			pkg, err := platformPackage(c.os, c.arch, c.musl)
			require.Equal(t, c.want, pkg)
			if c.want == "" {
				require.ErrorIs(t, err, ErrNotFound)
				require.ErrorContains(t, err, "--clickhouse HOST:9000")
			}
		})
	}
}

func TestMissingEngineNamesTheRemedy(t *testing.T) {
	if _, err := os.Stat("/.cache/engine"); err == nil {
		t.Skip("an engine in the root folder")
	}
	t.Setenv(EnvLib, "")
	t.Chdir(t.TempDir()) // the test's executable is not in the repository either
	_, err := Find()
	require.ErrorIs(t, err, ErrNotFound)
	require.ErrorContains(t, err, "make engine")
	require.NotContains(t, err.Error(), "\n")
}

func TestLibraryIsComparedWithItsChecksumAndTheMatchRemembered(t *testing.T) {
	lib := filepath.Join(t.TempDir(), "libchdb.so")
	at := time.Now().Add(-time.Hour)
	write := func(text string, at time.Time) {
		require.NoError(t, os.WriteFile(lib, []byte(text), 0o600))
		require.NoError(t, os.Chtimes(lib, at, at))
	}
	sums := fmt.Sprintf("# a comment of three\n%x pkg\n", sha256.Sum256([]byte("good")))

	write("evil", at)
	require.ErrorContains(t, verify(lib, "pkg", sums), "is not the engine that was asked for")
	write("good", at)
	require.NoError(t, verify(lib, "pkg", sums))
	write("evil", at)
	require.NoError(t, verify(lib, "pkg", sums), "same size and time: not hashed again")
	write("evil", at.Add(time.Second))
	require.ErrorContains(t, verify(lib, "pkg", sums), "make engine")
	require.NoError(t, verify(lib, "another", sums), "no sum is known")
}

func TestCommittedChecksumIsOne(t *testing.T) {
	sum, known := checksum(checksums, "lib-linux-x64-gnu")
	require.True(t, known)
	require.Len(t, sum, 64)
}

func TestTailIsBoundedAndQuotesTheEnd(t *testing.T) {
	log := newTail()
	require.Contains(t, log.quote(), "nothing")
	for i := range 10_000 {
		_, err := fmt.Fprintf(log, "line %d\n", i)
		require.NoError(t, err)
	}
	require.LessOrEqual(t, len(log.String()), tailBytes)
	require.True(t, strings.HasSuffix(log.quote(), "line 9998\nline 9999"))
	require.NotContains(t, log.quote(), "line 9000")

	crash := newTail()
	_, err := crash.Write([]byte("what went before\nSIGSEGV: segmentation violation\n\ngoroutine 1 [syscall]:\nmain.main()\n"))
	require.NoError(t, err)
	require.True(t, strings.HasSuffix(crash.quote(), "SIGSEGV: segmentation violation"))
}
