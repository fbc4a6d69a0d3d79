import type { Endpoint } from '../../../src/rdt/endpoint.js'

/** Gives the endpoint each datagram of `merged` alone: all have `datagramBytes`, but the last may be shorter. */
export function handleOneByOne(
  endpoint: Endpoint,
  from: string,
  merged: Uint8Array,
  { datagramBytes, nowMs }: { datagramBytes: number; nowMs: number },
): void {
  for (let at = 0; at < merged.length; at += datagramBytes)
    endpoint.handleDatagram(from, merged.subarray(at, at + datagramBytes), nowMs)
}
