// How sessions come to be: both sides of the handshake. Used by the endpoint, one per endpoint.
//
//   asker ── hello ──▶                  names itself and its wire version
//         ◀── cookie ──                 proves nothing yet, and nothing is kept; or ◀── refuse ──
//         ── open, with the cookie ──▶  the address is proved: a session is made here, pending
//         ◀── accept ──                 and here, settled; its first datagram settles the other
//
// Where both ask at once, the one with the smaller peer id passes the other's attempt over for a while, so that
// there is one session and not two.

import { bytesOfHex, equalBytes, hexOf } from '../base/bytes.js'
import { WIRE_VERSION } from '../base/limits.js'
import type { Address, EndpointEvent, EndpointOptions, RefusalReason } from './api.js'
import { type Control, encodeControl } from './control.js'
import { CookieJar } from './cookie.js'
import { Dial } from './dial.js'
import {
  BOOT_BYTES,
  CONNECT_TRIES_TOLD,
  PEER_ID_BYTES,
  STRANGERS_MAX,
  UNPROVED_FACTOR_MAX,
} from './limits.js'
import type { Session, SessionFacts } from './session.js'
import type { SessionTable } from './sessions.js'

export interface HandshakeHost {
  readonly options: EndpointOptions
  readonly sessions: SessionTable
  emit(event: EndpointEvent): void
  send(to: Address, bytes: Uint8Array): void
  addSession(facts: Omit<SessionFacts, 'id'>, nowMs: number): Session
  settle(session: Session, nowMs: number): void
}

type ControlOf<Type extends Control['type']> = Extract<Control, { type: Type }>
export type HandshakeControl = ControlOf<'hello' | 'cookie' | 'open' | 'accept' | 'refuse'>

export class Handshake {
  private readonly dials = new Map<Address, Dial>()
  /** What was told of addresses that are refused, or refuse us. */
  private readonly refusals = new Map<Address, RefusalReason>()
  private readonly cookies: CookieJar
  private readonly peer: Uint8Array
  /** This run of this process, told apart from those before. */
  private readonly boot: Uint8Array

  constructor(private readonly host: HandshakeHost) {
    const { peerId, random, hash } = host.options
    const peer = bytesOfHex(peerId)
    if (peer?.length !== PEER_ID_BYTES) throw new Error(`'${peerId}' is not a peer id`)
    this.peer = peer
    this.boot = random.bytes(BOOT_BYTES)
    this.cookies = new CookieJar(random, hash)
  }

  // — Addresses to be connected —

  connect(address: Address, nowMs: number): void {
    if (this.dials.has(address)) return
    const { options, sessions } = this.host
    const dial = new Dial(address, options.random, () => sessions.newWireSession(), nowMs)
    this.dials.set(address, dial)
    if (sessions.settledAt(address) !== undefined) dial.handleConnected()
  }

  disconnect(address: Address): void {
    this.dials.delete(address)
  }

  handleSettled({ address }: SessionFacts): void {
    this.dials.get(address)?.handleConnected()
    this.refusals.delete(address)
  }

  /** The session is not in the table any more. */
  handleClosed({ address, peerId }: SessionFacts, nowMs: number): void {
    for (const dial of this.dials.values()) {
      const isOver = dial.aliasOf === peerId || (dial.address === address && !dial.isCalling)
      if (isOver && this.host.sessions.settledAt(dial.address) === undefined) dial.restart(nowMs)
    }
  }

  pollTimeout(): number {
    let atMs = Number.POSITIVE_INFINITY
    for (const dial of this.dials.values()) atMs = Math.min(atMs, dial.nextAtMs)
    return atMs
  }

  handleTimeout(nowMs: number): void {
    for (const dial of this.dials.values()) if (nowMs >= dial.nextAtMs) this.call(dial, nowMs)
  }

  /** Answers false for what is dropped. `bytes` is the length of the datagram. */
  handleControl(from: Address, control: HandshakeControl, bytes: number, nowMs: number): boolean {
    switch (control.type) {
      case 'hello':
        return this.handleHello(from, control, bytes, nowMs)
      case 'cookie':
        return this.handleCookie(from, control, nowMs)
      case 'open':
        return this.handleOpen(from, control, nowMs)
      case 'accept':
        return this.handleAccept(from, control, nowMs)
      case 'refuse':
        return this.handleRefuse(from, control, nowMs)
    }
  }

  // — The side that asks —

  private call(dial: Dial, nowMs: number): void {
    dial.handleCalled(nowMs)
    if (dial.tries > CONNECT_TRIES_TOLD && !dial.isToldUnreachable && !this.refusals.has(dial.address)) {
      dial.isToldUnreachable = true
      this.host.emit({ type: 'unreachable', address: dial.address })
    }
    const cookie = dial.cookieAt(nowMs)
    if (cookie === undefined) this.sayHello(dial)
    else this.sayOpen(dial, cookie)
  }

  private sayHello({ address, nonce }: Dial): void {
    const { peer, boot } = this
    const { agent } = this.host.options
    this.post(address, { type: 'hello', version: WIRE_VERSION, agent, nonce, peer, boot })
  }

  private sayOpen({ address, nonce, local }: Dial, cookie: Uint8Array): void {
    const { peer, boot } = this
    const { agent } = this.host.options
    const datagramBytesMax = this.host.options.datagramBytesMax(address)
    this.post(address, { type: 'open', agent, nonce, peer, boot, cookie, session: local, datagramBytesMax })
  }

