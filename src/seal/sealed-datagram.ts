// Control datagrams of a sealed session, AES-256-GCM with a counter for a nonce:
//
//   ┌──────┬─────────┬─────────┬───────────────────┬─────┐
//   │ type │ session │ counter │ sealed fields     │ tag │
//   │   1  │    8    │    4    │ as many as before │  16 │
//   └──────┴─────────┴─────────┴───────────────────┴─────┘
//    └──── associated ────────┘
//
// Each direction has a key of its own and counts from 0, and a session ends long before the counter does: so no
// nonce is used twice. What has come before, or is too old to tell, is dropped.

import type { DatagramSeal } from '../rdt/protection.js'
import { openGcm, sealGcmInto } from './gcm.js'
import {
  COUNTER_BYTES,
  DATAGRAMS_PER_KEY_MAX,
  FORGERIES_PER_KEY_MAX,
  GCM_NONCE_BYTES,
  SESSION_BYTES,
  TAG_BYTES,
} from './limits.js'
import { ReplayWindow } from './replay-window.js'

const CLEAR_BYTES = 1 + SESSION_BYTES
const HEADER_BYTES = CLEAR_BYTES + COUNTER_BYTES

export class SealedDatagrams implements DatagramSeal {
  readonly overheadBytes = COUNTER_BYTES + TAG_BYTES
  private nextCounter = 0
  private forgeries = 0
  private hasHeard = false
  private readonly window = new ReplayWindow()

  /** `handleHeard`: the first one that opens shows that the other side holds the keys too. */
  constructor(
    private readonly keys: { readonly ours: Uint8Array; readonly theirs: Uint8Array },
    private readonly handleHeard: () => void = () => {},
  ) {}

  get isWorn(): boolean {
    return this.nextCounter >= DATAGRAMS_PER_KEY_MAX || this.forgeries >= FORGERIES_PER_KEY_MAX
  }

  seal(plain: Uint8Array): Uint8Array {
    const counter = this.nextCounter++
    // Twice the limit is never reached: a worn session is closed. A nonce must not repeat even if it were not.
    if (counter >= 2 * DATAGRAMS_PER_KEY_MAX) throw new Error('left is broken: a worn key was used on')
    const datagram = new Uint8Array(plain.length + this.overheadBytes)
    datagram.set(plain.subarray(0, CLEAR_BYTES))
    new DataView(datagram.buffer).setUint32(CLEAR_BYTES, counter)
    const header = datagram.subarray(0, HEADER_BYTES)
    const cipher = { key: this.keys.ours, nonce: nonceOf(counter), associated: header }
    sealGcmInto(cipher, plain.subarray(CLEAR_BYTES), datagram, HEADER_BYTES)
    return datagram
  }

  open(datagram: Uint8Array): Uint8Array | undefined {
    if (datagram.length < HEADER_BYTES + TAG_BYTES) return undefined
    const counter = new DataView(datagram.buffer, datagram.byteOffset).getUint32(CLEAR_BYTES)
    if (!this.window.mayTake(counter)) return undefined
    const header = datagram.subarray(0, HEADER_BYTES)
    const cipher = { key: this.keys.theirs, nonce: nonceOf(counter), associated: header }
    const fields = openGcm(cipher, datagram.subarray(HEADER_BYTES))
    if (fields === undefined) {
      this.forgeries++
      return undefined
    }
    // Only now: a forged counter must not push the window along.
    this.window.take(counter)
    if (!this.hasHeard) {
      this.hasHeard = true
      this.handleHeard()
    }
    const plain = new Uint8Array(CLEAR_BYTES + fields.length)
    plain.set(datagram.subarray(0, CLEAR_BYTES))
    plain.set(fields, CLEAR_BYTES)
    return plain
  }
}

function nonceOf(counter: number): Uint8Array {
  const nonce = new Uint8Array(GCM_NONCE_BYTES)
  new DataView(nonce.buffer).setUint32(GCM_NONCE_BYTES - COUNTER_BYTES, counter)
  return nonce
}
