package clickhouse

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/earshot-rtc/earshot/internal/embedded/clickhouse/child"
)

// lifeline is what the engine runs: open both ports, then read standard input until the parent closes it, be it by a clean
// stop or by its own death.
const lifeline = `SYSTEM START LISTEN TCP; SYSTEM START LISTEN HTTP; ` +
	`SELECT count() FROM file('stdin', 'LineAsString', 'line String') FORMAT Null`

// stopGrace is how long a stop may take before the engine is killed.
const stopGrace = 10 * time.Second

type launchSpec struct {
	lib, dir       string
	temporary      bool // dir is removed at the end
	port, httpPort int
	maxMemory      int64
	name           string
}

// process is one run of the engine.
type process struct {
	launchSpec
	cmd   *exec.Cmd
	stdin io.Closer
	log   *tail
	done  chan struct{} // closed when the process has ended
	gate  *gate         // once it answers
	err   error         // of the wait; valid after done
}

func startProcess(ctx context.Context, spec launchSpec) (*process, error) {
	exe, release, err := hostProgram()
	if err != nil {
		return nil, err
	}
	defer release()
	config := filepath.Join(spec.dir, "earshot-engine.xml")
	if err = os.WriteFile(config, engineConfig(spec), 0o600); err != nil {
		return nil, fmt.Errorf("write the engine's configuration: %w", err)
	}
	// The context bounds the start only; the process lives on.
	cmd := exec.CommandContext(context.WithoutCancel(ctx), exe,
		"--config-file="+config,
		"--path="+spec.dir,
		fmt.Sprintf("--tcp_port=%d", spec.port),
		fmt.Sprintf("--http_port=%d", spec.httpPort),
		"--listen_host=127.0.0.1",
		"--query="+lifeline,
	)
	cmd.Args[0] = "earshot-clickhouse"
	cmd.Dir = spec.dir
	cmd.Env = append(os.Environ(), child.EnvLib+"="+spec.lib)
	if spec.temporary {
		cmd.Env = append(cmd.Env, child.EnvRemove+"="+spec.dir)
	}
	cmd.SysProcAttr = ownGroup()
	cmd.WaitDelay = time.Second
	p := &process{launchSpec: spec, cmd: cmd, log: newTail(), done: make(chan struct{})}
	cmd.Stdout, cmd.Stderr = p.log, p.log
	if p.stdin, err = cmd.StdinPipe(); err != nil {
		return nil, err
	}
	if err = cmd.Start(); err != nil {
		return nil, fmt.Errorf("start the embedded ClickHouse: %w", err)
	}
	go func() {
		p.err = cmd.Wait()
		close(p.done)
	}()
	return p, nil
}

func (p *process) pid() int { return p.cmd.Process.Pid }

// reason says how the process ended, with its last words. Valid after done.
func (p *process) reason() error {
	how := p.cmd.ProcessState.String()
	return errors.New(how + p.log.quote())
}

// stop closes the gate and the life line and waits; an engine that does not end in time is killed.
func (p *process) stop(ctx context.Context) error {
	p.gate.close()
	_ = p.stdin.Close()
	grace := time.NewTimer(stopGrace)
	defer grace.Stop()
	select {
	case <-p.done:
		return nil
	case <-grace.C:
	case <-ctx.Done():
	}
	p.kill()
	return fmt.Errorf("the embedded ClickHouse did not stop in time and was killed%s", p.log.quote())
}

func (p *process) kill() {
	_ = p.stdin.Close()
	_ = p.cmd.Process.Kill()
	<-p.done
}

// engineConfig keeps the engine small and quiet: a laptop's worth of memory and threads, no system log tables (they would grow
// without anybody reading them), nothing that calls home, warnings only.
func engineConfig(spec launchSpec) []byte {
	const mib = 1 << 20
	var b strings.Builder
	b.WriteString("<!-- Written by earshot at every start; changes are lost. -->\n<clickhouse>\n")
	set := func(key string, value any) { fmt.Fprintf(&b, "  <%s>%v</%s>\n", key, value, key) }
	set("display_name", spec.name)
	set("log-level", "warning")
	b.WriteString("  <logger><console>true</console></logger>\n")
	b.WriteString("  <send_crash_reports><enabled>false</enabled></send_crash_reports>\n")
	set("max_server_memory_usage", spec.maxMemory)
	set("mark_cache_size", 64*mib)
	set("index_mark_cache_size", 16*mib)
	set("primary_index_cache_size", 64*mib)
	set("uncompressed_cache_size", 0)
	set("compiled_expression_cache_size", 16*mib)
	// Two merges at a time leave the cores to inserts, and the longer a merge waits the more parts it takes: rows are rewritten less often.
	set("background_pool_size", 2)
	set("background_merges_mutations_concurrency_ratio", 1)
	set("background_schedule_pool_size", 8)
	set("max_thread_pool_size", 500)
	set("max_connections", 256)
	// By default merges grow small, and mutations wait, where fewer than 8 or 20 could run at a time.
	b.WriteString("  <merge_tree>\n")
	for _, key := range []string{"lower_max_size_of_merge", "execute_mutation", "execute_optimize_entire_partition"} {
		set("number_of_free_entries_in_pool_to_"+key, 1)
	}
	b.WriteString("  </merge_tree>\n")
	b.WriteString("</clickhouse>\n")
	return []byte(b.String())
}
