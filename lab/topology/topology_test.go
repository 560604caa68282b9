package topology_test

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/earshot-rtc/earshot/internal/config"
	"github.com/earshot-rtc/earshot/lab/topology"
)

const demo = `call: demo
sample_every: 1s
sfus:    [{id: fra, region: eu-central}, {id: iad, region: us-east}, {id: nrt, region: ap-northeast, probe: false}]
links:   [{between: [fra, iad], delay_ms: 45}, {between: [iad, nrt], delay_ms: [75, 80], jitter_ms: 2.5, loss: 0.01}]
clients: [{id: ana, sfu: fra, delay_ms: 12, publish: [audio, video], simulcast: true, connections: separate},
          {id: bo, sfu: iad, delay_ms: 20, publish: [audio], join_at: 5s, leave_at: 50s},
          {id: chi, sfu: nrt, delay_ms: 8, publish: [], subscribe: [ana], probe: false}]
events:  [{at: 20s, set_delay: {link: [fra, iad], delay_ms: 90}}, {at: 40s, move: {client: bo, to: nrt}},
          {at: 10s, ice_restart: {client: ana}}, {at: 11s, restart_sfu: {sfu: iad}}, {at: 12s, mute: {client: ana, kind: audio}},
          {at: 13s, unmute: {client: ana, kind: audio}}, {at: 14s, leave: {client: chi}}, {at: 15s, join: {client: chi}},
          {at: 16s, set_delay: {client: bo, delay_ms: [1, 2], jitter_ms: 1, loss: 0}}]
`

func TestParseReadsTheWholeVocabulary(t *testing.T) {
	top, err := topology.Parse("dir/demo.yaml", []byte(demo))
	require.NoError(t, err)
	require.Equal(t, "demo", top.Name)
	require.Equal(t, topology.Duration(time.Second), top.SampleEvery)
	require.True(t, top.SFUs[0].Probed())
	require.False(t, top.SFUs[2].Probed())
	require.Equal(t, topology.Delay{There: 45 * time.Millisecond, Back: 45 * time.Millisecond}, top.Links[0].Delay)
	require.Equal(t, topology.Delay{There: 75 * time.Millisecond, Back: 80 * time.Millisecond}, top.Links[1].Delay)
	require.Equal(t, topology.Millis(2500*time.Microsecond), top.Links[1].Jitter)
	ana, bo, chi := top.Client("ana"), top.Client("bo"), top.Client("chi")
	require.True(t, ana.Simulcast)
	require.Equal(t, topology.Separate, ana.Connections)
	require.Equal(t, topology.Single, bo.Connections)
	require.True(t, bo.SubscribesTo("chi"))
	require.False(t, bo.SubscribesTo("bo"))
	require.False(t, chi.SubscribesTo("bo"))
	require.False(t, chi.Probed())
	require.Nil(t, top.Client("zoe"))
	require.Equal(t, 1, top.Link("nrt", "iad"))
	require.Equal(t, -1, top.Link("nrt", "fra"))

	var order []time.Duration
	for _, e := range top.Schedule() {
		order = append(order, time.Duration(e.At)/time.Second)
	}
	require.Equal(t, []time.Duration{5, 10, 11, 12, 13, 14, 15, 16, 20, 40, 50}, order)
	require.Equal(t, 50*time.Second, top.Length())
}

func TestParseP2P(t *testing.T) {
	top, err := topology.Parse("p2p.yaml", []byte("p2p: true\nclients: [{id: a, delay_ms: 5, publish: [audio]}, {id: b, delay_ms: 7}]\n"))
	require.NoError(t, err)
	require.Equal(t, "p2p", top.Call)
	require.Empty(t, top.Client("b").Publish)
}

