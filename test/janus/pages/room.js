// A page's half of a call in a VideoRoom, as any application would have it.
export const options = Object.fromEntries(new URLSearchParams(location.search));
const room = Number(options.room ?? 1234);

/** A handle of the VideoRoom plugin, over the gateway's WebSocket. */
async function attach() {
  const socket = new WebSocket(options.janus, "janus-protocol");
  await new Promise((done, failed) => Object.assign(socket, { onopen: done, onerror: failed }));
  const waiting = new Map();
  let session, handle;
  socket.onmessage = ({ data }) => {
    const m = JSON.parse(data);
    if (m.janus !== "ack") waiting.get(m.transaction)?.(m);
  };
  const ask = async (message) => {
    const transaction = crypto.randomUUID();
    const answer = new Promise((r) => waiting.set(transaction, r));
    socket.send(JSON.stringify({ transaction, session_id: session, handle_id: handle, ...message }));
    const m = await answer;
    const error = m.error ?? (m.plugindata?.data.error && { reason: m.plugindata.data.error });
    if (error) throw new Error(error.reason);
    return m;
  };
  session = (await ask({ janus: "create" })).data.id;
  handle = (await ask({ janus: "attach", plugin: "janus.plugin.videoroom" })).data.id;
  setInterval(() => socket.send(JSON.stringify({ janus: "keepalive", transaction: "k", session_id: session })), 20_000);
  return (body, jsep) => ask({ janus: "message", body, jsep });
}

/**
 * Has the candidates of a description point to the relay, where the test wants a delay; `end` will use them. Janus never uses the
 * loopback interface but an address of the machine's own, which the kernel reaches over loopback all the same.
 */
async function detour(sdp, end) {
  const lines = [];
  for (const line of sdp.split("\r\n")) {
    const c = line.split(" ");
    if (line.startsWith("a=candidate:")) {
      if (c[2].toLowerCase() !== "udp" || c[4].includes(":")) continue;
      if (options.delay) {
        if (end === "janus" && !c[4].startsWith("127.")) continue; // one way is enough
        const answer = await fetch(`/relay/${options.call}-${options.name}?delay=${options.delay}&end=${end}&address=${c[4]}:${c[5]}`, { method: "POST" });
        if (!answer.ok) throw new Error(await answer.text());
        [c[4], c[5]] = (await answer.text()).split(":");
      }
    }
    lines.push(c.join(" "));
  }
  return lines.join("\r\n");
}

async function gathered(pc) {
  while (pc.iceGatheringState !== "complete") await new Promise((r) => pc.addEventListener("icegatheringstatechange", r, { once: true }));
  return { type: pc.localDescription.type, sdp: await detour(pc.localDescription.sdp, "janus"), trickle: false };
}

/** Publishes into the room and returns the connection and the publisher's id. */
export async function publish() {
  const [width, height] = options.simulcast ? [640, 480] : [320, 240];
  const stream = await navigator.mediaDevices.getUserMedia({ audio: true, video: { width, height, frameRate: 15 } });
  const message = await attach();
  const { id } = (await message({ request: "join", ptype: "publisher", room, display: options.name })).plugindata.data;
  const pc = new RTCPeerConnection();
  for (const track of stream.getTracks()) {
    const sendEncodings = track.kind === "video" && options.simulcast ? [{ rid: "h" }, { rid: "l", scaleResolutionDownBy: 2 }] : undefined;
    pc.addTransceiver(track, { direction: "sendonly", streams: [stream], sendEncodings });
  }
  await pc.setLocalDescription();
  const { jsep } = await message({ request: "publish" }, await gathered(pc));
  await pc.setRemoteDescription({ type: "answer", sdp: await detour(jsep.sdp, "page") });
  return { pc, id, message };
}

/** Subscribes to publishers and returns the connection. */
export async function watch() {
  const message = await attach();
  const streams = options.feeds.split(",").map((feed) => ({ feed: Number(feed) }));
  const { jsep } = await message({ request: "join", ptype: "subscriber", room, streams });
  const pc = new RTCPeerConnection();
  pc.ontrack = ({ track }) => {
    const player = document.createElement(track.kind);
    player.autoplay = player.playsInline = true;
    player.srcObject = new MediaStream([track]);
    document.body.append(player);
  };
  await pc.setRemoteDescription({ type: "offer", sdp: await detour(jsep.sdp, "page") });
  await pc.setLocalDescription();
  await message({ request: "start" }, await gathered(pc));
  return { pc, message };
}
