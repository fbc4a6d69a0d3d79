// Entry lines of format 1 of the state folder, said as lines of today. Format 1 had one version vector for an entry and did
// not tell which of its edits was the last. The entry gets a dot that is made of vector and content, the same on every
// peer that had the same version: peers that were in step are in step.
//
//     line    = kind ' ' size ' ' mtime ' ' digest ' ' vector ' ' path [ ' ' target ]
//     kind    = 'f' file / 'x' executable file / 'd' folder / 'l' link / 't' tombstone
//     vector  = '-' / dot *( ',' dot )        peers ascending, none twice
//
// Size, time, digest, path and target are as in entry-line.ts. Format 1 did not tell who may read a file.

import { dotOf, dotsOf, encodeVersion, FORMAT1_PREFIX, foldSeen, uniteSeen } from './dots.js'
import { hashName } from './path.js'

const MODES: Readonly<Record<string, string>> = { f: 'f -', x: 'f -x', d: 'd -', l: 'l -', t: 't f' }

/** The line of today for one of format 1, checked no further; undefined where it has no such fields. */
export function lineOfFormat1(line: string): string | undefined {
  const [kind, size, mtime, digest, vector, path, ...target] = line.split(' ', 8)
  const mode = MODES[kind!]
  if (mode === undefined || path === undefined) return undefined
  const seen = vector === '-' ? '' : vector!
  const version = versionOf(seen, `${seen} ${mode} ${digest} ${target.join(' ')}`)
  return [mode, size, mtime, digest, version, path, ...target].join(' ')
}

function versionOf(vector: string, text: string): string {
  const peer = FORMAT1_PREFIX + hashName(text).toString(16).padStart(8, '0')
  const dot = dotOf(peer, 1)
  const { seen } = foldSeen(uniteSeen(dotsOf(vector).join(','), dot), [dot])
  return encodeVersion({ content: dot, attributes: dot, seen })
}
