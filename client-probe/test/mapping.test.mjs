// What becomes of recordings of real getStats, of Chromium 156 and Firefox 153 (testdata/getstats-*.json).
// UPDATE=1 node --test test/mapping.test.mjs writes the goldens anew.
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { describe, test } from "node:test";
import { SampleFields } from "../build/schema.js";
import { encode } from "../build/wire.js";
import { watch } from "../build/peer.js";
import { FakePC, host, json, lines, recorded } from "./fakes.mjs";
import { plain } from "./proto.mjs";

const take = async (peer) => {
  const part = { transports: [], streams: [], ms: 0 };
  await peer.take(part);
  delete part.ms;
  return part;
};

describe("a recording becomes the golden sample", () => {
  for (const name of ["getstats-publisher", "getstats-subscriber", "getstats-subscriber-rrtr", "getstats-simulcast", "getstats-firefox-publisher", "getstats-firefox-subscriber"]) {
    test(name, async () => {
      const pc = new FakePC();
      pc.stats = recorded(`${name}.json`);
      const { local, remote } = json(`${name}.json`);
      if (local) Object.assign(pc, { localDescription: { sdp: local }, remoteDescription: { sdp: remote } });
      const h = host();
      const part = await take(watch(pc, "0123abcd-1", h));
      // As an independent decoder reads what was sent.
      const got = `${JSON.stringify(plain("Sample", encode({ ...part, events: h.events }, SampleFields)), null, 1)}\n`;
      const file = new URL(`testdata/golden/${name}.json`, import.meta.url);
      if (process.env.UPDATE) writeFileSync(file, got);
      assert.equal(got, readFileSync(file, "utf8"));
    });
  }
});

test("two Firefoxes find each other, though their getStats has no certificates", () => {
  const [a, b] = ["publisher", "subscriber"].map((n) => json(`golden/getstats-firefox-${n}.json`).transports[0]);
  assert.match(a.linkKey, /^[\da-f]{16}$/);
  assert.deepEqual([a.linkKey, a.ufragKey], [b.linkKey, b.ufragKey]);
});

test("nothing personal is in a sample: no address, certificate, fingerprint, ufrag or label", async () => {
  const stats = recorded("getstats-publisher.json");
  const pc = new FakePC();
  pc.stats = stats;
  const text = JSON.stringify(await take(watch(pc, "id", host())));
  const personal = stats.flatMap((s) => [s.address, s.ip, s.base64Certificate, s.fingerprint, s.usernameFragment, s.iceLocalUsernameFragment, s.foundation].filter(Boolean));
  assert.ok(personal.length > 10);
  for (const p of personal) assert.ok(!text.includes(p), p);
});

test("round-trip times over a whole recording are counted once each, and add up to those of Chromium", async () => {
  for (const [name, streams] of [["browser-pubA.jsonl.gz", 0], ["browser-subB.jsonl.gz", 2]]) { // the first has no outbound-rtp
    const all = lines(name);
    const pc = new FakePC();
    const h = host();
    const peer = watch(pc, "id", h);
    let last;
    for (const { t, stats } of all) {
      h.at = Math.round(t * 1e6);
      pc.stats = stats;
      last = await take(peer);
    }
    const pair = all.at(-1).stats.find((s) => s.type === "candidate-pair" && s.nominated);
    const [stun] = last.transports[0].rtts;
    assert.equal(stun.source, 3);
    assert.equal(stun.count, pair.responsesReceived);
    assert.ok(Math.abs(stun.totalUs / 1e6 - pair.totalRoundTripTime) < 1e-6);
    assert.equal(last.streams.length, streams);
    for (const s of last.streams) {
      const remote = all.at(-1).stats.find((r) => r.ssrc === s.ssrc && r.type === "remote-outbound-rtp");
      const [rtt] = s.rtts ?? [{ source: 2, count: 0, totalUs: 0 }];
      assert.deepEqual([rtt.source, rtt.count, rtt.totalUs], [2, remote.roundTripTimeMeasurements, Math.round(remote.totalRoundTripTime * 1e6)]);
    }
  }
});

