/** What a probe is told. */
export interface Options {
  /** The SFU's own name: one for all workers and routers of a process, another for every process or host. */
  sfuId: string;
  /** Where it stands, as in `eu-central`. */
  region?: string;
  /** The version of the server. */
  version?: string;
  /** The collector's address: https://collector.example */
  collector: string;
  /** A bearer token, or what gives one that is fresh. */
  token?: string | (() => string | undefined | Promise<string | undefined>);
  /**
   * The call of a transport; where it gives none, as for the pipe transports of `pipeToRouter`, it is asked for the producers and
   * consumers on it, and after that the call follows from who forwards what to whom. Default: `object.appData.callId`.
   */
  callOf?(object: any): string | undefined;
  /** What is at the other end of a transport, where the application knows: the sfuId or clientId there, and the id of its transport. */
  remoteOf?(transport: any): { ownerId?: string; transportId?: string } | undefined;
  /** Time between two samples in ms. Default 5000. */
  interval?: number;
  /** Bounds the samples that wait to be acknowledged. When it is full the oldest give way. Default 8 MiB. */
  queueBytes?: number;
  /** Is told what goes wrong; nothing is logged otherwise. */
  onError?(error: Error): void;
  /** Sees every sample before it is sent, and may change it. */
  onSample?(sample: any): void;
  /** A WebSocket for Node.js before 22, such as that of the package `ws`. Without one samples are posted. */
  WebSocket?: any;
}

/** What the application knows of what is watched. */
export interface Facts {
  /** The call, in place of `callOf`. */
  callId?: string;
  /** The other end, in place of `remoteOf`. */
  remoteOwnerId?: string;
  remoteTransportId?: string;
  /** The transport of a producer or consumer that is watched by itself. */
  transport?: any;
}

/** What has become of samples. */
export interface Stats {
  taken: number;
  /** Samples that the collector has made durable. */
  acknowledged: number;
  /** Samples that the collector would not have at all. */
  refused: number;
  /** Samples that gave way to newer ones, because the queue was full. */
  dropped: number;
  /** What waits to be acknowledged. */
  queued: number;
  queuedBytes: number;
  /** WebSockets opened. */
  connects: number;
  /** Samples not taken because the workers had not answered for the one before. */
  skipped: number;
}

export interface Probe {
  /**
   * Follows the mediasoup module, a worker, a router, a transport, a producer or a consumer, and all that is made in it from then on,
   * until it closes. Watch before more is made: mediasoup does not say what there was before. A producer or consumer that was there
   * already is watched by itself, with its transport: `watch(producer, { transport })`. It never throws; `onError` is told.
   */
  watch(object: any, facts?: Facts): void;
  readonly stats: Stats;
  /** Waits for all samples to be acknowledged, but no longer than that (default 5000 ms), and ends. */
  stop(ms?: number): Promise<void>;
}

/** Starts a probe. It throws only where an option makes no sense. */
export function probe(options: Options): Probe;