  private handleCookie(from: Address, control: ControlOf<'cookie'>, nowMs: number): boolean {
    const dial = this.dialOf(from, control.nonce)
    if (dial === undefined) return false
    const peerId = hexOf(control.peer)
    if (this.host.sessions.settledWith(peerId) !== undefined) {
      // The same peer under another address: one session is enough, and this address waits for its end.
      dial.aliasOf = peerId
      dial.handleConnected()
      return true
    }
    dial.handleCookie(control.cookie, nowMs)
    this.sayOpen(dial, control.cookie)
    return true
  }

  private handleAccept(from: Address, control: ControlOf<'accept'>, nowMs: number): boolean {
    const dial = this.dialOf(from, control.nonce)
    if (dial === undefined || this.host.sessions.isFull) return false
    const session = this.host.addSession(
      {
        address: from,
        peerId: hexOf(control.peer),
        boot: hexOf(control.boot),
        isInitiator: true,
        nonce: hexOf(dial.nonce),
        local: dial.local,
        remote: control.session,
        datagramBytesMax: control.datagramBytesMax,
      },
      nowMs,
    )
    this.host.settle(session, nowMs)
    return true
  }

  private handleRefuse(from: Address, control: ControlOf<'refuse'>, nowMs: number): boolean {
    const dial = this.dialOf(from, control.nonce)
    if (dial === undefined) return false
    dial.handleRefused(nowMs)
    this.tellRefused(from, control.agent, control.version, control.reason)
    return true
  }

  private dialOf(address: Address, nonce: Uint8Array): Dial | undefined {
    const dial = this.dials.get(address)
    return dial?.isCalling && equalBytes(dial.nonce, nonce) ? dial : undefined
  }

  // — The side that answers —

  private handleHello(from: Address, control: ControlOf<'hello'>, bytes: number, nowMs: number): boolean {
    const isVersion = control.version === WIRE_VERSION
    const isSelf = isVersion && equalBytes(control.peer, this.peer)
    if (isSelf || !isVersion) {
      const reason = isSelf ? 'same-peer' : 'version'
      const { agent } = this.host.options
      this.answer(from, { type: 'refuse', version: WIRE_VERSION, agent, nonce: control.nonce, reason }, bytes)
      this.tellRefused(from, control.agent, control.version, reason)
      return true
    }
    const cookie = this.cookies.make(from, control.nonce, nowMs)
    this.answer(from, { type: 'cookie', nonce: control.nonce, cookie, peer: this.peer }, bytes)
    this.dials.get(from)?.hurry(nowMs)
    return true
  }

  /** To an address that has not proved itself: never more than UNPROVED_FACTOR_MAX times what it sent. */
  private answer(to: Address, control: Control, receivedBytes: number): void {
    const bytes = encodeControl(control, this.host.options.crc32)
    if (bytes.length <= UNPROVED_FACTOR_MAX * receivedBytes) this.host.send(to, bytes)
  }

  private handleOpen(from: Address, control: ControlOf<'open'>, nowMs: number): boolean {
    if (!this.cookies.isValid(control.cookie, from, control.nonce, nowMs)) return false
    const { options, sessions } = this.host
    const peerId = hexOf(control.peer)
    if (peerId === options.peerId) return false
    const known = this.sessionOfOpen(from, control)
    if (known !== undefined) {
      this.accept(known)
      return true
    }
    const dial = this.dials.get(from)
    if (dial?.isCalling && options.peerId < peerId && dial.passesOver(nowMs)) {
      // Our own attempt is under way and is the one that would stay. If it does not get through, theirs may.
      dial.hurry(nowMs)
      return true
    }
    if (sessions.isFull) return false
    const session = this.host.addSession(
      {
        address: from,
        peerId,
        boot: hexOf(control.boot),
        isInitiator: false,
        nonce: hexOf(control.nonce),
        local: sessions.newWireSession(),
        remote: control.session,
        datagramBytesMax: control.datagramBytesMax,
      },
      nowMs,
    )
    this.accept(session)
    return true
  }

  /** The session that this very open, or one that it repeats, has made. */
  private sessionOfOpen(from: Address, control: ControlOf<'open'>): Session | undefined {
    const nonce = hexOf(control.nonce)
    const boot = hexOf(control.boot)
    for (const session of this.host.sessions.values()) {
      const { facts } = session
      const isSame =
        !facts.isInitiator && facts.nonce === nonce && facts.boot === boot && facts.address === from
      if (isSame) return session
    }
    return undefined
  }

  private accept({ facts }: Session): void {
    const { peer, boot } = this
    const nonce = bytesOfHex(facts.nonce)!
    const datagramBytesMax = this.host.options.datagramBytesMax(facts.address)
    this.post(facts.address, { type: 'accept', nonce, session: facts.local, peer, boot, datagramBytesMax })
  }

  private post(to: Address, control: Control): void {
    this.host.send(to, encodeControl(control, this.host.options.crc32))
  }

  private tellRefused(address: Address, agent: string, wireVersion: number, reason: RefusalReason): void {
    if (this.refusals.get(address) === reason || this.refusals.size >= STRANGERS_MAX) return
    this.refusals.set(address, reason)
    this.host.emit({ type: 'refused', address, agent, wireVersion, reason })
  }
}
