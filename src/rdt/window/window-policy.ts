// The port between the puller and a window: the puller tells it what was delivered and lost; it answers with a window, a
// rate and a quantum. fixed-window.ts and bbr-window.ts are its two bodies.

/** Facts of one arrival: of a segment, or of several that came together and were asked for together. The puller uses
 *  one object again for all of them. */
export interface Delivery {
  segments: number
  /** UDP payload of this arrival. */
  bytes: number
  /** Since this segment's request was sent; 0 where it is not known. */
  rttMs: number
  /** The least RTT that the session knows, from when nothing was pulled perhaps; 0 until there is one. */
  leastRttMs: number
  /** Delivered over the time since the request was sent (RFC draft-cheng-iccrg-delivery-rate-estimation); 0
   *  where it is not known. */
  rateBytesPerMs: number
  /** The puller had nothing to ask for meanwhile, so the rate says little about the path. */
  isAppLimited: boolean
  /** All bytes delivered in this session, this arrival included, and what they were when it was asked for. */
  deliveredBytes: number
  deliveredBytesAtAsk: number
  /** The `askTag` with which it was asked for. */
  tag: number
  inFlightBytes: number
  nowMs: number
}

export interface WindowPolicy {
  /** Outstanding at most, UDP payload. One quantum may be asked for while there is any room. */
  readonly windowBytes: number
  /** Blocks begun and not complete at most. */
  readonly blocksMax: number
  /** Rate at which may be asked for. */
  readonly askBytesPerMs: number
  /** Bytes asked for at once: as little as the path needs, as much as keeps requests few. */
  readonly quantumBytes: number
  /** Kept with each request and told back with what becomes of it. Below 256. */
  readonly askTag: number
  /** Delivery rate of the path as far as is known; 0 where that is not measured, or not yet. */
  readonly deliveryBytesPerMs: number
  handleDelivered(delivery: Delivery): void
  handleLost(bytes: number, tag: number, nowMs: number): void
  /** Bytes that were called lost came after all. */
  handleFound(bytes: number, tag: number): void
  /** Nothing came for a whole probe timeout; `inRow` counts them. */
  handleTimedOut(inRow: number, nowMs: number): void
  /** Datagrams towards us are this large from now on. */
  handlePathSize(pathBytes: number): void
}

export interface WindowOptions {
  readonly window: number | 'auto'
  readonly pathBytes: number
  /** Bytes that the receiving socket surely holds, UDP payload. */
  readonly receiveBytesMax: number
  /** Whether to give way to everybody else on the path. Only 'auto' can. */
  readonly isBackground: boolean
  /** Bytes that the path held when the last session over it ended, UDP payload; 0 where that is not known. */
  readonly heldBytes?: number
  readonly nowMs: number
}
