// Decisions about a share by the person who runs the peer.

/** Soft links are shared as what they point at, as links, or not at all; `auto`: as links where their text leads to a place of the share. */
export type LinkPolicy = 'auto' | 'follow' | 'keep' | 'skip'

/** `send-only`: what others change is known and not held. `receive-only`: what is changed here is shown, and told to nobody. */
export type Direction = 'both' | 'send-only' | 'receive-only'

/** Through which links a share is read: src/io/reading.ts. */
export const FOLLOWING = { auto: 'outward', follow: 'all', keep: 'none', skip: 'none' } as const

/** At least so many hundredths of the disk, and at least so many bytes. */
export interface MinFree {
  readonly percent: number
  readonly bytes: number
}

export const NO_MIN_FREE: MinFree = { percent: 0, bytes: 0 }

/** Limits of the trash, which keeps contents that peers delete or replace. */
export interface TrashPolicy {
  /** How long they are kept; 0 keeps none. */
  readonly days: number
  /** Hundredths of the disk that they may take; those of the last days stay all the same. */
  readonly percent: number
}

export const TRASH_POLICY: TrashPolicy = { days: 30, percent: 10 }

/** How much of a share one machine may delete or replace in 24 hours before a person is asked. */
export interface MaxDelete {
  /** Hundredths of the files; 100 or more for no limit. */
  readonly percent: number
  /** Files that may always go: a person who deletes a folder of a small share is not asked. */
  readonly filesMin: number
  /** Also what was confirmed on another machine is asked about. */
  readonly isStrict: boolean
}

export const MAX_DELETE: MaxDelete = { percent: 25, filesMin: 20, isStrict: false }
export const NO_MAX_DELETE: MaxDelete = { percent: 100, filesMin: 20, isStrict: false }
