import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { enableReceiverRTT, fingerprint, ufrag } from "../build/sdp.js";

const sdp = (end) => [
  "v=0", "a=group:BUNDLE 0 1", "m=audio 9 UDP/TLS/RTP/SAVPF 111 63 9 13 110",
  "a=ice-ufrag:+/aB", "a=ice-pwd:secret", "a=fingerprint:sha-256 0A:88:55", "a=rtpmap:111 opus/48000/2", "a=rtcp-fb:111 transport-cc", "a=fmtp:111 minptime=10",
  "a=rtpmap:63 red/48000/2", "a=rtpmap:9 G722/8000", "a=rtpmap:13 CN/8000", "a=rtpmap:110 telephone-event/48000",
  "m=video 9 UDP/TLS/RTP/SAVPF 96 97 45 46 116 117", "a=ice-ufrag:+/aB", "a=rtpmap:96 VP8/90000", "a=rtcp-fb:96 nack pli", "a=rtpmap:97 rtx/90000", "a=fmtp:97 apt=96",
  "a=rtpmap:45 AV1/90000", "a=rtpmap:46 rtx/90000", "a=rtpmap:116 ulpfec/90000", "a=rtpmap:117 flexfec-03/90000", "m=application 9 UDP/DTLS/SCTP webrtc-datachannel",
].join(end) + end;

for (const [name, end] of [["CRLF", "\r\n"], ["LF", "\n"]]) {
  test(`receiver reports of time are offered for media codecs and for nothing else, ${name}`, () => {
    const changed = enableReceiverRTT(sdp(end));
    assert.deepEqual(changed.match(/^a=rtcp-fb:\d+ rrtr\r?$/gm).map((l) => Number(/\d+/.exec(l)[0])), [111, 9, 96, 45]);
    assert.equal(changed.replaceAll(/^a=rtcp-fb:\d+ rrtr\r?\n/gm, ""), sdp(end), "and nothing else has changed");
    assert.equal(enableReceiverRTT(changed), changed, "once is enough");
    assert.match(changed, new RegExp(`a=rtpmap:96 VP8/90000${end}a=rtcp-fb:96 rrtr${end}a=rtcp-fb:96 nack pli`));
  });
}

test("what is no description stays what it is", () => {
  for (const text of ["", "v=0", "a=rtpmap:0 PCMU/8000"]) assert.equal(enableReceiverRTT(text), text);
});

describe("of a description", () => {
  test("the ufrag and the fingerprint are found", () => {
    for (const end of ["\r\n", "\n"]) {
      assert.equal(ufrag(sdp(end)), "+/aB");
      assert.equal(fingerprint(sdp(end)), "0A:88:55");
    }
  });
  test("that has none, or is none, nothing is", () => {
    assert.equal(ufrag("v=0\r\n"), "");
    assert.equal(ufrag(undefined), "");
    assert.equal(fingerprint("a=fingerprint:sha-384 AB:CD\r\n"), "");
  });
});
