// A page's half of a call, as any application would have it: /pages/publish.html?call=... or watch.html.
const options = Object.fromEntries(new URLSearchParams(location.search));

/** Starts Earshot's probe; or ObserveRTC's monitor, which is to be given its connections. */
export async function monitor() {
  const { collector, call } = options;
  if (options.monitor !== "observertc") {
    globalThis.probe = Earshot.monitor({
      collector, callId: call, token: globalThis.freshToken, interval: 1000, receiverRTT: true, onSample: (s) => void (globalThis.last = s),
    });
    return;
  }
  const { ClientMonitor } = await import("/scripts/observertc.js");
  const clientId = (globalThis.clientId = crypto.randomUUID());
  const monitor = new ClientMonitor({ callId: call, clientId, collectingPeriodInMs: 1000, samplingPeriodInMs: 1000 });
  const headers = { Authorization: `Bearer ${await globalThis.freshToken()}` };
  globalThis.answers = [];
  monitor.on("sample-created", async ({ sample }) => {
    const answer = await fetch(`${collector}/v1/observertc?interval_ms=1000`, { method: "POST", body: JSON.stringify(sample), headers });
    globalThis.answers.push(answer.status);
  });
  return (pc) => monitor.addSource(pc);
}

async function negotiate(pc, path) {
  await pc.setLocalDescription(await pc.createOffer());
  while (pc.iceGatheringState !== "complete") await new Promise((r) => pc.addEventListener("icegatheringstatechange", r, { once: true }));
  const answer = await fetch(`/${path}/${options.call}`, { method: "POST", body: pc.localDescription.sdp });
  if (!answer.ok) throw new Error(await answer.text());
  await pc.setRemoteDescription({ type: "answer", sdp: await answer.text() });
  return pc;
}

export async function publish() {
  const stream = await navigator.mediaDevices.getUserMedia({ audio: true, video: { width: 320, height: 240, frameRate: 15 } });
  const pc = new RTCPeerConnection();
  for (const track of stream.getTracks()) pc.addTrack(track, stream);
  return negotiate(pc, "publish");
}

export async function watch() {
  const pc = new RTCPeerConnection();
  pc.ontrack = ({ track }) => {
    const player = document.createElement(track.kind);
    player.autoplay = player.playsInline = true;
    player.srcObject = new MediaStream([track]);
    document.body.append(player);
  };
  for (const kind of ["audio", "video"]) pc.addTransceiver(kind, { direction: "recvonly" });
  return negotiate(pc, "subscribe");
}
