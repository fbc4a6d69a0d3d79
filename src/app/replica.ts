// Settles which replica a share is: under which peer id it runs. Called by share-folder.ts, once the identity is open and before
// anybody is told of the id.
//
//   the share                                              its peer id
//   has no mark                                            a new one
//   was last run under another key                         a new one: it is a copy, or the machine was set up anew
//   is in another folder of this machine too               a new one: it is a copy
//   else                                                   that of its mark, which gets our key where it has none
//
// Without encryption there is no key: that of the mark stays.

import { existsSync, readFileSync, renameSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { hexOf } from '../base/bytes.js'
import { LeftError } from '../base/errors.js'
import { OWN_FOLDER, SHARE_MARK } from '../base/own-folder.js'
import { isVisitor } from '../base/visitor.js'
import { SystemRandom } from '../io/random.js'
import { markedKey, parseMark, type ShareMark, writeMark } from '../io/share-mark.js'
import { SharePlaces } from '../io/share-places.js'

const PEER_ID_BYTES = 8

export interface ReplicaOptions {
  /** Absolute path of the share. */
  readonly share: string
  /** The user's state folder; see src/io/witness.ts. */
  readonly state: string
}

export interface SettledReplica {
  /** Names this share folder on this machine: 16 hexadecimal characters. */
  readonly peer: string
  /** For the person, where the id is not that of before. */
  readonly note: string | undefined
}

export class Replica {
  private readonly options: ReplicaOptions
  private readonly file: string
  private readonly mark: ShareMark | undefined

  /** Throws a LeftError where the mark cannot be read. */
  constructor(options: ReplicaOptions) {
    this.options = options
    this.file = join(options.share, OWN_FOLDER, SHARE_MARK)
    this.mark = this.attempt(() => readMark(this.file))
  }

  /** `fingerprint` of our own key; undefined without encryption. Throws a LeftError where a new id cannot be kept. */
  settle(fingerprint: string | undefined): SettledReplica {
    const { mark, options } = this
    const { share, state } = options
    const key = fingerprint === undefined ? undefined : markedKey(fingerprint)
    const places = new SharePlaces(state, share)
    const note = mark === undefined ? undefined : reasonForNew(mark, key, places)
    if (mark !== undefined && note === undefined) {
      if (mark.key === undefined && key !== undefined) this.addKey({ ...mark, key })
      places.write(mark.peer)
      return { peer: mark.peer, note }
    }
    const peer = newPeerId()
    // First: a mark that is noted nowhere looks like that of another share (share-folder.ts).
    places.write(peer)
    this.attempt(() => writeMark(share, { peer, key }))
    return { peer, note }
  }

  /** Left for another start where it fails, as on a full disk: the id is the same with and without it. */
  private addKey(mark: ShareMark): void {
    try {
      writeMark(this.options.share, mark)
    } catch {
      // As above.
    }
  }

  private attempt<T>(work: () => T): T {
    try {
      return work()
    } catch (error) {
      if (error instanceof LeftError) throw error
      const reason = (error as NodeJS.ErrnoException).code ?? String(error)
      throw new LeftError('share-unusable', `cannot use ${this.file} (${reason})`, error)
    }
  }
}

function newPeerId(): string {
  const random = new SystemRandom()
  for (;;) {
    const peer = hexOf(random.bytes(PEER_ID_BYTES))
    if (!isVisitor(peer)) return peer
  }
}

/** Undefined where there is none yet. An empty file is none: a full disk or lost power leaves one of what was about to be written. */
function readMark(file: string): ShareMark | undefined {
  // Named so before there were identities.
  const formerly = join(dirname(file), 'identity')
  if (!existsSync(file) && existsSync(formerly)) renameSync(formerly, file)
  if (!existsSync(file)) return undefined
  const text = readFileSync(file, 'utf8')
  if (text === '') return undefined
  const mark = parseMark(text)
  if (mark !== undefined) return mark
  throw new LeftError(
    'share-unusable',
    `${file} is not what left writes there; delete it, and the share takes a new peer id`,
  )
}

/** Words for the person; undefined where the share keeps its id. */
function reasonForNew(mark: ShareMark, key: string | undefined, places: SharePlaces): string | undefined {
  const original = places.elsewhere(mark.peer)
  if (original !== undefined) return `this share is a copy of ${original}: ${GOES_ON}`
  if (key === undefined || mark.key === undefined || mark.key === key) return undefined
  return `this share was last run with another key, on another machine or before this one was set up anew: ${GOES_ON}`
}

const GOES_ON = 'it goes on as a peer of its own, with a new peer id, and nothing needs to be done about that'
