const h = await import("/work/main/test/browser/probe-harness.mjs");
import path from "node:path";
const pipe = await h.run("pipeline"); console.log(pipe);
const cas = await h.run("cascade", "-collector", `ws://${pipe.collector}/v1/stream`, "-scripts", path.dirname(h.probe)); console.log(cas);
const b = await h.launch();
const q = `?call=c1&collector=http://${pipe.collector}`;
const pub = await h.open(b, cas.url+"/pages/publish.html"+q);
await h.until(()=>pub.page.evaluate(()=>globalThis.pc?.connectionState==="connected"),"pub",15000);
console.log("pub connected");
const sub = await h.open(b, cas.url+"/pages/watch.html"+q);
await h.until(()=>sub.page.evaluate(()=>globalThis.pc?.connectionState==="connected"),"sub",15000);
console.log("sub connected");
await new Promise(r=>setTimeout(r, Number(process.argv[2]??25)*1000));
for (const [n,p] of [["pub",pub],["sub",sub]]) { console.log(n, JSON.stringify(await p.page.evaluate(()=>probe.stats())), p.warned); console.log(JSON.stringify(await p.page.evaluate(()=>last)).slice(0,3500)); }
const rows = await (await fetch(pipe.url+"/e2e?call=c1")).json();
for (const r of rows) console.log(r.window_start, r.kind, r.status, r.rtt_ms, r.rtt_err_ms, "m2e", r.mouth_to_ear_ms, "score", r.score, r.sfu_path.join(">"), r.hops.map(h=>`${h.rtt_ms?.toFixed(1)}/${h.source}/${h.age_ms}`).join(" "), r.budget.missing, JSON.stringify(r.budget));
await b.close(); await cas.stop(); await pipe.stop();
