// Decisions about a share by the person who runs the peer.

export type LinkPolicy = 'follow' | 'keep' | 'skip'

/** At least so many hundredths of the disk, and at least so many bytes. */
export interface MinFree {
  readonly percent: number
  readonly bytes: number
}

export const NO_MIN_FREE: MinFree = { percent: 0, bytes: 0 }
