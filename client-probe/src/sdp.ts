// The little that is read from, and on request written into, session descriptions.

const first = (sdp: string | undefined, line: RegExp) => line.exec(sdp ?? "")?.[1] ?? "";

/** The ICE username fragment of a description; "" without one. With BUNDLE all media sections say the same. */
export const ufrag = (sdp?: string) => first(sdp, /^a=ice-ufrag:(\S+)/m);

/** The SHA-256 fingerprint of the certificate of a description; "" without one. */
export const fingerprint = (sdp?: string) => first(sdp, /^a=fingerprint:sha-256 (\S+)/im);

/**
 * Offers, for every codec of audio and video, receiver reference time reports (RFC 3611 section 4.4 and 5.1:
 * `a=rtcp-fb:<payload type> rrtr`), by which a browser that only receives can measure the round-trip time of its link.
 *
 * Give it the SDP of an offer or answer between createOffer or createAnswer and setLocalDescription; or let `monitor` do
 * that with the option `receiverRTT`. Chromium alone acts on it; other browsers ignore the line. The other end must answer
 * such reports with DLRR blocks, as libwebrtc does, and SFUs with Earshot's probe.
 */
export function enableReceiverRTT(sdp: string): string {
  return sdp.replace(/^a=rtpmap:(\d+) ([\w.-]+)\/.*(\r?\n|$)/gm, (line, type: string, codec: string, end: string) =>
    /^(rtx|red|ulpfec|flexfec.*|cn|telephone-event)$/i.test(codec) || sdp.includes(`a=rtcp-fb:${type} rrtr`)
      ? line
      : `${end ? line : `${line}\r\n`}a=rtcp-fb:${type} rrtr${end}`,
  );
}
