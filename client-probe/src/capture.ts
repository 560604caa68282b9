// abs-capture-time: when what is heard or seen now was captured, as the header extension of that name says, comes in; the
// time from then until its packets were received goes out.

/** Milliseconds from 1900, where NTP counts from, to 1970. */
const NTP = 2_208_988_800_000;

interface Source extends RTCRtpSynchronizationSource {
  captureTimestamp?: number;
  senderCaptureTimeOffset?: number;
}

/**
 * Microseconds from capture until now's packet, or undefined. It takes the offset that the other end says there is between
 * the capturer's clock and its own, and a sender report of the other end (remote-outbound-rtp) with the link's round-trip time to
 * come from its clock to ours.
 */
export function captureDelay(receiver: RTCRtpReceiver, remote: Record<string, any> | undefined, rttUs = 0): number | undefined {
  if (!remote?.remoteTimestamp || !rttUs) return;
  const sources: Source[] = [...receiver.getSynchronizationSources(), ...receiver.getContributingSources()];
  for (const { timestamp, captureTimestamp, senderCaptureTimeOffset } of sources) {
    if (!captureTimestamp || senderCaptureTimeOffset == null) continue;
    const theirs = captureTimestamp - NTP + senderCaptureTimeOffset;
    const ours = theirs + remote.timestamp - remote.remoteTimestamp - rttUs / 2e3;
    const at = timestamp > 1e12 ? timestamp : timestamp + performance.timeOrigin;
    const us = Math.round((at - ours) * 1e3);
    if (us > 0 && us < 1e7) return us;
  }
}
