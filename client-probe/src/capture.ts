// abs-capture-time: when what is heard or seen now was captured, as the RTP header extension of that name says, comes in; the
// time from then until its packets were received goes out.

/** Milliseconds from 1900, where NTP counts from, to 1970. */
const NTP = 2_208_988_800_000;

interface Source extends RTCRtpSynchronizationSource {
  captureTimestamp?: number;
  senderCaptureTimeOffset?: number;
}

/**
 * Microseconds from capture to reception, or undefined. The other end says by how much the capturer's clock is off its own,
 * and a sender report of it (remote-outbound-rtp), with half of the link's round-trip time, how much its own is off ours. What
 * the browser tells the time of has left the decoder: the time from reception until then (processing) is taken off.
 */
export function captureDelay(
  receiver: RTCRtpReceiver, remote: Record<string, any> | undefined, rttUs = 0, processingUs = 0,
): number | undefined {
  const sources: Source[] = [...receiver.getSynchronizationSources(), ...receiver.getContributingSources()];
  for (const { timestamp, captureTimestamp, senderCaptureTimeOffset } of sources) {
    if (!captureTimestamp || senderCaptureTimeOffset == null || !remote?.remoteTimestamp || !rttUs) continue;
    const captured = captureTimestamp - NTP + senderCaptureTimeOffset + remote.timestamp - remote.remoteTimestamp;
    return Math.max(Math.round((timestamp - captured) * 1e3 + rttUs / 2 - processingUs), 0);
  }
}
