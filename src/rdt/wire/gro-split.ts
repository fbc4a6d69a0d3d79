// Datagrams that a kernel merged (Linux: UDP_GRO): of one sender, end to end, of one length but the last, which may be
// shorter. Whoever reads them past Node is told that length; of those that Node brings it has to be found. Used by the
// loop that owns the socket.

import { MERGED_DATAGRAMS_MAX, SESSION_BYTES } from './limits.js'

/** type, then session */
const SESSION_AT = 1

/** The length of the first of the datagrams in `merged`, all of it where it is one. Within a session datagrams begin
 *  alike: where the session's id comes again, and again at each multiple, there another begins. Where content holds
 *  the id so that a datagram is cut wrongly, its pieces are refused as any damaged datagram is, and asked for again. */
export function firstDatagramBytes(merged: Uint8Array): number {
  const last = merged.length - SESSION_AT - SESSION_BYTES
  const first = merged[SESSION_AT]!
  for (let at = merged.indexOf(first, SESSION_AT + 1); at >= 0; at = merged.indexOf(first, at + 1)) {
    const bytes = at - SESSION_AT
    if (bytes > last) return merged.length
    const isLong = bytes > SESSION_BYTES && bytes * MERGED_DATAGRAMS_MAX >= merged.length
    if (isLong && repeats(merged, bytes)) return bytes
  }
  return merged.length
}

/** Whether a session's id stands where it stands in the first datagram, every `strideBytes`: none is too short for it. */
function repeats(merged: Uint8Array, strideBytes: number): boolean {
  for (let start = strideBytes; start < merged.length; start += strideBytes) {
    if (merged.length - start < SESSION_AT + SESSION_BYTES) return false
    for (let at = SESSION_AT; at < SESSION_AT + SESSION_BYTES; at++)
      if (merged[start + at] !== merged[at]) return false
  }
  return true
}
