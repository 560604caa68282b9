package deploy_test

import (
	"encoding/xml"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

const (
	root    = "../.."
	compose = root + "/deploy/compose"
)

// service is what compose says of one container.
type service struct {
	Image string
	Build struct {
		Context, Dockerfile, Target string
	}
	Command, Entrypoint yaml.Node
	Environment         map[string]string
	Ports, Volumes      []string
	DependsOn           map[string]struct{ Condition string } `yaml:"depends_on"`
}

func words(t *testing.T, n yaml.Node) []string {
	t.Helper()
	var out []string
	if n.Kind != 0 {
		require.NoError(t, n.Decode(&out))
	}
	return out
}

func read(t *testing.T, path string, into any) {
	t.Helper()
	raw, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NoError(t, yaml.Unmarshal(raw, into), path)
}

type project struct {
	Services map[string]service
	Volumes  map[string]any
}

func services(t *testing.T) project {
	t.Helper()
	var p project
	read(t, compose+"/compose.yaml", &p)
	require.NotEmpty(t, p.Services)
	return p
}

func TestComposeMountsWhatIsThere(t *testing.T) {
	p := services(t)
	for name, s := range p.Services {
		for _, v := range s.Volumes {
			from, _, ok := strings.Cut(v, ":")
			require.True(t, ok, "%s: %s", name, v)
			if !strings.HasPrefix(from, ".") {
				require.Contains(t, p.Volumes, from, "%s mounts a volume that is not declared", name)
				continue
			}
			require.FileExists(t, existing(t, filepath.Join(compose, from)), "%s mounts %s", name, from)
		}
		for other, d := range s.DependsOn {
			require.Contains(t, p.Services, other, "%s waits for a service that there is not", name)
			require.Contains(t, []string{"service_started", "service_healthy", "service_completed_successfully"}, d.Condition)
		}
		if s.Build.Dockerfile != "" {
			dockerfile, err := os.ReadFile(filepath.Join(compose, s.Build.Context, s.Build.Dockerfile))
			require.NoError(t, err)
			require.Contains(t, string(dockerfile), " AS "+s.Build.Target+"\n", "%s: the Dockerfile has no such target", name)
		}
	}
}

// existing is a file of a path that may be a folder.
func existing(t *testing.T, path string) string {
	t.Helper()
	info, err := os.Stat(path)
	require.NoError(t, err)
	if !info.IsDir() {
		return path
	}
	files, err := filepath.Glob(filepath.Join(path, "*.*"))
	require.NoError(t, err)
	require.NotEmpty(t, files, "%s is empty", path)
	return files[0]
}

// The scripts that containers run are mounted at /compose.
func TestComposeRunsScriptsThatAreThere(t *testing.T) {
	for name, s := range services(t).Services {
		for _, word := range append(words(t, s.Entrypoint), words(t, s.Command)...) {
			if script, ok := strings.CutPrefix(word, "/compose/"); ok {
				require.Contains(t, s.Volumes, ".:/compose:ro", "%s does not have the folder", name)
				require.NoError(t, exec.Command("bash", "-n", filepath.Join(compose, script)).Run(), script)
			}
		}
	}
}

// earshot is the program, built once.
func earshot(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "earshot")
	out, err := exec.Command("go", "build", "-o", path, root+"/cmd/earshot").CombinedOutput()
	require.NoError(t, err, string(out))
	return path
}

func TestComposeConfigurationIsRight(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the program")
	}
	program, dir := earshot(t), secrets(t)
	config, err := os.ReadFile(filepath.Join(dir, "earshot.yaml"))
	require.NoError(t, err)
	require.NotContains(t, string(config), "CONSOLE_TOKEN_SHA256")
	file := filepath.Join(t.TempDir(), "earshot.yaml")
	require.NoError(t, os.WriteFile(file, []byte(strings.ReplaceAll(string(config), "/run/earshot", dir)), 0o600))

	p := services(t)
	for _, name := range []string{"collector", "processor", "console"} {
		s := p.Services[name]
		require.Equal(t, []string{name, "--config", "/run/earshot/earshot.yaml"}, words(t, s.Command))
		check := exec.Command(program, "config", "check", file)
		check.Env = []string{"PATH=" + os.Getenv("PATH")}
		for key, value := range s.Environment {
			check.Env = append(check.Env, key+"="+strings.ReplaceAll(value, "/run/earshot", dir))
		}
		out, err := check.CombinedOutput()
		require.NoError(t, err, "%s: %s", name, out)
	}
}

