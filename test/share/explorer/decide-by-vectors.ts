// The rules of LEFT's first format for one entry that differs, by version vectors. They look right and are not: the
// explorer finds what is wrong with them once deletions are carried out (obvious-rules.ts, docs/decisions/versions.md).

import type { EntryKind } from '../../../src/share/entry.js'
import { compareVersions, joinVersions, type Vector, type VectorOrder } from './version-vectors.js'

export interface VectorEntry {
  readonly kind: EntryKind
  readonly sizeBytes: number
  readonly mtimeMs: number
  readonly executable: boolean
  readonly digest: string
  readonly target: string
  readonly version: Vector
}

export type VectorDecision =
  | { readonly type: 'keep' }
  | { readonly type: 'adopt' | 'take'; readonly entry: VectorEntry }
  | { readonly type: 'conflict'; readonly winner: 'local' | 'remote'; readonly entry: VectorEntry }

const KEEP: VectorDecision = { type: 'keep' }

export function decideByVectors(local: VectorEntry, remote: VectorEntry): VectorDecision {
  const order = compareVersions(local.version, remote.version)
  if (isSameContent(local, remote)) return decideOnEqualContent(local, remote, order)
  const version = joinVersions(local.version, remote.version)
  if (local.kind === 'tombstone') {
    if (order === 'before') return { type: 'take', entry: remote }
    return order === 'concurrent' ? { type: 'take', entry: { ...remote, version } } : KEEP
  }
  if (remote.kind === 'tombstone')
    return order === 'concurrent' ? { type: 'adopt', entry: { ...local, version } } : KEEP
  if (order === 'after') return KEEP
  if (order === 'before') return { type: 'take', entry: remote }
  return localWins(local, remote)
    ? { type: 'conflict', winner: 'local', entry: local }
    : { type: 'conflict', winner: 'remote', entry: { ...remote, version } }
}

/** An entry line of the first format, without the digest. */
export function lineOf(entry: VectorEntry, path: string): string {
  const letter = entry.executable
    ? 'x'
    : entry.kind.slice(0, 1).replace('f', entry.kind === 'folder' ? 'd' : 'f')
  const line = `${letter} ${entry.sizeBytes} ${entry.mtimeMs} - ${entry.version} ${path}`
  return entry.target === '' ? line : `${line} ${entry.target}`
}

function isSameContent(left: VectorEntry, right: VectorEntry): boolean {
  return left.kind === right.kind && left.digest === right.digest && left.target === right.target
}

function decideOnEqualContent(local: VectorEntry, remote: VectorEntry, order: VectorOrder): VectorDecision {
  if (order === 'after') return KEEP
  const entry = order === 'before' ? remote : newestMetadata(local, remote)
  const isOurs =
    entry.version === local.version &&
    entry.mtimeMs === local.mtimeMs &&
    entry.executable === local.executable
  return isOurs ? KEEP : { type: 'adopt', entry }
}

/** A folder wins, else the newest, else the larger digest, else the larger target. */
function localWins(local: VectorEntry, remote: VectorEntry): boolean {
  if (local.kind === 'folder' || remote.kind === 'folder') return local.kind === 'folder'
  if (local.mtimeMs !== remote.mtimeMs) return local.mtimeMs > remote.mtimeMs
  if (local.digest !== remote.digest) return local.digest > remote.digest
  return local.target > remote.target
}

function newestMetadata(local: VectorEntry, remote: VectorEntry): VectorEntry {
  const version = joinVersions(local.version, remote.version)
  const isTie = local.mtimeMs === remote.mtimeMs
  const newest = local.mtimeMs > remote.mtimeMs ? local : remote
  const executable = isTie ? local.executable || remote.executable : newest.executable
  return { ...local, mtimeMs: newest.mtimeMs, executable, version }
}
