// Control datagrams: everything on the wire but segments and requests for them. Grammar (README.md has
// the pictures; numbers are big-endian). Those that are not of a session end in the CRC-32 of what stands before it;
// those of a session are sealed by its protection, which the plain one does in the same way.
//
//   hello    1  'LEFT' version:u16 agentBytes:u8 agent nonce:8  suite:u8 introduction:16 flight
//   cookie   2  nonce:8 cookie:16 flight
//   open     3  'LEFT' version:u16 agentBytes:u8 agent nonce:8  suite:u8 introduction:16 cookie:16 flight
//   accept   4  nonce:8 step:u8 flight
//   refuse   5  'LEFT' version:u16 agentBytes:u8 agent nonce:8  reason:u8
//   reset    6  session:8
//   ping     7  session:8 number:u32        pong 8 the same
//   bye      9  session:8
//   message 10  session:8 number:u32 body   reply 11 the same
//   gone    13  session:8 handle:u24
//   probe   14  session:8 bytes:u16
//   probed  15  session:8 padding, up to the bytes asked for
//
// Everything up to the nonce of hello and refuse, and the CRC-32 at their end, is the same in every version.

import { textOf, utf8 } from '../../base/bytes.js'
import { type Decoded, decoded, undecoded } from '../../base/decoded.js'
import { CONTROL_BYTES_MAX, WIRE_VERSION } from '../../base/limits.js'
import type { RefusalReason } from '../api.js'
import { INTRODUCTION_BYTES, type Suite, type WireSession } from '../protection.js'
import { FieldReader, FieldWriter } from './fields.js'
import {
  AGENT_BYTES_MAX,
  COOKIE_BYTES,
  CRC_BYTES,
  NONCE_BYTES,
  PATH_BYTES_BASE,
  SESSION_BYTES,
} from './limits.js'

export const DatagramType = {
  hello: 1,
  cookie: 2,
  open: 3,
  accept: 4,
  refuse: 5,
  reset: 6,
  ping: 7,
  pong: 8,
  bye: 9,
  message: 10,
  reply: 11,
  request: 12,
  gone: 13,
  probe: 14,
  probed: 15,
  segment: 16,
} as const

export type { WireSession }

/** How sessions come to be. The only datagrams beside `reset` that no session protects. */
export type HandshakeControl =
  | {
      type: 'hello'
      version: number
      agent: string
      nonce: Uint8Array
      suite: Suite
      introduction: Uint8Array
      flight: Uint8Array
    }
  | { type: 'cookie'; nonce: Uint8Array; cookie: Uint8Array; flight: Uint8Array }
  | {
      type: 'open'
      agent: string
      nonce: Uint8Array
      suite: Suite
      introduction: Uint8Array
      cookie: Uint8Array
      flight: Uint8Array
    }
  | { type: 'accept'; nonce: Uint8Array; step: number; flight: Uint8Array }
  | { type: 'refuse'; version: number; agent: string; reason: RefusalReason; nonce: Uint8Array }

export type SessionControl =
  | { type: 'ping'; session: WireSession; number: number }
  | { type: 'pong'; session: WireSession; number: number }
  | { type: 'bye'; session: WireSession }
  | { type: 'message'; session: WireSession; number: number; body: Uint8Array }
  | { type: 'reply'; session: WireSession; number: number; body: Uint8Array }
  | { type: 'gone'; session: WireSession; handle: number }
  | { type: 'probe'; session: WireSession; bytes: number }
  | { type: 'probed'; session: WireSession; bytes: number }

export type Control = HandshakeControl | SessionControl | { type: 'reset'; session: WireSession }

export type ControlFailure =
  | 'empty'
  | 'truncated'
  | 'trailing-bytes'
  | 'unknown-kind'
  | 'bad-field'
  | 'too-long'
  | 'damaged'

export type Crc32 = (bytes: Uint8Array) => number

const MAGIC = 0x4c45_4654 // 'LEFT'
const REFUSALS: readonly RefusalReason[] = ['version', 'same-peer', 'encryption', 'cloned']
const SUITES: readonly Suite[] = ['plain', 'sealed']