func TestComposePublishesOnLoopbackWhatTheServicesListenOn(t *testing.T) {
	var config struct {
		Admin, Collector, Console struct{ Listen string }
	}
	read(t, compose+"/earshot.yaml", &config)
	p := services(t)
	require.Equal(t, "0.0.0.0:4480", config.Collector.Listen)
	require.Equal(t, []string{"127.0.0.1:4480:4480"}, p.Services["collector"].Ports)
	require.Equal(t, "0.0.0.0:4488", config.Console.Listen)
	require.Equal(t, []string{"127.0.0.1:4488:4488"}, p.Services["console"].Ports)
	for name, s := range p.Services {
		for _, port := range s.Ports {
			require.True(t, strings.HasPrefix(port, "127.0.0.1:"), "%s: %s can be reached from other machines", name, port)
		}
	}

	var prometheus struct {
		RuleFiles     []string `yaml:"rule_files"`
		ScrapeConfigs []struct {
			StaticConfigs []struct{ Targets []string } `yaml:"static_configs"`
		} `yaml:"scrape_configs"`
	}
	read(t, compose+"/prometheus.yml", &prometheus)
	_, admin, _ := strings.Cut(config.Admin.Listen, ":")
	targets := 0
	for _, s := range prometheus.ScrapeConfigs {
		for _, c := range s.StaticConfigs {
			for _, target := range c.Targets {
				host, port, _ := strings.Cut(target, ":")
				require.Contains(t, p.Services, host)
				require.Equal(t, admin, port, target)
				targets++
			}
		}
	}
	require.Equal(t, 3, targets)
	for _, pattern := range prometheus.RuleFiles {
		local := strings.Replace(pattern, "/etc/prometheus/rules", root+"/deploy/prometheus", 1)
		files, err := filepath.Glob(local)
		require.NoError(t, err)
		require.NotEmpty(t, files, "%s matches no rules", pattern)
	}
}

// secrets runs the script of the container init.
func secrets(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	out, err := exec.Command("sh", compose+"/init.sh", dir).CombinedOutput()
	require.NoError(t, err, string(out))
	return dir
}

func TestSecretsAreMadeUpOnce(t *testing.T) {
	dir := secrets(t)
	contents := func() map[string]string {
		out := map[string]string{}
		files, err := os.ReadDir(dir)
		require.NoError(t, err)
		for _, f := range files {
			raw, err := os.ReadFile(filepath.Join(dir, f.Name()))
			require.NoError(t, err)
			out[f.Name()] = string(raw)
			info, err := f.Info()
			require.NoError(t, err)
			require.Equal(t, os.FileMode(0o400), info.Mode().Perm(), f.Name())
		}
		return out
	}
	first := contents()
	seen := map[string]bool{}
	for name, secret := range first {
		if name != "earshot.yaml" {
			require.Regexp(t, `^[0-9a-f]{64}$`, secret, name)
			require.False(t, seen[secret], "two secrets are the same")
			seen[secret] = true
		}
	}
	require.Len(t, seen, 6)

	out, err := exec.Command("sh", compose+"/init.sh", dir).CombinedOutput()
	require.NoError(t, err, string(out))
	require.Equal(t, first, contents(), "a second start changes nothing")

	// Every file of secrets that something reads is one that the script makes.
	for _, name := range []string{"compose.yaml", "earshot.yaml", "grafana.sh", "clickhouse/start.sh"} {
		text, err := os.ReadFile(filepath.Join(compose, name))
		require.NoError(t, err)
		for _, m := range regexp.MustCompile(`/run/earshot/([a-z.-]+)`).FindAllStringSubmatch(string(text), -1) {
			require.Contains(t, first, m[1], "%s reads a secret that init.sh does not make", name)
		}
	}
}

