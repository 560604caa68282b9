const h = await import("./probe-harness.mjs");
import path from "node:path";
const cas = await h.run("cascade", "-scripts", path.dirname(h.probe));
const b = await h.launch();
const p = await h.open(b, cas.url+"/pages/bench.html?streams=20&interval=250");
await new Promise(r=>setTimeout(r, 20000));
const {costs,last,size} = await p.page.evaluate(()=>({costs, last, size: JSON.stringify(last).length}));
costs.sort((a,b)=>a-b); const q=(f)=>costs[Math.floor(f*(costs.length-1))];
console.log(costs.length, "streams", last.streams.length, "median", q(.5), "p95", q(.95), "max", q(1), size);
// break down
console.log(await p.page.evaluate(async()=>{ const pcs=[]; return 0;}));
await b.close(); await cas.stop();
