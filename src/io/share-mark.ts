// The mark of a share, `.left/replica`: its peer id, and the key under which the id was last used.
//
//   left-peer <peer id: 16 hex digits> [<first 16 hex digits of the key's fingerprint>]
//
// The key is left out before the first start with encryption, and by a left of before it was noted.

import { closeSync, fsyncSync, openSync, readFileSync, renameSync, statSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { OWN_FOLDER, SHARE_MARK } from '../base/own-folder.js'
import { syncFolderAt } from './folder-sync.js'

export interface ShareMark {
  readonly peer: string
  /** As of `markedKey`. */
  readonly key: string | undefined
}

const MARK = /^left-peer ([0-9a-f]{16})(?: ([0-9a-f]{16}))?\n?$/

/** Characters of a fingerprint in a mark: 64 bits tell the keys of one person apart, and a mark is no proof of anything. */
const KEY_CHARS = 16

export function markedKey(fingerprint: string): string {
  return fingerprint.slice(0, KEY_CHARS)
}

/** Undefined for what no left writes. */
export function parseMark(text: string): ShareMark | undefined {
  const [, peer, key] = MARK.exec(text) ?? []
  return peer === undefined ? undefined : { peer, key }
}

export function markText({ peer, key }: ShareMark): string {
  return `left-peer ${peer}${key === undefined ? '' : ` ${key}`}\n`
}

/** The old mark or the new one stands there after a kill or a loss of power. Throws the error of the system call. */
export function writeMark(share: string, mark: ShareMark): void {
  const own = join(share, OWN_FOLDER)
  const file = join(own, SHARE_MARK)
  const unfinished = `${file}.new`
  const handle = openSync(unfinished, 'w', 0o600)
  try {
    writeSync(handle, markText(mark))
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
  renameSync(unfinished, file)
  syncFolderAt(own)
}

/** Whether another folder at `place` is a share with the peer id of this one. A folder that is seen under two paths, as by a
 *  bind mount, is one. */
export function isSamePeerAt(place: string, share: string): boolean {
  if (place === share) return false
  const peer = peerAt(share)
  return peer !== undefined && peerAt(place) === peer && !isSameFolder(place, share)
}

/** The peer id in the mark of the share at a place; undefined where there is none that can be read. */
export function peerAt(share: string): string | undefined {
  try {
    return parseMark(readFileSync(join(share, OWN_FOLDER, SHARE_MARK), 'utf8'))?.peer
  } catch {
    return undefined
  }
}

/** False where one of them is gone. */
function isSameFolder(place: string, share: string): boolean {
  const [one, other] = [place, share].map((folder) =>
    statSync(folder, { bigint: true, throwIfNoEntry: false }),
  )
  return one !== undefined && one.dev === other?.dev && one.ino === other.ino
}
