// How a role of a handshake is written down: steps that take a message and answer with messages and events. Used by the
// files of the handshakes, and run by the search.

import type { Env, Pattern } from './pattern.js'
import { modulusOf, type Term } from './terms.js'

/** An honest peer. */
export interface Party {
  readonly name: string
  readonly privateKey: Term
  /** Static X25519 scalar of handshake 2. */
  readonly scalar: Term
  readonly id: Term
  readonly pins: readonly Pin[]
  readonly secret: Term | undefined
  /** The trust in keys that are not pinned. */
  readonly trust: 'pinned' | 'secret' | 'first-use'
}

export interface Pin {
  readonly modulus: Term
  /** Static X25519 key of handshake 2. */
  readonly point: Term
  readonly id: Term
}

export type Side = 'asker' | 'answerer'

export interface Ticket {
  readonly id: Term
  readonly secret: Term
  readonly peerKey: Term
  readonly peerId: Term
  /** Whether its holder may ask with it, or answer to it. */
  readonly serves: readonly Side[]
}

export interface Message {
  readonly type: string
  readonly fields: readonly (readonly [name: string, value: Term])[]
}

/** The event of a side that is sure of the other (commits), or has done its part and waits to hear from it (runs). */
export interface AgreementEvent {
  readonly type: 'commits' | 'runs'
  readonly side: Side
  readonly party: Party
  readonly peerKey: Term
  readonly peerId: Term
  readonly keys: Term
  /** Transcript of all flights as this side has seen them. */
  readonly said: Term
}

export type RoleEvent =
  | AgreementEvent
  | {
      readonly type: 'says-early' | 'hears-early'
      readonly party: Party
      readonly peerKey: Term
      readonly early: Term
    }
  /** An asker has shown that it holds its key, or seems to have: in these flights. */
  | {
      readonly type: 'proves' | 'hears-proof'
      readonly party: Party
      readonly peerKey: Term
      readonly said: Term
    }
  /** A first flight was sent to somebody known, or was taken for one of somebody who knows us. */
  | {
      readonly type: 'introduces' | 'is-introduced'
      readonly party: Party
      readonly flight: Term
      readonly to: Term
    }

export interface Outcome {
  readonly sends?: readonly Message[]
  readonly events?: readonly RoleEvent[]
  readonly remembers?: Readonly<Record<string, Term>>
  readonly grants?: readonly Ticket[]
  /** This ticket serves this party no more. */
  /** An exchange that somebody answers with: see `from` in pattern.ts. */
  readonly answers?: Term
  readonly erases?: { readonly id: Term; readonly serves: Side }
}

/** A session's view, in a step. */
export interface Me {
  readonly session: string
  readonly party: Party
  readonly env: Env
  readonly tickets: readonly Ticket[]
}

export interface Step {
  /** Alternatives; a step without it needs no message and is made as soon as it can be. */
  expects?(me: Me): readonly { readonly type: string; readonly pattern: Pattern }[]
  /** Undefined: what came is refused, or the step cannot be made yet. */
  act(me: Me): Outcome | undefined
}

export interface Session {
  readonly name: string
  readonly party: Party
  readonly steps: readonly Step[]
}

export function keyOf({ privateKey }: Party): Term {
  return modulusOf(privateKey)
}

/** Whether the party lets a key in that has proved itself; `showsSecret`: in this exchange. */
export function lets(party: Party, other: { modulus: Term; id: Term }, showsSecret: boolean): boolean {
  const { pins, trust } = party
  if (other.id === party.id) return false
  if (other.modulus === keyOf(party) || pins.some(({ modulus }) => modulus === other.modulus)) return true
  return trust === 'first-use' || (trust === 'secret' && showsSecret)
}
