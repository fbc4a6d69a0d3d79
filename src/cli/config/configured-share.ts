// The share that a command is about where left.toml names it: `left` in the same folder keeps that one. Called by main.ts.

import { homedir } from 'node:os'
import { dirname } from 'node:path'
import { LeftError } from '../../base/errors.js'
import { shareAround } from '../../control/find-share.js'
import { quoted } from '../addresses.js'
import { findConfig } from './find-config.js'
import { type ConfiguredShare, readSettings } from './settings.js'
import { readToml } from './toml-file.js'

/** Reads the shares of a file, which messages call `name`.
 *  @throws LeftError 'usage'. */
export function sharesOf(file: string, name: string): readonly ConfiguredShare[] {
  return readSettings(readToml(file, name), { file: name, folder: dirname(file), home: homedir() })
}

/** Options of `left` that such a command has too. */
interface Shared {
  readonly share?: string
  readonly ip?: string
  readonly port?: string
  readonly bind?: string
}

/** Adds folder, addresses and port of the file to what was typed, where that does not say them. A folder in a share means that one.
 *  @throws LeftError 'usage' where the file cannot be read, or names several. */
export function withConfigured<Raw extends Shared>(raw: Raw, folder: string): Raw {
  if (raw.share !== undefined || shareAround(folder) !== undefined) return raw
  const found = findConfig(folder)
  if (found.found !== 'file') return raw
  const shares = sharesOf(found.file, found.file)
  if (shares.length > 1) throw new LeftError('usage', severalText(found.file, shares))
  const { share, ip, port, bind } = shares[0]!.raw
  return {
    ...(share === undefined ? {} : { share }),
    ...(ip === undefined ? {} : { ip: ip.join(',') }),
    ...(port === undefined || port === 'auto' ? {} : { port }),
    ...(bind === undefined ? {} : { bind }),
    ...raw,
  }
}

function severalText(file: string, shares: readonly ConfiguredShare[]): string {
  const folders = shares.map(({ name, raw }) => `--share ${raw.share} (${quoted(name!)})`)
  return `${file} has several shares: go into one, or add ${folders.join(' or ')}`
}
