// The endpoint, as both sides of the handshake use it.

import { WIRE_VERSION } from '../../base/limits.js'
import type { Address, EndpointEvent, EndpointOptions } from '../api.js'
import type { Opening } from '../protection.js'
import type { AgreedSession, Session } from '../session/session.js'
import type { SessionTable } from '../session/sessions.js'
import { type Control, encodeControl, type HandshakeControl } from '../wire/control.js'
import type { Call } from './connect-attempt.js'

export interface HandshakeHost {
  readonly options: EndpointOptions
  readonly sessions: SessionTable
  emit(event: EndpointEvent): void
  send(to: Address, bytes: Uint8Array): void
  /** Whether two machines have this peer id. */
  isCloned(peerId: string, life: string, nowMs: number): boolean
  addSession(facts: Omit<AgreedSession, 'id'>, nowMs: number): Session
  settle(session: Session, nowMs: number): void
  /** A datagram of a session that has opened since it came. */
  handleEarly(from: Address, bytes: Uint8Array, nowMs: number): void
}

export type ControlOf<Type extends Control['type']> = Extract<HandshakeControl, { type: Type }>

export function post(host: HandshakeHost, to: Address, control: Control): void {
  host.send(to, encodeControl(control, host.options.crc32))
}

/** The part of an opening that is the same for all attempts with this address that begin now. */
export function termsOf(
  { options }: HandshakeHost,
  address: Address,
  nowMs: number,
): Omit<Opening, 'address' | 'nonce' | 'local'> {
  return {
    datagramBytesMax: options.datagramBytesMax(address),
    atMs: nowMs,
    knownOf: (peerId) => options.knownOf?.(peerId),
    early: (peerId) => options.greeting?.(peerId),
  }
}

export function sayHello(host: HandshakeHost, { opening, attempt }: Call): void {
  const { agent, protection } = host.options
  const { introduction, body } = attempt.first
  const { address, nonce } = opening
  const { suite } = protection
  post(host, address, {
    type: 'hello',
    version: WIRE_VERSION,
    agent,
    nonce,
    suite,
    introduction,
    flight: body,
  })
}