test("the time of a measurement is reckoned on the probe's clock, whatever clock getStats has", async () => {
  const stats = recorded("getstats-publisher.json");
  for (const shift of [0, -1.7e12, 86_400_000]) {
    const pc = new FakePC();
    pc.stats = stats.map((s) => ({ ...s, timestamp: s.timestamp + shift }));
    const h = host();
    const { streams } = await take(watch(pc, "id", h));
    // The reports came 32 ms before the statistics were read.
    for (const s of streams) assert.ok(Math.abs(h.at - s.rtts[0].measuredAtUs - 32_220) < 100, `${h.at - s.rtts[0].measuredAtUs}`);
  }
});

test("where Chrome withholds the latest round-trip time, it is the mean of what is new", async () => {
  const pc = new FakePC();
  const stats = recorded("getstats-subscriber-rrtr.json");
  const audio = stats.find((s) => s.type === "remote-outbound-rtp" && s.kind === "audio");
  assert.equal(audio.roundTripTime, undefined);
  const peer = watch(pc, "id", host());
  const rtt = async (count, total) => {
    pc.stats = stats.map((s) => (s === audio ? { ...s, roundTripTimeMeasurements: count, totalRoundTripTime: total } : s));
    return (await take(peer)).streams.find((s) => s.kind === 1).rtts[0].latestUs;
  };
  assert.equal(await rtt(2, 0.15), 75_000);
  assert.equal(await rtt(4, 0.35), 100_000);
  assert.equal(await rtt(4, 0.35), 100_000, "and stays what it was while there is nothing new");
});

/** The publisher's recording, changed by hand. */
const published = (change) => recorded("getstats-publisher.json").map((s) => ({ ...s, ...change(s) }));

test("a change of the selected pair is counted and told, and its earlier checks are not news", async () => {
  const pc = new FakePC();
  const h = host();
  const peer = watch(pc, "id", h);
  pc.stats = published(() => ({}));
  const first = (await take(peer)).transports[0];
  assert.equal(first.selectedPairChanges, 0, "the first choice is no change");
  const other = "CPN7FNslAy_Li2JMPKq";
  const pair = (responsesReceived, totalRoundTripTime) => (s) =>
    s.type === "transport" ? { selectedCandidatePairId: other, selectedCandidatePairChanges: 2 } : s.id === other ? { responsesReceived, totalRoundTripTime, currentRoundTripTime: 0.09, state: "succeeded" } : {};
  pc.stats = published(pair(5, 0.45));
  const second = (await take(peer)).transports[0];
  assert.equal(second.selectedPairChanges, 1);
  assert.deepEqual(second.rtts, first.rtts);
  pc.stats = published(pair(6, 0.54));
  const third = (await take(peer)).transports[0];
  assert.deepEqual(third.rtts, [{ source: 3, latestUs: 90_000, totalUs: first.rtts[0].totalUs + 90_000, count: first.rtts[0].count + 1 }]);
  assert.deepEqual(h.events.filter((e) => e.type === 5).map((e) => e.transportId), ["id"]);
});

test("tracks come, are muted, switched and go as events", async () => {
  const pc = new FakePC();
  const h = host();
  const peer = watch(pc, "id", h);
  const [audio, video] = ["4ccc90c1-3560-40a4-ab69-2da567aef120", "bb5aae08-1101-4282-b969-40fe8a0c3a5e"];
  const line = (mid, id) => ({ mid, sender: { track: { id, enabled: true, muted: false } }, receiver: { track: { id: `r${mid}` } } });
  pc.transceivers = [line("0", audio), line("1", video)];
  pc.stats = published(() => ({}));
  const told = async () => {
    h.events.length = 0;
    const { streams } = await take(peer);
    return [h.events.map((e) => [e.type, e.trackId]), streams.map((s) => [s.trackId, s.muted])];
  };
  assert.deepEqual(await told(), [[[6, audio], [6, video]], [[audio, false], [video, false]]]);
  assert.deepEqual((await told())[0], []);
  pc.transceivers[0].sender.track.enabled = false;
  assert.deepEqual(await told(), [[[8, audio]], [[audio, true], [video, false]]]);
  pc.transceivers[0].sender.track.enabled = true;
  assert.deepEqual((await told())[0], [[9, audio]]);
  pc.stats = published((s) => (s.trackIdentifier === video ? { trackIdentifier: "screen" } : {}));
  assert.deepEqual(await told(), [[[6, "screen"], [7, video]], [[audio, false], ["screen", false]]]);
  pc.transceivers[1].sender.track = null;
  pc.stats = published((s) => (s.kind === "video" ? { mediaSourceId: undefined } : {}));
  assert.deepEqual(await told(), [[[8, "screen"]], [[audio, false], ["screen", true]]], "a sender without a track is muted, and what it sent is known");
});

