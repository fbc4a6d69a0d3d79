// The share that a command is about where left.toml names it: `left` in the same folder keeps that one. Called by main.ts.

import { homedir } from 'node:os'
import { dirname } from 'node:path'
import { LeftError } from '../../base/errors.js'
import { shareAround } from '../../control/find-share.js'
import { quoted } from '../addresses.js'
import { findConfig } from './find-config.js'
import { type ConfiguredShare, readSettings } from './settings.js'
import { readToml } from './toml-file.js'

/** Options of `left` that such a command has too. */
interface Shared {
  readonly share?: string
  readonly ip?: string
  readonly port?: string
  readonly bind?: string
}

/** What was typed, with folder, addresses and port of the file where they are not said. A folder in a share means that one.
 *  @throws LeftError 'usage' where the file cannot be read, or names several. */
export function withConfigured<Raw extends Shared>(raw: Raw, folder: string): Raw {
  if (raw.share !== undefined || shareAround(folder) !== undefined) return raw
  const found = findConfig(folder)
  if (found.found !== 'file') return raw
  const table = readToml(found.file, found.file)
  const shares = readSettings(table, { file: found.file, folder: dirname(found.file), home: homedir() })
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
