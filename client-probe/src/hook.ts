// RTCPeerConnections that are made from now on, by whatever library, come to be known; nothing else changes for whoever makes
// them.

/** Calls `made` with every RTCPeerConnection that is made until the returned function is called. */
export function hook(made: (pc: RTCPeerConnection) => void): () => void {
  const Native = globalThis.RTCPeerConnection;
  let listening = true;
  // A proxy is the native class in every other respect: statics, prototype, instanceof, and classes that extend it.
  const Hooked: typeof RTCPeerConnection = new Proxy(Native, {
    construct(target, args, newTarget) {
      const pc = Reflect.construct(target, args, newTarget === Hooked ? target : newTarget);
      if (listening) made(pc);
      return pc;
    },
  });
  globalThis.RTCPeerConnection = Hooked;
  return () => {
    listening = false;
    // Where somebody has wrapped it again since, the proxy stays, and does nothing.
    if (globalThis.RTCPeerConnection === Hooked) globalThis.RTCPeerConnection = Native;
  };
}

/** Has every offer and answer of a connection pass through `change`, on its way to the application. */
export function changeDescriptions(pc: RTCPeerConnection, change: (sdp: string) => string): void {
  const describe = (name: "createOffer" | "createAnswer") => {
    const native: (...args: any[]) => Promise<any> = pc[name].bind(pc);
    // Where the application wants to be called back instead, as of old, the promise has nothing.
    (pc as any)[name] = async (...args: any[]) => {
      const d = await native(...args);
      return d && { type: d.type, sdp: change(d.sdp) };
    };
  };
  describe("createOffer");
  describe("createAnswer");
  const set = pc.setLocalDescription.bind(pc) as (...args: any[]) => Promise<void>;
  pc.setLocalDescription = async (...args: any[]) => {
    // Without a description the browser would make one that nobody has changed.
    if (!args[0]) args[0] = await (/^have-(remote-offer|local-pranswer)$/.test(pc.signalingState) ? pc.createAnswer() : pc.createOffer());
    return set(...args);
  };
}
