// One RTCPeerConnection: what getStats says of it goes in, transports and streams of the wire come out, and what happened
// in between as events.
import { captureDelay } from "./capture.js";
import { check, fill, inbound, outbound, report, transport } from "./fields.js";
import { fromAddresses, fromFingerprints, fromUfrags, type Key } from "./linkkey.js";
import { dtlsState, DTLSState, EventType, iceState, ICEState, RTTSource } from "./schema.js";
import type { Event, RTT, Stream, Transport } from "./schema.js";
import { fingerprint, ufrag } from "./sdp.js";

/** What a peer needs of the monitor. */
export interface Host {
  /** The probe's clock, in microseconds since 1970. */
  now(): number;
  event(e: Event): void;
  /** Something has changed that is worth a sample before its time. */
  soon(): void;
}

/** Who is at the other end, where the application knows. */
export interface Remote {
  /** The other end's client_id or sfu_id. */
  ownerId?: string;
  /** The id under which the other end reports its transport. */
  transportId?: string;
}

/** What connections add to a sample. */
export interface Part {
  transports: Transport[];
  streams: Stream[];
  /** Milliseconds of the main thread that it took. */
  ms: number;
}

export interface Peer {
  /**
   * Adds what there is to say now; nothing while an earlier getStats is still on its way. True when the connection has closed
   * and has no more to say.
   */
  take(part: Part): Promise<boolean | void>;
  /** Says who is at the other end. */
  name(remote: Remote): void;
  /** Lets go of the connection. */
  leave(): void;
}

type Stat = Record<string, any>;

/** What is kept of a transport from sample to sample. */
interface End {
  id: string;
  pair?: string;
  changes: number;
  /** Candidate pairs count for themselves; here is the running total of the transport. */
  rtt: RTT;
  seen: RTT;
  ufragKey: Key;
}

/** Repair streams are not reported. */
const REPAIR = /^(rtx|ulpfec|flexfec)/i;

