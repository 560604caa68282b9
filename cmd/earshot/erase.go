package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"golang.org/x/term"

	"github.com/earshot-rtc/earshot/dashboards/erase"
	"github.com/earshot-rtc/earshot/dashboards/query/table"
	"github.com/earshot-rtc/earshot/schemas/userid"
)

type eraseCmd struct {
	User   string `placeholder:"ID" help:"Everything of this user: the id as the application gives it."`
	Client string `placeholder:"ID" help:"Everything of this client."`
	Call   string `placeholder:"ID" help:"This call, with everybody in it."`
	Tenant string `env:"EARSHOT_TENANT" help:"Whose rows. Default: those that have no tenant."`
	Yes    bool   `help:"Do not ask."`
	JSON   bool   `name:"json" help:"Print what was removed as JSON."`
	Config string `placeholder:"FILE" env:"EARSHOT_CONFIG" help:"Configuration file: says where ClickHouse is, and with which key the collector hides user ids."`

	ClickHouse string `name:"clickhouse" placeholder:"HOST:PORT" env:"EARSHOT_CLICKHOUSE" help:"Native address of a ClickHouse. Default: that of the file, or the embedded one of the demo and the lab."`
	Database   string `default:"earshot" env:"EARSHOT_CLICKHOUSE_DATABASE" help:"Database that holds the tables."`
	StoreUser  string `name:"clickhouse-user" default:"default" env:"EARSHOT_CLICKHOUSE_USER" help:"ClickHouse user."`
	Password   string `env:"EARSHOT_CLICKHOUSE_PASSWORD" help:"ClickHouse password; better given in the environment."`
	DataDir    string `name:"data-dir" type:"path" env:"EARSHOT_DATA_DIR" help:"Where the embedded ClickHouse keeps its data."`
}

// Run looks, asks whether it is meant, removes, and tells what was removed.
func (c *eraseCmd) Run(ctx context.Context) error {
	subject, err := c.subject()
	if err != nil {
		return err
	}
	cfg, err := readConfig(c.Config)
	if err != nil {
		return err
	}
	if subject.Kind == erase.User {
		privacy := cfg.Collector.Privacy
		key, err := privacy.Key()
		if err != nil {
			return err
		}
		subject.Also = userid.Hash(key, privacy.UserIDKeyID, c.Tenant, c.User)
	}
	s, err := c.store(&cfg).open(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = s.Close() }()
	e := erase.New(s.DB)
	found, err := e.Find(ctx, subject)
	if err != nil {
		return err
	}
	if len(found.Calls) == 0 {
		return c.nothing(subject)
	}
	if err := c.confirm(found, subject.Kind); err != nil {
		return errors.Join(err, e.Forget(ctx, found))
	}
	report, err := e.Erase(ctx, found)
	if err != nil {
		return failure{err}
	}
	if c.JSON {
		return table.JSON(os.Stdout, report)
	}
	return c.tell(report, found)
}

func (c *eraseCmd) subject() (erase.Subject, error) {
	var out []erase.Subject
	for kind, name := range map[erase.Kind]string{erase.User: c.User, erase.Client: c.Client, erase.Call: c.Call} {
		if name != "" {
			out = append(out, erase.Subject{Tenant: c.Tenant, Kind: kind, Name: name})
		}
	}
	if len(out) != 1 {
		return erase.Subject{}, errors.New("say who or what is to be erased: give one of --user, --client and --call")
	}
	return out[0], nil
}

func (c *eraseCmd) store(cfg *fileConfig) *storeFlags {
	f := &storeFlags{ClickHouse: c.ClickHouse, Database: c.Database, User: c.StoreUser, Password: c.Password, DataDir: c.DataDir}
	if own := cfg.ClickHouse; f.ClickHouse == "" && len(own.Addr) > 0 {
		f.ClickHouse = own.Addr[0]
		for _, v := range []struct{ from, into *string }{{&own.Database, &f.Database}, {&own.User, &f.User}, {&own.Password, &f.Password}} {
			if *v.from != "" {
				*v.into = *v.from
			}
		}
	}
	return f
}

func (c *eraseCmd) nothing(s erase.Subject) error {
	hint := ""
	if s.Kind == erase.User && s.Also == s.Name {
		hint = "; if the collector hides user ids, name its configuration with --config"
	}
	return fmt.Errorf("nothing is stored of this %s%s%s", s.Kind, c.inTenant(), hint)
}

func (c *eraseCmd) inTenant() string {
	if c.Tenant == "" {
		return ""
	}
	return " at tenant " + c.Tenant
}

// confirm shows what will go, and asks.
func (c *eraseCmd) confirm(found *erase.Found, kind erase.Kind) error {
	if c.Yes {
		return nil
	}
	if !term.IsTerminal(int(os.Stdin.Fd())) {
		return errors.New("nobody is there to confirm; give --yes to erase without asking")
	}
	fmt.Fprintf(os.Stderr, "%s of the %s in %s will be removed%s, for good.\nType yes to go on: ",
		several(found.Total(), "row"), kind, several(uint64(len(found.Calls)), "call"), c.inTenant())
	answer, _ := bufio.NewReader(os.Stdin).ReadString('\n')
	if strings.TrimSpace(answer) != "yes" {
		return errors.New("nothing was removed")
	}
	return nil
}

func (c *eraseCmd) tell(r *erase.Report, found *erase.Found) error {
	fmt.Printf("erased %s in %s; record %s in table erasures\n", several(sum(r.Removed), "row"), several(uint64(r.Calls), "call"), r.ID)
	for _, t := range r.Removed {
		fmt.Printf("  %-14s %d\n", t.Table, t.Rows)
	}
	fmt.Println("rollups by time (e2e_1m, e2e_5m, e2e_1h, audience_1h, trait_5m, trait_1h, hops_1m, hops_1h) are kept: they hold no names")
	live := 0
	for _, call := range found.Calls {
		if call.Live {
			live++
		}
	}
	if live > 0 {
		fmt.Printf("%d of the calls are going on: what is still to come will be stored; erase again when they are over\n", live)
	}
	fmt.Println("Kafka holds samples until its retention is over; see docs/api.md")
	if n := sum(r.Remained); n > 0 {
		return failure{fmt.Errorf("%d rows are there again: they came in meanwhile; erase again", n)}
	}
	return nil
}

func several(n uint64, what string) string {
	if n != 1 {
		what += "s"
	}
	return fmt.Sprintf("%d %s", n, what)
}

func sum(rows []erase.TableRows) uint64 {
	n := uint64(0)
	for _, r := range rows {
		n += r.Rows
	}
	return n
}
