// The endpoint, as both sides of the handshake use it.

import type { Address, EndpointEvent, EndpointOptions } from '../api.js'
import type { AgreedSession, Session } from '../session/session.js'
import type { SessionTable } from '../session/sessions.js'
import { type Control, encodeControl, type HandshakeControl } from '../wire/control.js'

export interface HandshakeHost {
  readonly options: EndpointOptions
  readonly sessions: SessionTable
  emit(event: EndpointEvent): void
  send(to: Address, bytes: Uint8Array): void
  addSession(facts: Omit<AgreedSession, 'id'>, nowMs: number): Session
  settle(session: Session, nowMs: number): void
  /** A datagram of a session that has opened since it came. */
  handleEarly(from: Address, bytes: Uint8Array, nowMs: number): void
}

export type ControlOf<Type extends Control['type']> = Extract<HandshakeControl, { type: Type }>

export function post(host: HandshakeHost, to: Address, control: Control): void {
  host.send(to, encodeControl(control, host.options.crc32))
}