func TestGrafanaHasTheEnvironmentOfItsProvisioning(t *testing.T) {
	p := services(t)
	grafana := p.Services["grafana"]
	dockerfile, err := os.ReadFile(root + "/deploy/Dockerfile")
	require.NoError(t, err)
	script, err := os.ReadFile(compose + "/grafana.sh")
	require.NoError(t, err)
	start, err := os.ReadFile(root + "/dashboards/grafana/start.sh")
	require.NoError(t, err)

	var used []string
	for _, file := range []string{"datasources/earshot.yaml", "dashboards/earshot.yaml"} {
		var provisioned any
		read(t, root+"/dashboards/grafana/provisioning/"+file, &provisioned)
		text, err := yaml.Marshal(provisioned) // without comments
		require.NoError(t, err)
		for _, m := range regexp.MustCompile(`\$(EARSHOT_[A-Z_]+)`).FindAllStringSubmatch(string(text), -1) {
			used = append(used, m[1])
			_, set := grafana.Environment[m[1]]
			require.True(t, set || strings.Contains(string(dockerfile), m[1]+"=") || strings.Contains(string(script), m[1]+"="),
				"compose does not set %s, which %s has", m[1], file)
			require.Contains(t, string(start), m[1], "dashboards/grafana/start.sh does not speak of it")
		}
	}
	slices.Sort(used)
	require.Equal(t, []string{
		"EARSHOT_CLICKHOUSE_ADDRESS", "EARSHOT_CLICKHOUSE_DATABASE", "EARSHOT_CLICKHOUSE_PASSWORD", "EARSHOT_CLICKHOUSE_USER",
		"EARSHOT_CONSOLE_URL", "EARSHOT_DASHBOARDS", "EARSHOT_TENANT",
	}, used)
}

func TestUsersOfClickHouse(t *testing.T) {
	raw, err := os.ReadFile(compose + "/clickhouse/users.xml")
	require.NoError(t, err)
	type user struct {
		Remove   string `xml:"remove,attr"`
		Password struct {
			FromEnv string `xml:"from_env,attr"`
		} `xml:"password"`
		Profile string   `xml:"profile"`
		Grants  []string `xml:"grants>query"`
	}
	var doc struct {
		Profiles struct {
			Reader struct {
				ReadOnly int `xml:"readonly"`
			} `xml:"earshot_reader"`
		} `xml:"profiles"`
		Users struct {
			Default user `xml:"default"`
			Earshot user `xml:"earshot"`
			Grafana user `xml:"grafana"`
		} `xml:"users"`
	}
	require.NoError(t, xml.Unmarshal(raw, &doc))
	require.Equal(t, "remove", doc.Users.Default.Remove, "nobody gets in without a password")
	require.Equal(t, 2, doc.Profiles.Reader.ReadOnly)
	require.Equal(t, "earshot_reader", doc.Users.Grafana.Profile)
	require.Equal(t, []string{"GRANT SELECT ON earshot.*"}, doc.Users.Grafana.Grants)

	script, err := os.ReadFile(compose + "/clickhouse/start.sh")
	require.NoError(t, err)
	for _, u := range []user{doc.Users.Earshot, doc.Users.Grafana} {
		require.Contains(t, string(script), u.Password.FromEnv+"=")
	}
	require.Equal(t, "grafana", services(t).Services["grafana"].Environment["EARSHOT_CLICKHOUSE_USER"])
	var config struct {
		ClickHouse struct{ User, Database string }
	}
	read(t, compose+"/earshot.yaml", &config)
	require.Equal(t, "earshot", config.ClickHouse.User)
}