test("a layer that sends is enough for a simulcast track not to be muted", async () => {
  const pc = new FakePC();
  const h = host();
  const layers = recorded("getstats-publisher.json").flatMap((s) =>
    s.type === "outbound-rtp" && s.kind === "video" ? ["f", "h", "q"].map((rid, i) => ({ ...s, id: `${s.id}${rid}`, ssrc: s.ssrc + i, rid, active: rid === "h" })) : [s]);
  pc.stats = layers;
  const { streams } = await take(watch(pc, "id", h));
  assert.deepEqual(streams.filter((s) => s.kind === 2).map((s) => [s.rid, s.muted]), [["f", true], ["h", false], ["q", true]]);
  assert.ok(!h.events.some((e) => e.type === 8));
});

test("freezes are told as they happen, with their length", async () => {
  const pc = new FakePC();
  const h = host();
  const peer = watch(pc, "id", h);
  const freeze = (freezeCount, totalFreezesDuration) => (pc.stats = recorded("getstats-subscriber.json").map((s) => (s.type === "inbound-rtp" && s.kind === "video" ? { ...s, freezeCount, totalFreezesDuration } : s)));
  freeze(2, 1.5);
  await take(peer);
  assert.deepEqual(h.events, [], "what was before is not known when");
  freeze(3, 1.75);
  await take(peer);
  assert.deepEqual(h.events.map(({ type, value, number, trackId }) => [type, value, number, trackId]), [[12, "freeze", 250, pc.stats.find((s) => s.freezeCount).trackIdentifier]]);
});

test("repair streams, and mediasoup's probing, are no streams", async () => {
  const pc = new FakePC();
  pc.stats = [
    ...recorded("getstats-subscriber.json"),
    ...["video/rtx", "video/ulpfec", "video/flexfec-03"].flatMap((mimeType, i) => [
      { id: `c${i}`, type: "codec", mimeType, timestamp: 1 },
      { id: `s${i}`, type: "inbound-rtp", ssrc: i + 1, kind: "video", codecId: `c${i}`, transportId: "T01", timestamp: 1 },
    ]),
    { id: "p", type: "inbound-rtp", ssrc: 1234, kind: "video", mid: "probator", transportId: "T01", timestamp: 1 },
  ];
  assert.equal((await take(watch(pc, "id", host()))).streams.length, 2);
});

test("connections that are not bundled have a transport each", async () => {
  const pc = new FakePC();
  const stats = recorded("getstats-publisher.json");
  pc.stats = [...stats, ...stats.map((s) => Object.fromEntries(Object.entries({ ...s, id: `x${s.id}`, ssrc: s.ssrc && s.ssrc + 7 }).map(([k, v]) => [k, /Id$/.test(k) ? `x${v}` : v])))];
  const { transports, streams } = await take(watch(pc, "id", host()));
  assert.deepEqual(transports.map((t) => t.transportId), ["id", "id.1"]);
  assert.deepEqual(streams.map((s) => s.transportId), ["id", "id", "id.1", "id.1"]);
});

