const h = await import("./probe-harness.mjs");
import path from "node:path";
const cas = await h.run("cascade", "-scripts", path.dirname(h.probe));
const b = await h.launch();
const p = await h.open(b, cas.url+"/pages/bench.html?streams=20&interval=100000");
await new Promise(r=>setTimeout(r, 8000));
const r = await p.page.evaluate(async()=>{
  const q=(a,f)=>{a.sort((x,y)=>x-y); return +a[Math.floor(f*(a.length-1))].toFixed(2)};
  const each=[], again=[], get=[], trans=[]; let n=0, types={};
  for (let i=0;i<60;i++){ await new Promise(r=>setTimeout(r,80)); const s=await receiver.getStats(); let t=performance.now(); n=0; types={}; const ids=[]; s.forEach(x=>{n++; ids.push(x.id); types[x.type]=(types[x.type]??0)+1}); each.push(performance.now()-t); t=performance.now(); s.forEach(x=>{}); again.push(performance.now()-t); t=performance.now(); for (const id of ids.slice(0,20)) s.get(id); get.push(performance.now()-t); t=performance.now(); for (const x of receiver.getTransceivers()) { x.mid; x.receiver.track.id; x.receiver.track.enabled; x.receiver.track.muted } trans.push(performance.now()-t);}
  return {n, types, each:[q(each,.1),q(each,.5)], again:[q(again,.1),q(again,.5)], get20:[q(get,.1),q(get,.5)], trans:[q(trans,.1),q(trans,.5)]};
});
console.log(JSON.stringify(r));
await b.close(); await cas.stop();
