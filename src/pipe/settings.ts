// Decisions about a share by the person who runs the peer.

export type LinkPolicy = 'follow' | 'keep' | 'skip'

/** At least so many hundredths of the disk, and at least so many bytes. */
export interface MinFree {
  readonly percent: number
  readonly bytes: number
}

export const NO_MIN_FREE: MinFree = { percent: 0, bytes: 0 }

/** What becomes of contents that peers delete or replace. */
export interface TrashPolicy {
  /** How long they are kept; 0 keeps none. */
  readonly days: number
  /** Hundredths of the disk that they may take; those of the last days stay all the same. */
  readonly percent: number
}

export const TRASH_POLICY: TrashPolicy = { days: 30, percent: 10 }
