// Which file of options is read where --config names none: `left.toml` in the current folder, and only one that nobody else can
// have put there. Such a file says which folders are shared and with whom, so one that a peer wrote would give away any folder.
//
//   in a share, or behind a link into one     not read: its peers write there
//   another user's, or writable by all        not read: /tmp is such a place
//
// Called by config.ts.

import { type Stats, statSync } from 'node:fs'
import { userInfo } from 'node:os'
import { dirname, join } from 'node:path'
import { realPathOf } from '../../app/share-danger.js'
import { shareAround } from '../../control/find-share.js'

export const CONFIG_FILE = 'left.toml'

export type FoundConfig =
  | { readonly found: 'nothing' }
  | { readonly found: 'file'; readonly file: string }
  /** It is there and is not read; `why` says so to the person. */
  | { readonly found: 'untrusted'; readonly why: string }

/** `folder` is absolute. */
export function findConfig(folder: string): FoundConfig {
  const file = join(folder, CONFIG_FILE)
  const stat = statOf(file)
  if (stat === undefined) return { found: 'nothing' }
  const why = distrustOf(file, stat)
  return why === undefined
    ? { found: 'file', file }
    : { found: 'untrusted', why: `${file} is not read: ${why}` }
}

/** The share that a file is in, itself or what it is a link to; undefined where it is in none. */
export function shareAroundFile(file: string): string | undefined {
  return shareAround(realPathOf(dirname(file))) ?? shareAround(dirname(realPathOf(file)))
}

function distrustOf(file: string, stat: Stats): string | undefined {
  const share = shareAroundFile(file)
  if (share !== undefined)
    return `it is in the share ${share}, where peers write; where it is yours, move it out of there, or name it with --config`
  if (process.platform === 'win32') return undefined
  const { uid } = userInfo()
  if (stat.uid !== uid && stat.uid !== 0)
    return "it is another user's; where you trust it, name it with --config"
  if ((stat.mode & 0o002) !== 0) return 'everybody may write it; see: chmod o-w'
  return undefined
}

function statOf(file: string): Stats | undefined {
  try {
    return statSync(file, { throwIfNoEntry: false })
  } catch {
    return undefined // Nobody may look there, so nobody meant it.
  }
}
