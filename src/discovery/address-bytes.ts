// Addresses as bytes, as they stand in datagrams of the tracker protocol:
//
//   address = family (1: 4 or 6) ip (4 or 16) port (2)
//
// Their texts are those of rdt's `Address`: '192.0.2.1:22001', '[2001:db8::1]:22001', IPv6 as RFC 5952 spells it.

import type { Address } from '../rdt/api.js'
import type { FieldReader, FieldWriter } from '../rdt/wire/fields.js'

const IPV4_BYTES = 4
const IPV6_BYTES = 16

/** Bytes of the longest address. */
export const ADDRESS_BYTES_MAX = 1 + IPV6_BYTES + 2

/** Family, IP and port; undefined where the text is no address that another machine can use, as one with a zone. */
export function bytesOfAddress(address: Address): Uint8Array | undefined {
  const parts = /^(?:\[([0-9a-f:]+)\]|([0-9.]+)):([0-9]{1,5})$/.exec(address)
  if (parts === null) return undefined
  const [, v6, v4, portText] = parts
  const ip = v6 === undefined ? bytesOfV4(v4!) : bytesOfV6(v6)
  const port = Number(portText)
  if (ip === undefined || port > 0xffff) return undefined
  return Uint8Array.of(ip.length === IPV4_BYTES ? 4 : 6, ...ip, port >> 8, port & 0xff)
}

export function writeAddress(writer: FieldWriter, address: Address): void {
  const bytes = bytesOfAddress(address)
  if (bytes === undefined) throw new Error(`'${address}' does not go into a datagram`)
  writer.raw(bytes)
}

/** Undefined where the family is none. */
export function readAddress(reader: FieldReader): Address | undefined {
  const family = reader.u8()
  if (family !== 4 && family !== 6) return undefined
  const ip = reader.raw(family === 4 ? IPV4_BYTES : IPV6_BYTES)
  const port = reader.u16()
  return family === 4 ? `${ip.join('.')}:${port}` : `[${textOfV6(ip)}]:${port}`
}

/** Whether a peer may be told to call there: one machine's unicast address, with a port. An address of the loopback is only worth
 *  something to a machine that asked a tracker there. */
export function isDialable(address: Address, { tracker }: { tracker: Address }): boolean {
  const bytes = bytesOfAddress(address)
  if (bytes === undefined || (bytes.at(-1) === 0 && bytes.at(-2) === 0)) return false
  if (isLoopback(bytes)) return isLoopback(bytesOfAddress(tracker) ?? new Uint8Array(1))
  const [family, first, second] = bytes
  if (family === 4) return first! > 0 && first! < 224
  // Multicast, and what stands for an IPv4 address or for none (RFC 4291, 2.5.5).
  const isFromV4 = bytes.subarray(1, 11).every((byte) => byte === 0)
  return first !== 0xff && !isFromV4 && !(first === 0xfe && (second! & 0xc0) === 0x80)
}

function isLoopback(bytes: Uint8Array): boolean {
  if (bytes[0] === 4) return bytes[1] === 127
  return (
    bytes[0] === 6 && bytes[IPV6_BYTES] === 1 && bytes.subarray(1, IPV6_BYTES).every((byte) => byte === 0)
  )
}

function bytesOfV4(text: string): number[] | undefined {
  const bytes = text.split('.').map((part) => (/^[0-9]{1,3}$/.test(part) ? Number(part) : 256))
  return bytes.length === IPV4_BYTES && bytes.every((byte) => byte < 256) ? bytes : undefined
}

function bytesOfV6(text: string): number[] | undefined {
  const [before, after, ...others] = text.split('::')
  if (others.length > 0) return undefined
  const head = groupsOf(before)
  const tail = groupsOf(after)
  const missing = 8 - head.length - tail.length
  if (after === undefined ? missing !== 0 : missing < 1) return undefined
  const groups = [...head, ...new Array<number>(missing).fill(0), ...tail]
  return groups.every((group) => group <= 0xffff)
    ? groups.flatMap((group) => [group >> 8, group & 0xff])
    : undefined
}

function groupsOf(text: string | undefined): number[] {
  if (text === undefined || text === '') return []
  return text
    .split(':')
    .map((group) => (/^[0-9a-f]{1,4}$/.test(group) ? Number.parseInt(group, 16) : 0x1_0000))
}

/** The first longest run of two or more zero groups becomes '::'. RFC 5952, 4.2. */
function textOfV6(ip: Uint8Array): string {
  const groups = Array.from({ length: 8 }, (_, index) => ip[2 * index]! * 256 + ip[2 * index + 1]!)
  let [at, length] = [0, 1]
  for (let start = 0; start < 8; start++) {
    let end = start
    while (end < 8 && groups[end] === 0) end++
    if (end - start > length) [at, length] = [start, end - start]
  }
  const text = (part: number[]) => part.map((group) => group.toString(16)).join(':')
  if (length < 2) return text(groups)
  return `${text(groups.slice(0, at))}::${text(groups.slice(at + length))}`
}
