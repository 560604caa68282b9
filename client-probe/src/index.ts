/**
 * Earshot's browser probe: the RTCPeerConnections of a page go in, samples to an Earshot collector go out.
 *
 * @packageDocumentation
 */
export { monitor, type Monitor, type Options, type ProbeStats } from "./monitor.js";
export { enableReceiverRTT } from "./sdp.js";
export type { Stats, Token } from "./exporter.js";
export type { Remote } from "./peer.js";
export type * from "./schema.js";