/** The fields of a control datagram before it is sealed: freshly allocated. Throws where a field is out of its limits.
 *  A 'probed' takes as many bytes as its field `bytes` says. */
export function encodeFields(control: Control): Uint8Array {
  const writer = new FieldWriter(control.type === 'probed' ? control.bytes : PATH_BYTES_BASE)
  writer.u8(DatagramType[control.type])
  writeFields(writer, control)
  return writer.written()
}

/** With its CRC, as datagrams go that no session protects. */
export function encodeControl(control: Control, crc32: Crc32): Uint8Array {
  return withCrc(encodeFields(control), crc32)
}

export function withCrc(fields: Uint8Array, crc32: Crc32): Uint8Array {
  const datagram = new Uint8Array(fields.length + CRC_BYTES)
  datagram.set(fields)
  new DataView(datagram.buffer).setUint32(fields.length, crc32(fields))
  return datagram
}

function writeFields(writer: FieldWriter, control: Control): void {
  switch (control.type) {
    case 'hello':
      writePrefix(writer, control)
      writer.u8(SUITES.indexOf(control.suite)).raw(control.introduction).raw(control.flight)
      return
    case 'cookie':
      writer.raw(control.nonce).raw(control.cookie).raw(control.flight)
      return
    case 'open':
      writePrefix(writer, { ...control, version: WIRE_VERSION })
      writer.u8(SUITES.indexOf(control.suite)).raw(control.introduction)
      writer.raw(control.cookie).raw(control.flight)
      return
    case 'accept':
      writer.raw(control.nonce).u8(control.step).raw(control.flight)
      return
    case 'refuse':
      writePrefix(writer, control)
      writer.u8(REFUSALS.indexOf(control.reason) + 1)
      return
    case 'reset':
    case 'bye':
      writeSession(writer, control.session)
      return
    case 'ping':
    case 'pong':
      writeSession(writer, control.session)
      writer.u32(control.number)
      return
    case 'message':
    case 'reply':
      writeSession(writer, control.session)
      writer.u32(control.number).raw(control.body)
      return
    case 'gone':
      writeSession(writer, control.session)
      writer.u24(control.handle)
      return
    case 'probe':
      writeSession(writer, control.session)
      writer.u16(control.bytes)
      return
    case 'probed':
      writeSession(writer, control.session)
      writer.raw(new Uint8Array(control.bytes - 1 - SESSION_BYTES))
      return
  }
}

/** Any control datagram but a request; checks the CRC first. Never throws. */
export function decodeControl(bytes: Uint8Array, crc32: Crc32): Decoded<Control, ControlFailure> {
  if (bytes.length === 0) return undecoded('empty')
  const fields = withoutCrc(bytes, crc32)
  if (fields === undefined) return undecoded(bytes.length <= CRC_BYTES ? 'truncated' : 'damaged')
  return decodeFields(fields)
}

/** Reads what `encodeFields` wrote. */
export function decodeFields(bytes: Uint8Array): Decoded<Control, ControlFailure> {
  if (bytes.length === 0) return undecoded('empty')
  const reader = new FieldReader(bytes)
  const control = readFields(reader, reader.u8(), bytes.length)
  if (reader.truncated) return undecoded('truncated')
  if (typeof control === 'string') return undecoded(control)
  if (reader.left > 0) return undecoded('trailing-bytes')
  return decoded(control)
}

/** The bytes before the CRC, or undefined where it does not match. */
export function withoutCrc(bytes: Uint8Array, crc32: Crc32): Uint8Array | undefined {
  const bodyBytes = bytes.length - CRC_BYTES
  if (bodyBytes < 1) return undefined
  const body = bytes.subarray(0, bodyBytes)
  const claimed =
    bytes[bodyBytes]! * 0x100_0000 +
    bytes[bodyBytes + 1]! * 0x1_0000 +
    bytes[bodyBytes + 2]! * 0x100 +
    bytes[bodyBytes + 3]!
  return crc32(body) >>> 0 === claimed ? body : undefined
}

