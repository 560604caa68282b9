package reload_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/earshot-rtc/earshot/internal/reload"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func write(t *testing.T, path, text string) {
	t.Helper()
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
}

func TestFilesAreLoadedAgainWhenTheirContentChanges(t *testing.T) {
	dir := t.TempDir()
	a, b := filepath.Join(dir, "a"), filepath.Join(dir, "b")
	write(t, a, "a1")
	write(t, b, "b1")
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex // held all the time but while time passes
		mu.Lock()
		defer mu.Unlock()
		var got []string
		var outcomes []error
		files := reload.New(reload.Config{Paths: []string{a, b}, Every: time.Second}, reload.Dependencies{
			Load: func(c [][]byte) error {
				mu.Lock()
				defer mu.Unlock()
				if bytes.HasPrefix(c[0], []byte("bad")) {
					return errors.New("bad")
				}
				got = append(got, string(c[0])+string(c[1]))
				return nil
			},
			Loaded: func(err error) {
				mu.Lock()
				defer mu.Unlock()
				outcomes = append(outcomes, err)
			},
		})
		mu.Unlock()
		require.NoError(t, files.Start(t.Context()))
		mu.Lock()
		tick := func() {
			mu.Unlock()
			defer mu.Lock()
			time.Sleep(1100 * time.Millisecond)
			synctest.Wait()
		}
		tick()
		require.Equal(t, []string{"a1b1"}, got, "nothing has changed")
		write(t, b, "b2")
		tick()
		require.Equal(t, []string{"a1b1", "a1b2"}, got)
		require.Equal(t, []error{nil}, outcomes)

		write(t, a, "bad")
		tick()
		tick()
		require.Len(t, outcomes, 2, "told once")
		require.Error(t, outcomes[1])

		require.NoError(t, os.Remove(a))
		tick()
		tick()
		require.Len(t, outcomes, 3)
		require.ErrorIs(t, outcomes[2], os.ErrNotExist)

		write(t, a, "a3")
		tick()
		require.Equal(t, "a3b2", got[len(got)-1])
		require.NoError(t, outcomes[3])

		// A link that is swapped, as secrets that are mounted are.
		write(t, filepath.Join(dir, "next"), "a4")
		require.NoError(t, os.Symlink("next", filepath.Join(dir, "link")))
		require.NoError(t, os.Rename(filepath.Join(dir, "link"), a))
		tick()
		require.Equal(t, "a4b2", got[len(got)-1])

		require.NoError(t, files.Shutdown(t.Context()))
		require.NoError(t, files.Shutdown(t.Context()))
		write(t, a, "a5")
		tick()
		require.Equal(t, "a4b2", got[len(got)-1])
	})
}

func TestWhatCannotBeLoadedAtFirstFailsTheStart(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	start := func(load error) error {
		f := reload.New(reload.Config{Paths: []string{path}, MaxBytes: 10}, reload.Dependencies{Load: func([][]byte) error { return load }})
		defer func() { require.NoError(t, f.Shutdown(context.Background())) }()
		return f.Start(t.Context())
	}
	require.ErrorIs(t, start(nil), os.ErrNotExist)
	write(t, path, "more than ten bytes")
	require.ErrorContains(t, start(nil), "more than 10 bytes")
	write(t, path, "short")
	require.EqualError(t, start(errors.New("no")), "no")
	require.NoError(t, start(nil))
}
