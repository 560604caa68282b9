// The little that is read from, and on request written into, session descriptions.

const first = (sdp: string | undefined, line: RegExp) => line.exec(sdp ?? "")?.[1] ?? "";

/** The ICE username fragment of a description; "" without one. With BUNDLE all media sections say the same. */
export const ufrag = (sdp?: string) => first(sdp, /^a=ice-ufrag:(\S+)/m);

/** The SHA-256 fingerprint of the certificate of a description; "" without one. */
export const fingerprint = (sdp?: string) => first(sdp, /^a=fingerprint:sha-256 (\S+)/im);

/**
 * Adds, for every codec of audio and video, receiver reference time reports (`a=rtcp-fb:<payload type> rrtr`; RFC 3611
 * sections 4.4 and 5), by which a browser that only receives can measure the round-trip time of its link.
 *
 * Chromium sends them where both descriptions of a connection have the line, and it acts on nothing else: give it both, the
 * local one before setLocalDescription and the remote one before setRemoteDescription, or let `monitor` do that with the
 * option `receiverRTT`. Other browsers ignore it. The other end must answer with DLRR blocks, as libwebrtc does, and SFUs with
 * Earshot's probe; whether its own SDP says so does not matter then.
 */
export function enableReceiverRTT(sdp: string): string {
  return sdp.replace(/^a=rtpmap:(\d+) (?!rtx|red|ulpfec|flexfec|cn|telephone).*(\r?\n)/gim, (line, type: string, end: string) => {
    const feedback = `a=rtcp-fb:${type} rrtr`;
    return sdp.includes(feedback) ? line : line + feedback + end;
  });
}