export function watch(pc: RTCPeerConnection, id: string, host: Host, remote: Remote = {}): Peer {
  const ends = new Map<unknown, End>();
  const keys: Record<string, Promise<Key>> = {};
  let latest: Record<string, Stream> = {}; // by the id of getStats
  let published = new Map<string, boolean>(); // tracks: muted?
  let busy = false;
  let renegotiated = true;
  let ufrags: string[] = [];
  let fingerprints: string[] = [];
  let captureTimes = false;
  let connectUs = 0;

  const connected = () => /^(connected|completed)$/.test(pc.connectionState ?? pc.iceConnectionState);
  // Of a connection that was connected before, nobody knows how long that took.
  let made = connected() ? 0 : host.now();
  const connectionstatechange = () => {
    if (!made || !connected()) return;
    connectUs = host.now() - made;
    made = 0;
    host.soon();
  };
  const on: Record<string, () => void> = {
    connectionstatechange,
    iceconnectionstatechange() {
      connectionstatechange();
      event(EventType.IceState, { value: pc.iceConnectionState });
    },
    signalingstatechange() {
      renegotiated = true;
    },
    track: host.soon,
  };
  for (const name in on) pc.addEventListener(name, on[name]!);
  const leave = () => {
    for (const name in on) pc.removeEventListener(name, on[name]!);
  };

  const event = (type: EventType, e: Event) => host.event({ type, transportId: id, ...e });

  /** The end for an id of getStats. The first has the connection's own id. */
  function end(name: unknown): End {
    let found = ends.get(name);
    if (!found) ends.set(name, (found = { id: id + (ends.size ? `.${ends.size}` : ""), changes: 0, rtt: {}, seen: {}, ufragKey: "" }));
    return found;
  }

  function read(stats: { forEach(f: (s: any) => void): void }, now: number, part: Part): Promise<void>[] {
    const all = new Map<unknown, Stat>();
    const remotes = new Map<unknown, Stat>();
    const of: Record<string, Stat[]> = {};
    let newest = 0;
    stats.forEach((s: Stat) => {
      all.set(s.id, s);
      if (s.localId) remotes.set(s.localId, s);
      else newest = Math.max(newest, s.timestamp);
      (of[s.type] ??= []).push(s);
    });
    describe();

    const pairs = of["candidate-pair"] ?? [];
    const streams = [...(of["outbound-rtp"] ?? []), ...(of["inbound-rtp"] ?? [])].filter((s) => !s.isRemote);
    const known = of.transport ?? (pairs[0] || streams[0] ? [{}] : []);
    const waiting = known.map((own: Stat) => {
      const pair = all.get(own.selectedCandidatePairId) ??
        pairs.find((p) => (!own.id || p.transportId === own.id) && (p.selected ?? (p.nominated && p.state === "succeeded")));
      return readTransport(part, own, pair, all, known.length > 1);
    });

    const first = known[0] && end(known[0].id);
    const lines: Record<string, RTCRtpTransceiver> = {};
    for (const t of pc.getTransceivers?.() ?? []) lines[t.mid ?? ""] = lines[t.receiver.track.id] = t;
    const streamsBefore = latest;
    latest = {};
    const were = published;
    published = new Map();
    for (const own of streams) {
      const codec = all.get(own.codecId) ?? {};
      const name: string = codec.mimeType?.split("/")[1] ?? "";
      // The probator is how mediasoup-client probes for bandwidth; it is no media.
      if (REPAIR.test(name) || own.mid === "probator" || !first) continue;
      const sends = own.type === "outbound-rtp";
      const remote = all.get(own.remoteId) ?? remotes.get(own.id);
      const line = lines[own.mid ?? own.trackIdentifier];
      const track = (sends ? line?.sender : line?.receiver)?.track;
      const stream: Stream = fill(
        { transportId: (ends.get(own.transportId) ?? first).id, direction: sends ? 2 : 1, codec: name, clockRate: codec.clockRate },
        sends ? outbound : inbound,
        { own, remote, playout: all.get(own.playoutId) },
      );
      part.streams.push(stream);
      const before = streamsBefore[own.id] ?? stream;
      latest[own.id] = stream;
      const rtt: RTT = fill({ source: sends ? RTTSource.RtcpRr : RTTSource.RtcpXr }, report, { own: remote });
      if (rtt.latestUs || rtt.count) {
        // Only differences of getStats' timestamps are of use: which clock they are of depends on the browser. The time in
        // remote-outbound-rtp is that of the sender report, not of the measurement.
        const age = newest - remote!.timestamp;
        if (sends && age >= 0) rtt.measuredAtUs = Math.round(now - age * 1e3);
        // Chrome withholds the latest value once it is old: then it is what has been counted since.
        const { count = 0, totalUs = 0, latestUs = 0 } = before.rtts?.[0] ?? {};
        rtt.latestUs ||= rtt.count! > count ? Math.round((rtt.totalUs! - totalUs) / (rtt.count! - count)) : latestUs;
        stream.rtts = [rtt];
      }
      if (sends) {
        stream.trackId = all.get(own.mediaSourceId)?.trackIdentifier ?? track?.id ?? before.trackId;
        stream.muted = own.active === false || (line && (!track || track.muted || !track.enabled)) || false;
        // Of simulcast layers one that sends is enough.
        if (stream.trackId) published.set(stream.trackId, stream.muted && published.get(stream.trackId) !== false);
      } else {
        stream.trackId = own.trackIdentifier ?? track?.id;
        stream.muted = track?.enabled === false;
        const froze = stream.freezeDurationUs! - (before.freezeDurationUs ?? 0);
        if (stream.freezeCount! > (before.freezeCount ?? 0)) {
          event(EventType.Custom, { trackId: stream.trackId!, value: "freeze", number: froze / 1e3 });
        }
        const emitted = stream.jitterBufferEmitted! - before.jitterBufferEmitted!;
        if (captureTimes && line && emitted > 0) {
          const processing = (stream.processingDelayUs! - before.processingDelayUs!) / emitted;
          stream.captureDelayUs = captureDelay(line.receiver, remote, first.rtt.latestUs, processing)!;
        }
      }
    }
    for (const [trackId, muted] of published) {
      if (!were.has(trackId)) event(EventType.TrackAdded, { trackId });
      if (muted !== (were.get(trackId) ?? false)) event(muted ? EventType.TrackMuted : EventType.TrackUnmuted, { trackId });
    }
    for (const [trackId] of were) if (!published.has(trackId)) event(EventType.TrackRemoved, { trackId });
    return waiting;
  }

  /** Looks at the descriptions where they may be others than before. */
  function describe() {
    if (!renegotiated) return;
    const both = [pc.localDescription?.sdp, pc.remoteDescription?.sdp];
    renegotiated = !both[0] || !both[1];
    ufrags = both.map(ufrag);
    fingerprints = both.map(fingerprint);
    captureTimes = both.every((sdp) => sdp?.includes("/abs-capture-time"));
  }

  async function readTransport(part: Part, own: Stat, pair: Stat | undefined, all: Map<unknown, Stat>, several: boolean) {
    const mine = end(own.id);
    const near = all.get(pair?.localCandidateId);
    const far = all.get(pair?.remoteCandidateId);
    const t: Transport = fill(
      { transportId: mine.id, connectUs, remoteOwnerId: remote.ownerId!, remoteTransportId: remote.transportId! },
      transport,
      { own, pair, near, far },
    );
    part.transports.push(t);
    t.iceState ||= iceState(pc.iceConnectionState);
    t.dtlsState ||= dtlsState(pc.connectionState);
    if (pair) followPair(t, mine, pair, own.selectedCandidatePairChanges);

    const hosts = [near, far].map((c): string => c?.address ?? "");
    const ip = hosts.find((h) => /^[\d.]+$|:/.test(h));
    if (ip) t.ipVersion = ip.includes(":") ? 6 : 4;

    const print = (c: Stat | undefined, i: number) =>
      c?.fingerprintAlgorithm === "sha-256" ? c.fingerprint : several ? "" : fingerprints[i];
    const fragment = (c: Stat | undefined, i: number) => (several ? "" : ufrags[i]) || c?.usernameFragment;
    t.linkKey = await key(fromFingerprints, print(all.get(own.localCertificateId), 0), print(all.get(own.remoteCertificateId), 1));
    t.ufragKey = await key(fromUfrags, own.iceLocalUsernameFragment || fragment(near, 0), fragment(far, 1));
    if (!t.linkKey && hosts[0] && hosts[1]) {
      t.addressKey = await key(fromAddresses, hosts[0], near!.port, hosts[1], far!.port);
    }
    if (t.ufragKey) {
      if (mine.ufragKey && t.ufragKey !== mine.ufragKey) event(EventType.IceRestart, { transportId: mine.id });
      mine.ufragKey = t.ufragKey;
    }
  }

  const key = <A extends unknown[]>(make: (...halves: A) => Promise<Key>, ...halves: A): Promise<Key> =>
    (keys[`${halves}`] ??= make(...halves).catch(() => ""));

  /** Follows the selected pair and its round-trip times. */
  function followPair(t: Transport, mine: End, pair: Stat, changes: number | undefined) {
    const now: RTT = fill({}, check, { own: pair });
    const { count = 0, totalUs = 0 } = now;
    if (mine.pair && mine.pair !== pair.id) {
      mine.changes++;
      mine.seen = now; // what the new pair measured before it was selected is not news of this link
      event(EventType.SelectedPair, { transportId: mine.id });
    }
    mine.pair = pair.id;
    const newer = count - (mine.seen.count ?? 0);
    const us = totalUs - (mine.seen.totalUs ?? 0);
    if (newer > 0 && us > 0) {
      const { count = 0, totalUs = 0 } = mine.rtt;
      const latestUs = now.latestUs || Math.round(us / newer);
      mine.rtt = { source: RTTSource.Stun, latestUs, totalUs: totalUs + us, count: count + newer };
    }
    mine.seen = now;
    // The first choice is no change.
    t.selectedPairChanges = Math.max(mine.changes, (changes ?? 1) - 1);
    if (mine.rtt.count) t.rtts = [mine.rtt];
  }

  return {
    async take(part) {
      if (pc.signalingState === "closed" || pc.connectionState === "closed") {
        leave();
        for (const { id } of ends.values()) part.transports.push({ transportId: id, iceState: ICEState.Closed, dtlsState: DTLSState.Closed });
        return true;
      }
      if (busy) return;
      busy = true;
      let stats;
      try {
        stats = await pc.getStats();
      } finally {
        busy = false;
      }
      const began = performance.now();
      const waiting = read(stats, host.now(), part);
      part.ms += performance.now() - began;
      await Promise.all(waiting);
    },
    name: (r) => void (remote = r),
    leave,
  };
}
