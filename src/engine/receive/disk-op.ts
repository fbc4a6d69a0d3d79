// Disk operations of the receiving side. BlockWrites makes them; the engine's owner carries them out.

import type { FrameBuffer } from '../../rdt/pool.js'
import type { FrameCipher } from '../../rdt/protection.js'

/** A block to be written into a temporary file, if `digest` is that of its bytes, or of what `cipher` opens them to;
 *  answered by `handleWritten`. */
export interface WriteOp {
  readonly type: 'write'
  readonly id: number
  readonly path: string
  readonly position: number
  /** All that is used of their buffer, which may go to another thread meanwhile. */
  readonly bytes: Uint8Array
  /** Whose memory they are in, which adopts what comes back of that thread; undefined where it is no pool's. */
  readonly memory: FrameBuffer | undefined
  readonly digest: Uint8Array
  readonly cipher: FrameCipher | undefined
}

/** Why a block was not written: its seal is broken, it is another one, or the disk's fault. */
export type WriteFailure = 'damaged' | 'wrong' | 'no-space' | 'disk'

/** All blocks are written: sync and close the file; answered by `handleWritten` too. */
export interface FinishOp {
  readonly type: 'finish'
  readonly id: number
  readonly path: string
}

/** A fetch stopped: let go of the temporary file's descriptor. Not answered. */
export interface ReleaseOp {
  readonly type: 'release'
  readonly path: string
}
