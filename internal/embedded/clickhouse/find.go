package clickhouse

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
)

// EnvLib names the environment variable that points at a libchdb library of one's own.
const EnvLib = "EARSHOT_CHDB_LIB"

// ErrNotFound says in one sentence what to do where the engine's library is missing.
var ErrNotFound = errors.New("the embedded ClickHouse engine is not installed")

// Find returns the path of the engine's library: the one that EARSHOT_CHDB_LIB names, else the one that `make engine` installs
// into .cache/engine of the working directory, of a folder above it, or of a folder above the executable. A library that
// `make engine` installed is compared with the committed checksum first. The error, an ErrNotFound where there is none, is one
// sentence that tells what to do.
func Find() (string, error) { return locate("") }

func locate(path string) (string, error) {
	from := "LibPath"
	if path == "" {
		path, from = os.Getenv(EnvLib), EnvLib
	}
	if path != "" {
		// Somebody's own library: theirs to trust.
		if _, err := os.Stat(path); err != nil {
			return "", fmt.Errorf("%s names no engine library: %w", from, err)
		}
		return filepath.Abs(path)
	}
	pkg, err := platformPackage(runtime.GOOS, runtime.GOARCH, isMusl())
	if err != nil {
		return "", err
	}
	for _, dir := range searchDirs() {
		lib := filepath.Join(dir, ".cache", "engine", "node_modules", "@chdb", pkg, "libchdb.so")
		if _, err := os.Stat(lib); err != nil {
			continue
		}
		if err := verify(lib, pkg, checksums); err != nil {
			return "", err
		}
		return lib, nil
	}
	return "", fmt.Errorf("%w: run `make engine` (some 180 MB, once), or use a ClickHouse of your own with --clickhouse HOST:9000",
		ErrNotFound)
}

// platformPackage is the npm package that holds the engine for a platform.
func platformPackage(goos, goarch string, musl bool) (string, error) {
	switch platform := goos + "/" + goarch; {
	case platform == "linux/amd64" && !musl:
		return "lib-linux-x64-gnu", nil
	case platform == "linux/arm64" && !musl:
		return "lib-linux-arm64-gnu", nil
	case platform == "darwin/amd64":
		return "lib-darwin-x64", nil
	case platform == "darwin/arm64":
		return "lib-darwin-arm64", nil
	default:
		if musl {
			platform += " with musl"
		}
		return "", fmt.Errorf("%w: there is no build for %s, so use a ClickHouse of your own with --clickhouse HOST:9000", ErrNotFound, platform)
	}
}

// isMusl tells an Alpine-like system, whose loader cannot load the engine.
func isMusl() bool {
	if runtime.GOOS != "linux" {
		return false
	}
	musl, _ := filepath.Glob("/lib/ld-musl-*.so.1")
	glibc, _ := filepath.Glob("/lib*/ld-linux-*.so.*")
	return len(musl) > 0 && len(glibc) == 0
}

// searchDirs are the working directory and the executable's, each with all the folders above it.
func searchDirs() []string {
	var dirs []string
	climb := func(dir string) {
		for {
			dirs = append(dirs, dir)
			parent := filepath.Dir(dir)
			if parent == dir {
				return
			}
			dir = parent
		}
	}
	if wd, err := os.Getwd(); err == nil {
		climb(wd)
	}
	if exe, err := os.Executable(); err == nil {
		if real, err := filepath.EvalSymlinks(exe); err == nil {
			exe = real
		}
		climb(filepath.Dir(exe))
	}
	return dirs
}
