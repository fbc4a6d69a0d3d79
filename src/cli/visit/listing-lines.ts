// What `left ls` prints of a merged list, a line for each version of each path. Pure.
//
//   mark  '*' before the newest of several versions
//   size  human-readable, in bytes with --bytes; blank for what is no file
//   date  on this machine's clock; blank for what is no file
//   who   'all' where every peer that was listed has it; left out where one was
//   name  escaped, a '/' behind a folder, ' -> ' and its target behind a link

import { printableJson } from '../../base/printable.js'
import { mtimeOf } from '../../share/edit.js'
import type { Entry } from '../../share/entry.js'
import type { HeldVersion, MergedPath } from '../../visit/merge.js'
import { formatBytes } from '../format.js'
import { columnsOf, fitted, printable, printableName } from '../names.js'
import { formatTime } from '../times.js'

export interface ListingStyle {
  readonly isLong: boolean
  readonly inBytes: boolean
  /** Of the peers that were listed, as the person calls them. */
  readonly holders: readonly string[]
  /** As the person names a path of the share. */
  readonly nameOf: (path: string) => string
}

export type SortKey = 'name' | 'size' | 'date'

/** In place: by name as it came, the largest first, the latest first. */
export function sortPaths(paths: MergedPath[], by: SortKey): void {
  const first = ({ versions }: MergedPath) => versions[0]!.entry
  if (by === 'size') paths.sort((left, right) => first(right).sizeBytes - first(left).sizeBytes)
  if (by === 'date') paths.sort((left, right) => mtimeOf(first(right)) - mtimeOf(first(left)))
}

export function* listingLines(paths: readonly MergedPath[], style: ListingStyle): Generator<string> {
  const width = style.holders.length > 1 ? holderColumns(paths, style) : 0
  for (const merged of paths)
    for (const version of merged.versions) {
      const mark = merged.versions.length > 1 && version === merged.versions[0] ? '*' : ' '
      yield lineOf(mark, merged.path, version, style, width)
    }
}

function lineOf(
  mark: string,
  path: string,
  { entry, holders }: HeldVersion,
  style: ListingStyle,
  width: number,
): string {
  const bytes = style.inBytes ? `${entry.sizeBytes}` : formatBytes(entry.sizeBytes)
  const size = (entry.kind === 'file' ? bytes : '').padStart(style.inBytes ? 14 : 9)
  const who = width === 0 ? '' : `  ${fitted(whoText(holders, style), width)}`
  const long = style.isLong ? `${modeText(entry)}  ` : ''
  const digest = style.isLong
    ? `  ${(entry.digest || '-').slice(0, DIGEST_CHARACTERS).padEnd(DIGEST_CHARACTERS)}`
    : ''
  return `${mark} ${long}${size}  ${dateText(entry, style.isLong)}${who}${digest}  ${nameText(path, entry, style)}`
}

/** Of the 64 that `--json` has. */
const DIGEST_CHARACTERS = 16

const HOLDER_COLUMNS_MAX = 40

function holderColumns(paths: readonly MergedPath[], style: ListingStyle): number {
  const texts = new Set<string>()
  for (const { versions } of paths) for (const { holders } of versions) texts.add(whoText(holders, style))
  return Math.min(HOLDER_COLUMNS_MAX, Math.max(1, ...[...texts].map(columnsOf)))
}

function whoText(holders: readonly string[], style: ListingStyle): string {
  return holders.length === style.holders.length ? 'all' : printable(holders.join(','))
}

function nameText(path: string, entry: Entry, { nameOf }: ListingStyle): string {
  const name = printableName(nameOf(path))
  if (entry.kind === 'folder') return `${name}/`
  return entry.kind === 'link' ? `${name} -> ${printableName(entry.target)}` : name
}

function dateText(entry: Entry, isLong: boolean): string {
  const ms = mtimeOf(entry)
  const blank = isLong ? 23 : 19
  if (entry.kind !== 'file') return ' '.repeat(blank)
  const milliseconds = isLong ? `.${String(((ms % 1000) + 1000) % 1000).padStart(3, '0')}` : ''
  return `${formatTime(ms)}${milliseconds}`
}

/** As `ls` writes it, of what the share tells of a mode; '?' where it tells nothing. */
function modeText({ kind, access, executable }: Entry): string {
  if (kind === 'link') return 'lrwxrwxrwx'
  if (access === 'none') return `${kind === 'folder' ? 'd' : '-'}?????????`
  const run = kind === 'folder' || executable ? 'x' : '-'
  const readers = { owner: '------', group: `r-${run}---`, all: `r-${run}r-${run}` }[access]
  return `${kind === 'folder' ? 'd' : '-'}rw${run}${readers}`
}

/** One JSON object for each path. */
export function* listingJson(paths: readonly MergedPath[]): Generator<string> {
  for (const { path, versions } of paths) {
    const told = versions.map(({ entry, holders }, index) => ({
      kind: entry.kind,
      bytes: entry.sizeBytes,
      mtimeMs: entry.kind === 'file' ? mtimeOf(entry) : null,
      digest: entry.digest || null,
      target: entry.target || null,
      access: entry.access,
      executable: entry.executable,
      holders,
      newest: index === 0,
    }))
    yield printableJson(JSON.stringify({ path, versions: told }))
  }
}
