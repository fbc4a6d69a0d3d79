// The interface of an attack and of its findings. Each attack has a file of its own in `attacks`; run.ts runs them
// one after the other against one target and adds what can be seen from outside.

import type { Attacker } from './attacker.js'
import type { Encryption } from './guises.js'
import type { AttackerOptions, Target } from './target.js'

export interface Ground {
  readonly target: Target
  /** Fewer of everything, for `npm test`. */
  readonly quick: boolean
  /** A session of an address that the target lets in; closed after the attack. */
  connected(): Promise<Attacker>
  /** A socket without a session; closed after the attack. It is the target's friend, unless it is said who else. */
  attacker(options?: AttackerOptions): Promise<Attacker>
}

export interface AttackResult {
  /** Undefined where the target did as it should. */
  readonly fault: string | undefined
  /** For the person: what was seen. */
  readonly seen: string
  /** Whether the answers went to addresses that had not proved themselves. */
  readonly isUnproved?: boolean
}

export interface Attack {
  readonly name: string
  /** The `--encryption` of the target for which this is an attack; both where it is left out. */
  readonly only?: Encryption
  /** The attack mostly waits: it begins first and ends last, beside the others, and its cost is not measured. */
  readonly waits?: boolean
  /** The target has to call the attacker: it gets one of its own that names few addresses, for of many it calls some at a time. */
  readonly isCalled?: boolean
  /** The attack gets a target of its own, whose share holds nothing that other attacks left. */
  readonly wantsOwnTarget?: boolean
  /** Paths in the share that may appear or change: what an honest peer could have written too. */
  readonly mayWrite?: (path: string) => boolean
  run(ground: Ground): Promise<AttackResult>
}

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