func TestParseNamesTheMistakeAndTheRemedy(t *testing.T) {
	const head = "sfus: [{id: a}, {id: b}]\nlinks: [{between: [a, b], delay_ms: 1}]\n"
	for name, tc := range map[string]struct{ doc, want string }{
		"unknown key":              {head + "clients: [{id: x, sfu: a, dely_ms: 3}]\n", `t.yaml:3: unknown key "dely_ms"; remove it or correct its spelling`},
		"unknown event":            {head + "clients: [{id: x, sfu: a}]\nevents: [{at: 1s, explode: {}}]\n", `t.yaml:4: unknown key "explode"; remove it or correct its spelling`},
		"no clients":               {head, `t.yaml:1: no clients; list at least one under clients`},
		"no SFUs":                  {"clients: [{id: x, sfu: a}]\n", `t.yaml:1: no SFUs; list them under sfus, or set p2p: true`},
		"duplicate SFU":            {"sfus:\n- {id: a}\n- {id: a}\nclients: [{id: x, sfu: a}]\n", `t.yaml:3: SFU "a" is listed twice; give each SFU an id of its own`},
		"unknown SFU in link":      {"sfus: [{id: a}]\nlinks:\n- {between: [a, c], delay_ms: 1}\nclients: [{id: x, sfu: a}]\n", `t.yaml:3: link names unknown SFU "c"; known are a`},
		"link to itself":           {"sfus: [{id: a}]\nlinks:\n- {between: [a, a]}\nclients: [{id: x, sfu: a}]\n", `t.yaml:3: link joins SFU "a" to itself; name two different SFUs`},
		"link to one":              {"sfus: [{id: a}]\nlinks:\n- {between: [a]}\nclients: [{id: x, sfu: a}]\n", `t.yaml:3: link between 1 SFUs; name two, like between: [fra, iad]`},
		"link twice":               {"sfus: [{id: a}, {id: b}]\nlinks: [{between: [a, b]},\n {between: [b, a]}]\nclients: [{id: x, sfu: a}]\n", `t.yaml:3: a second link between b and a; keep one`},
		"disconnected":             {"sfus:\n- {id: a}\n- {id: b}\nclients: [{id: x, sfu: a}]\n", `t.yaml:3: SFU "b" cannot be reached from "a"; add a link that joins them`},
		"negative delay":           {"sfus: [{id: a}]\nclients:\n- {id: x, sfu: a, delay_ms: -1}\n", `t.yaml:3: -1 ms is out of range; use 0 to 10000`},
		"delay of three":           {"sfus: [{id: a}]\nclients:\n- {id: x, sfu: a, delay_ms: [1, 2, 3]}\n", `t.yaml:3: delay_ms has 3 values; write one number of milliseconds, or a pair [there, back]`},
		"delay in words":           {"sfus: [{id: a}]\nclients:\n- {id: x, sfu: a, delay_ms: long}\n", `t.yaml:3: "long" is not a number of milliseconds; write it like 45 or 12.5`},
		"loss in percent":          {head + "clients:\n- {id: x, sfu: a, loss: 3}\n", `t.yaml:4: loss 3 is out of range; it is a share from 0 to 1, so 3 % is 0.03`},
		"loss is no number":        {head + "clients:\n- {id: x, sfu: a, loss: .nan}\n", `t.yaml:4: loss NaN is out of range; it is a share from 0 to 1, so 3 % is 0.03`},
		"duration without unit":    {head + "clients: [{id: x, sfu: a}]\nsample_every: 5\n", `t.yaml:4: "5" is not a duration; write it like 20s or 1m30s`},
		"sampling too often":       {head + "clients: [{id: x, sfu: a}]\nsample_every: 1ms\n", `t.yaml:4: sample_every 1ms is out of range; use 100ms to 1m0s`},
		"client at unknown SFU":    {head + "clients:\n- {id: x, sfu: c}\n", `t.yaml:4: client "x" is at unknown SFU "c"; known are a, b`},
		"client without SFU":       {head + "clients:\n- {id: x}\n", `t.yaml:4: client "x" has no SFU; add sfu: with one of a, b`},
		"client without id":        {head + "clients:\n- {sfu: a}\n", `t.yaml:4: client without an id; give it one`},
		"client with odd id":       {head + "clients:\n- {id: 'x#2', sfu: a}\n", `t.yaml:4: client id "x#2" holds a space, '/' or '#'; use letters, digits, '-' and '_'`},
		"client twice":             {head + "clients:\n- {id: x, sfu: a}\n- {id: x, sfu: b}\n", `t.yaml:5: client "x" is listed twice; give each client an id of its own`},
		"unknown kind":             {head + "clients:\n- {id: x, sfu: a, publish: [smell]}\n", `t.yaml:4: client "x" publishes unknown kind "smell"; use audio or video`},
		"kind twice":               {head + "clients:\n- {id: x, sfu: a, publish: [audio, audio]}\n", `t.yaml:4: client "x" publishes audio twice; once is enough`},
		"subscribes to a stranger": {head + "clients:\n- {id: x, sfu: a, subscribe: [y]}\n", `t.yaml:4: client "x" subscribes to "y", who is not another client; known are x`},
		"simulcast without video":  {head + "clients:\n- {id: x, sfu: a, simulcast: true}\n", `t.yaml:4: client "x" has simulcast but no video; add video to publish, or remove simulcast`},
		"odd connections":          {head + "clients:\n- {id: x, sfu: a, connections: three}\n", `t.yaml:4: client "x" has connections "three"; use single or separate`},
		"leaves before it joins":   {head + "clients:\n- {id: x, sfu: a, join_at: 5s, leave_at: 5s}\n", `t.yaml:4: client "x" leaves at 5s but joins at 5s; let it leave later`},
		"p2p with SFUs":            {"p2p: true\nsfus:\n- {id: a}\nclients: [{id: x}]\n", `t.yaml:3: p2p calls have no SFUs; remove sfus, or p2p`},
		"p2p client with SFU":      {"p2p: true\nclients:\n- {id: x, sfu: a}\n", `t.yaml:3: client "x" names an SFU in a p2p call; remove sfu, or p2p`},
		"p2p move":                 {"p2p: true\nclients: [{id: x}]\nevents:\n- {at: 1s, move: {client: x, to: a}}\n", `t.yaml:4: move in a p2p call, which has no SFUs; remove the event, or p2p`},
		"empty event":              {head + "clients: [{id: x, sfu: a}]\nevents:\n- {at: 1s}\n", `t.yaml:5: event at 1s says 0 things; say exactly one of set_delay, move, ice_restart, restart_sfu, mute, unmute, leave, join`},
		"event of a stranger":      {head + "clients: [{id: x, sfu: a}]\nevents:\n- {at: 1s, leave: {client: y}}\n", `t.yaml:5: leave of unknown client "y"; known are x`},
		"move of a stranger":       {head + "clients: [{id: x, sfu: a}]\nevents:\n- {at: 1s, move: {client: y, to: a}}\n", `t.yaml:5: move of unknown client "y"; known are x`},
		"move to nowhere":          {head + "clients: [{id: x, sfu: a}]\nevents:\n- {at: 1s, move: {client: x, to: c}}\n", `t.yaml:5: move to unknown SFU "c"; known are a, b`},
		"move to the same":         {head + "clients: [{id: x, sfu: a}]\nevents:\n- {at: 1s, move: {client: x, to: a}}\n", `t.yaml:5: client "x" moves to "a" at 1s but is there already; name another SFU`},
		"restart of unknown SFU":   {head + "clients: [{id: x, sfu: a}]\nevents:\n- {at: 1s, restart_sfu: {sfu: c}}\n", `t.yaml:5: restart_sfu of unknown SFU "c"; known are a, b`},
		"mute of what is not sent": {head + "clients: [{id: x, sfu: a, publish: [audio]}]\nevents:\n- {at: 1s, mute: {client: x, kind: video}}\n", `t.yaml:5: mute of "video" of client "x", who does not publish that; use a kind from its publish`},
		"set_delay of no link":     {head + "clients: [{id: x, sfu: a}]\nevents:\n- {at: 1s, set_delay: {link: [a, c], delay_ms: 1}}\n", `t.yaml:5: set_delay of link ["a" "c"], which is not listed under links; name the two SFUs of one that is`},
		"set_delay of nothing":     {head + "clients: [{id: x, sfu: a}]\nevents:\n- {at: 1s, set_delay: {link: [a, b]}}\n", `t.yaml:5: set_delay changes nothing; add delay_ms, jitter_ms or loss`},
		"set_delay of both":        {head + "clients: [{id: x, sfu: a}]\nevents:\n- {at: 1s, set_delay: {link: [a, b], client: x, delay_ms: 1}}\n", `t.yaml:5: set_delay needs one of link: [a, b] and client: id`},
		"event on who left":        {head + "clients: [{id: x, sfu: a}]\nevents: [{at: 1s, leave: {client: x}},\n {at: 2s, ice_restart: {client: x}}]\n", `t.yaml:5: client "x" is not in the call at 2s; let it join first`},
		"join of who is here":      {head + "clients: [{id: x, sfu: a}]\nevents:\n- {at: 1s, join: {client: x}}\n", `t.yaml:5: client "x" joins at 1s but is in the call already; let it leave first, or give it join_at`},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := topology.Parse("t.yaml", []byte(tc.doc))
			require.EqualError(t, err, tc.want)
			var ce *config.Error
			require.ErrorAs(t, err, &ce)
		})
	}
}

func TestLoadSaysWhichFileIsMissing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "none.yaml")
	_, err := topology.Load(path)
	require.EqualError(t, err, path+": topology cannot be read: no such file or directory")
}

func TestEveryTopologyOfTheLabIsValid(t *testing.T) {
	files, err := filepath.Glob("../topologies/*.yaml")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, f := range files {
		top, err := topology.Load(f)
		require.NoError(t, err)
		require.Equal(t, top.Name, top.Call, "%s: the call is named like its file", f)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(demo))
	f.Add([]byte("p2p: true\nclients: [{id: a, delay_ms: [1, 2]}]\n"))
	f.Add([]byte("a: &x [*x]\nclients: [1]\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		top, err := topology.Parse("f.yaml", data)
		if err != nil {
			require.Nil(t, top)
			return
		}
		for _, e := range top.Schedule() {
			require.GreaterOrEqual(t, e.At, topology.Duration(0))
		}
	})
}
