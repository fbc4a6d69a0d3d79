// The handshake, by which sessions come to be: hands each datagram of it to the side that it is for (asker.ts,
// answerer.ts). One per endpoint. The protection (src/rdt/protection.ts) decides what the flights say and who is let in;
// rdt carries, repeats and bounds them.
//
//   asker ── hello ──▶                  flight 1: names the program and its wire version, and what it wants: encryption or
//                                       none. Proves nothing yet, and nothing is kept
//         ◀── cookie ──                 flight 2, as far as an unproved address may be answered; or ◀── refuse ──
//         ── open, with the cookie ──▶  flight 3: the address is proved, and the handshake is kept from here on, for a while
//         ◀── accept ──                 flight 4: a session is made there, pending; and here, settled. Its first datagram
//                                       settles the other
//
//   A known peer's hello carries what resumes an earlier session, and is answered by the accept at once. So a running session
//   gets fresh keys (renewals.ts).
//
// A peer that hears a hello while no attempt of its own is under way makes none and waits for what comes of that hello.
// Where both have asked at once, the one with the smaller peer id passes the other's attempt over for a while. That
// leaves one session and not two: the one that was asked for first.

import { earliest } from '../../base/earliest.js'
import type { Address } from '../api.js'
import type { WireSession } from '../protection.js'
import type { AgreedSession, Session } from '../session/session.js'
import type { HandshakeControl } from '../wire/control.js'
import { Admission } from './admission.js'
import { Answerer } from './answerer.js'
import { Asker } from './asker.js'
import type { HandshakeHost } from './handshake-host.js'
import { Renewals } from './renewals.js'

export class Handshake {
  private readonly admission: Admission
  private readonly asker: Asker
  private readonly answerer: Answerer
  private readonly renewals: Renewals

  constructor(host: HandshakeHost) {
    this.admission = new Admission(host)
    this.asker = new Asker(host, this.admission)
    this.answerer = new Answerer(host, this.admission, this.asker)
    this.renewals = new Renewals(host)
  }

  /** Tries now and for ever, with backoff, until `disconnect`; again when the session is lost. */
  connect(address: Address, nowMs: number): void {
    this.asker.connect(address, nowMs)
  }

  disconnect(address: Address): void {
    this.asker.disconnect(address)
  }

  handleSettled({ address }: AgreedSession): void {
    this.asker.handleSettled(address)
    this.admission.handleSettled(address)
  }

  /** The session is not in the table any more. */
  handleClosed(session: Session, nowMs: number): void {
    this.answerer.handleClosed(session)
    this.renewals.handleClosed(session)
    this.asker.handleClosed(session, nowMs)
  }

  pollTimeout(): number | undefined {
    return earliest(this.asker.pollTimeout(), this.renewals.pollTimeout())
  }

  handleTimeout(nowMs: number): void {
    this.answerer.handleTimeout(nowMs)
    this.asker.handleTimeout(nowMs)
    this.renewals.handleTimeout(nowMs)
  }

  /** Whether a session's keys have been used for longer than they may. */
  isOverdue(session: Session, nowMs: number): boolean {
    return this.renewals.isOverdue(session, nowMs)
  }

  /** Slow steps were carried out: some handshake may have come further. */
  handleProgress(nowMs: number): void {
    this.asker.handleProgress(nowMs)
    this.answerer.handleProgress(nowMs)
  }

  /** Whether somebody who is not at an address that is admitted is to be answered. */
  isIntroduced(from: Address, control: HandshakeControl, nowMs: number): boolean {
    return this.answerer.isIntroduced(from, control, nowMs)
  }

  /** Answers false for what is dropped. `bytes` is the length of the datagram. */
  handleControl(from: Address, control: HandshakeControl, bytes: number, nowMs: number): boolean {
    this.answerer.dropOld(nowMs)
    switch (control.type) {
      case 'hello':
        return this.answerer.handleHello(from, control, bytes, nowMs)
      case 'cookie':
        return this.asker.handleCookie(from, control, nowMs)
      case 'open':
        return this.answerer.handleOpen(from, control, nowMs)
      case 'accept':
        return (
          this.renewals.handleAccept(from, control, nowMs) || this.asker.handleAccept(from, control, nowMs)
        )
      case 'refuse':
        return this.asker.handleRefuse(from, control)
    }
  }

  /** A datagram of a session that does not exist is kept where it may be one of a session that is about to. */
  keepsEarly(from: Address, wire: WireSession, bytes: Uint8Array): boolean {
    return this.renewals.keepsEarly(from, wire, bytes) || this.asker.keepsEarly(from, wire, bytes)
  }
}