test("an ICE restart is told when the ufrags change, and not before they are known", async () => {
  const pc = new FakePC();
  const h = host();
  const peer = watch(pc, "id", h);
  const restart = (ufrag) => (pc.stats = published((s) => (s.type === "transport" ? { iceLocalUsernameFragment: ufrag } : {})));
  for (const ufrag of ["aaaa", "aaaa", "bbbb"]) {
    restart(ufrag);
    await take(peer);
  }
  assert.equal(h.events.filter((e) => e.type === 4).length, 1);
});

test("the time to connect is that of the connection, and unknown for one that was there before", async () => {
  const pc = new FakePC();
  const h = host();
  const peer = watch(pc, "id", h);
  pc.stats = published(() => ({}));
  h.at += 300_000;
  pc.turn({ iceConnectionState: "checking" }, "iceconnectionstatechange");
  h.at += 120_000;
  pc.turn({ iceConnectionState: "connected" }, "iceconnectionstatechange");
  h.at += 30_000;
  pc.turn({ connectionState: "connected" }, "connectionstatechange");
  assert.equal((await take(peer)).transports[0].connectUs, 450_000);
  assert.deepEqual(h.events.filter((e) => e.type === 3).map((e) => e.value), ["checking", "connected"]);
  assert.ok(h.early > 0, "a sample is due soon");
  h.at += 9_000_000;
  pc.turn({ connectionState: "disconnected" }, "connectionstatechange");
  pc.turn({ connectionState: "connected" }, "connectionstatechange");
  assert.equal((await take(peer)).transports[0].connectUs, 450_000);

  const old = new FakePC();
  old.connectionState = "connected";
  old.stats = pc.stats;
  const late = watch(old, "id", h);
  old.turn({}, "connectionstatechange");
  assert.equal((await take(late)).transports[0].connectUs, 0);
});

test("a connection that has closed says so once, and is let go", async () => {
  const pc = new FakePC();
  const peer = watch(pc, "id", host());
  pc.stats = published(() => ({}));
  await take(peer);
  assert.ok(pc.listeners > 0);
  pc.signalingState = "closed";
  const part = { transports: [], streams: [], ms: 0 };
  assert.equal(await peer.take(part), true);
  assert.deepEqual(part.transports, [{ transportId: "id", iceState: 7, dtlsState: 4 }]);
  assert.equal(pc.listeners, 0);
});

test("getStats that hang do not pile up", async () => {
  const pc = new FakePC();
  let calls = 0;
  let answer;
  pc.getStats = () => (calls++, new Promise((r) => (answer = r)));
  const peer = watch(pc, "id", host());
  const first = take(peer);
  assert.deepEqual(await take(peer), { transports: [], streams: [] });
  assert.deepEqual(await take(peer), { transports: [], streams: [] });
  assert.equal(calls, 1);
  answer(new Map(published(() => ({})).map((s) => [s.id, s])));
  assert.equal((await first).streams.length, 2);
  pc.getStats = async () => {
    throw new Error("no");
  };
  await assert.rejects(take(peer));
  pc.getStats = async () => new Map();
  assert.deepEqual(await take(peer), { transports: [], streams: [] }, "and one that fails is asked again");
});

test("who is at the other end is told where the application knows", async () => {
  const pc = new FakePC();
  pc.stats = published(() => ({}));
  const peer = watch(pc, "id", host(), { ownerId: "sfu-1" });
  assert.equal((await take(peer)).transports[0].remoteOwnerId, "sfu-1");
  peer.name({ ownerId: "sfu-2", transportId: "t9" });
  const [t] = (await take(peer)).transports;
  assert.deepEqual([t.remoteOwnerId, t.remoteTransportId], ["sfu-2", "t9"]);
});

test("addresses name a link where nothing better does", async () => {
  const pc = new FakePC();
  pc.stats = published(() => ({}));
  assert.equal((await take(watch(pc, "id", host()))).transports[0].addressKey, undefined);
  pc.stats = pc.stats.filter((s) => s.type !== "certificate");
  const [t] = (await take(watch(pc, "id", host()))).transports;
  assert.equal(t.linkKey, "");
  assert.match(t.addressKey, /^[\da-f]{16}$/);
});
