// The plan of a simulated world: its machines, the links between them, and what happens when. Drawn from a seed by
// scenario.ts, or written down by a test.

import type { Direction, MaxDelete } from '../pipe/settings.js'
import type { DeathMoment } from './disk/disk.js'
import type { Edit } from './edits.js'
import type { LineFaults, LinkFaults } from './network.js'

export interface PeerPlan {
  /** 16 hexadecimal characters. */
  readonly id: string
  readonly window: number | 'auto'
  readonly datagramBytesMax: number
  readonly receiveBufferBytes: number
  /** How far the wall clock is off. */
  readonly clockErrorMs: number
  readonly timestampStepMs: number
  readonly namesInOrder: boolean
  readonly umask: number
  readonly keepsModes: boolean
  /** Whether its disk takes names for one that differ in case or Unicode form alone. */
  readonly foldsNames?: boolean
  /** Whether the person's programs sync what they write. */
  readonly syncsEdits: boolean
  /** The longest that each of these may take; drawn anew each time. */
  readonly pipeMs: number
  readonly diskMs: number
  readonly stepMs: number
  readonly busyMs: number
  readonly spawnMs: number
  readonly hintMs: number
  /** Part of the hints that never come. */
  readonly hintLoss: number
  readonly startAtMs: number
  /** When its sessions get fresh keys, where that is sooner than in a running peer. */
  readonly rekeying?: { readonly afterMs: number; readonly afterBytes: number }
  /** How much may be deleted or replaced before a person is asked, where that is not as usual. */
  readonly maxDelete?: MaxDelete
  /** The secret by which it finds its neighbours, in place of knowing their addresses. */
  readonly group?: number
  /** Both ways where not given. */
  readonly direction?: Direction
  /** The line that all its links share, where that is less than they have. */
  readonly line?: LineFaults
}

/** Both directions between two peers, by number. */
export interface LinkPlan {
  readonly one: number
  readonly other: number
  readonly outward: Partial<LinkFaults>
  readonly homeward: Partial<LinkFaults>
}

/** Whose life ends when an armed operation on the disk is reached. */
export type Victim = 'watcher' | 'process' | 'machine'

export type Happening =
  | { readonly type: 'edit'; readonly peer: number; readonly edit: Edit }
  | { readonly type: 'stop'; readonly peer: number; readonly downMs: number }
  | { readonly type: 'kill'; readonly peer: number; readonly downMs: number }
  | { readonly type: 'power-loss'; readonly peer: number; readonly downMs: number }
  | { readonly type: 'watcher-death'; readonly peer: number }
  /** A person says what becomes of what is held, if anything is. */
  | { readonly type: 'answer'; readonly peer: number; readonly answer: 'confirm' | 'undo' }
  /** LEFT is stopped and the share copied; `keptMs` later it is put back, edited, and LEFT started again. */
  | {
      readonly type: 'restore'
      readonly peer: number
      readonly keptMs: number
      readonly downMs: number
      /** The note outside the share goes back with it. */
      readonly isOfMachine: boolean
      readonly edits: readonly Edit[]
    }
  | {
      readonly type: 'death-in-operation'
      readonly peer: number
      readonly count: number
      readonly moment: DeathMoment
      readonly victim: Victim
      readonly downMs: number
    }
  | { readonly type: 'full-disk'; readonly peer: number; readonly roomBytes: number; readonly forMs: number }
  /** Nothing new can be put at this path, to the end where `forMs` is undefined; what is there can be replaced. */
  | {
      readonly type: 'refused-path'
      readonly peer: number
      readonly path: string
      readonly forMs: number | undefined
    }
  /** A person pauses the exchange with all peers, and lets it go on. */
  | { readonly type: 'pause'; readonly peer: number; readonly forMs: number }
  /** With one of them. */
  | { readonly type: 'pause-with'; readonly peer: number; readonly other: number; readonly forMs: number }
  | { readonly type: 'clock-step'; readonly peer: number; readonly byMs: number }
  | {
      readonly type: 'cut'
      readonly peer: number
      readonly other: number
      readonly bothWays: boolean
      readonly forMs: number
    }
  | {
      readonly type: 'small-mtu'
      readonly peer: number
      readonly other: number
      readonly mtuBytes: number
      readonly forMs: number
    }

export interface Act {
  readonly atMs: number
  readonly happening: Happening
}

export interface WorldPlan {
  /** Seeds what is drawn while the world runs. */
  readonly seed: number
  readonly peers: readonly PeerPlan[]
  readonly links: readonly LinkPlan[]
}

export interface Scenario extends WorldPlan {
  /** The content of the shares before anything starts. */
  readonly beginnings: readonly { readonly peer: number; readonly edit: Edit }[]
  /** In the order of time. */
  readonly acts: readonly Act[]
  /** When every fault has ended. */
  readonly healAtMs: number
  /** Loss that stays on every link after that. */
  readonly restLoss: number
}

/** A machine with nothing wrong with it. */
export function calmPeer(peer: number, changes: Partial<PeerPlan> = {}): PeerPlan {
  return {
    id: (0xa0 + peer).toString(16).repeat(8),
    window: 'auto',
    datagramBytesMax: 1_472,
    receiveBufferBytes: 2 * 1024 * 1024,
    clockErrorMs: 0,
    timestampStepMs: 0.001,
    namesInOrder: true,
    umask: 0o022,
    keepsModes: true,
    syncsEdits: false,
    pipeMs: 0.3,
    diskMs: 0.5,
    stepMs: 0.5,
    busyMs: 0.05,
    spawnMs: 100,
    hintMs: 5,
    hintLoss: 0,
    startAtMs: 0,
    ...changes,
  }
}

/** A link of 100 Mbit/s with nothing wrong with it. */
export function calmLink(one: number, other: number, faults: Partial<LinkFaults> = {}): LinkPlan {
  const calm = { rateBitPerS: 100_000_000, delayMs: 1, mtuBytes: 1_500, queueBytes: 256 * 1024, ...faults }
  return { one, other, outward: calm, homeward: calm }
}

/** Every two of so many peers. */
export function meshOf(count: number): [number, number][] {
  const pairs: [number, number][] = []
  for (let one = 0; one < count; one++)
    for (let other = one + 1; other < count; other++) pairs.push([one, other])
  return pairs
}

export function chainOf(count: number): [number, number][] {
  return Array.from({ length: count - 1 }, (_, one) => [one, one + 1])
}

export function peerName(peer: number): string {
  return String.fromCharCode(65 + peer)
}
