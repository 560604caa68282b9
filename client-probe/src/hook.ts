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

/** Has every description that a connection makes, sets or is given pass through `change`. */
export function changeDescriptions(pc: RTCPeerConnection, change: (sdp: string) => string): void {
  const methods = pc as any;
  // Arguments and results that are no descriptions stay what they are.
  const changed = (d: any) => (d?.sdp ? { type: d.type, sdp: change(d.sdp) } : d);
  for (const name of ["createOffer", "createAnswer", "setLocalDescription", "setRemoteDescription"]) {
    const native = methods[name].bind(pc);
    methods[name] = async (d: any, ...rest: any[]) => {
      // Without a description the browser would make one that nobody has changed.
      if (!d && /Local/.test(name)) {
        d = await methods[/^have-(remote-o|local-pr)/.test(pc.signalingState) ? "createAnswer" : "createOffer"]();
      }
      return changed(await native(changed(d), ...rest));
    };
  }
}