function readFields(reader: FieldReader, type: number, fieldsBytes: number): Control | ControlFailure {
  switch (type) {
    case DatagramType.hello: {
      const prefix = readPrefix(reader)
      if (prefix === undefined) return 'bad-field'
      // Another version may say anything after its prefix.
      if (prefix.version !== WIRE_VERSION) {
        reader.skip(reader.left)
        const introduction = new Uint8Array(INTRODUCTION_BYTES)
        return { type: 'hello', ...prefix, suite: 'plain', introduction, flight: new Uint8Array(0) }
      }
      const suite = SUITES[reader.u8()]
      if (suite === undefined) return 'bad-field'
      const introduction = reader.raw(INTRODUCTION_BYTES)
      return { type: 'hello', ...prefix, suite, introduction, flight: reader.raw(reader.left) }
    }
    case DatagramType.cookie:
      return {
        type: 'cookie',
        nonce: reader.raw(NONCE_BYTES),
        cookie: reader.raw(COOKIE_BYTES),
        flight: reader.raw(reader.left),
      }
    case DatagramType.open: {
      const prefix = readPrefix(reader)
      const suite = SUITES[reader.u8()]
      if (prefix === undefined || prefix.version !== WIRE_VERSION || suite === undefined) return 'bad-field'
      const { agent, nonce } = prefix
      const introduction = reader.raw(INTRODUCTION_BYTES)
      const cookie = reader.raw(COOKIE_BYTES)
      return { type: 'open', agent, nonce, suite, introduction, cookie, flight: reader.raw(reader.left) }
    }
    case DatagramType.accept:
      return {
        type: 'accept',
        nonce: reader.raw(NONCE_BYTES),
        step: reader.u8(),
        flight: reader.raw(reader.left),
      }
    case DatagramType.refuse: {
      const prefix = readPrefix(reader)
      const reason = REFUSALS[reader.u8() - 1]
      if (prefix === undefined || reason === undefined) return 'bad-field'
      return { type: 'refuse', ...prefix, reason }
    }
    case DatagramType.reset:
      return { type: 'reset', session: readSession(reader) }
    case DatagramType.ping:
      return { type: 'ping', session: readSession(reader), number: reader.u32() }
    case DatagramType.pong:
      return { type: 'pong', session: readSession(reader), number: reader.u32() }
    case DatagramType.bye:
      return { type: 'bye', session: readSession(reader) }
    case DatagramType.message:
    case DatagramType.reply: {
      const session = readSession(reader)
      const number = reader.u32()
      if (reader.left > CONTROL_BYTES_MAX) return 'too-long'
      return {
        type: type === DatagramType.message ? 'message' : 'reply',
        session,
        number,
        body: reader.raw(reader.left),
      }
    }
    case DatagramType.gone:
      return { type: 'gone', session: readSession(reader), handle: reader.u24() }
    case DatagramType.probe:
      return { type: 'probe', session: readSession(reader), bytes: reader.u16() }
    case DatagramType.probed: {
      const session = readSession(reader)
      reader.skip(reader.left)
      return { type: 'probed', session, bytes: fieldsBytes }
    }
    default:
      return 'unknown-kind'
  }
}

interface Prefix {
  version: number
  agent: string
  nonce: Uint8Array
}

function writePrefix(writer: FieldWriter, prefix: Prefix): void {
  const agent = utf8(prefix.agent).slice(0, AGENT_BYTES_MAX)
  writer.u32(MAGIC).u16(prefix.version).u8(agent.length).raw(agent).raw(prefix.nonce)
}

function readPrefix(reader: FieldReader): Prefix | undefined {
  if (reader.u32() !== MAGIC) return undefined
  const version = reader.u16()
  const agentBytes = reader.u8()
  if (agentBytes > AGENT_BYTES_MAX) return undefined
  const agent = textOf(reader.raw(agentBytes))
  const nonce = reader.raw(NONCE_BYTES)
  // The agent is shown to a person, so nothing but visible ASCII gets through.
  return agent === undefined ? undefined : { version, agent: agent.replace(/[^ -~]/g, '?'), nonce }
}

export function writeSession(writer: FieldWriter, session: WireSession): void {
  writer.u32(session.high).u32(session.low)
}

function readSession(reader: FieldReader): WireSession {
  return { high: reader.u32(), low: reader.u32() }
}
