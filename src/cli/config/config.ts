// Which shares `left` runs, with which options: those of the command line over those of the file that --config names, or that is
// found. Called by main.ts.
//
//   no file, or one without [[share]]     one share, in this process
//   several [[share]]                     a process for each (several.ts), or the one that --only names
//
// Every failure is a LeftError 'usage' that names the option or the place in the file.

import { relative, resolve } from 'node:path'
import type { PeerOptions } from '../../app/options.js'
import { realPathOf } from '../../app/share-danger.js'
import { LeftError } from '../../base/errors.js'
import { quoted } from '../addresses.js'
import { dryRunOf, type Once, onceOf, peerOptions, type RawArguments } from '../arguments.js'
import { sharesOf } from './configured-share.js'
import { findConfig, shareAroundFile } from './find-config.js'
import { nearestWord } from './nearest-word.js'
import { type ConfiguredShare, longName } from './settings.js'

/** The options of the main command, with those that say where others stand. */
export interface RawRunArguments extends RawArguments {
  readonly config?: string
  readonly only?: string
}

export type Plan =
  | {
      readonly run: 'one'
      readonly options: PeerOptions
      readonly once: Once | undefined
      readonly dryRun: Once | undefined
      readonly json: boolean
      /** Statements about the file, for the person. */
      readonly notes: readonly string[]
    }
  | {
      readonly run: 'several'
      readonly file: string
      /** Of the shares, in the order of the file. */
      readonly names: readonly string[]
      readonly json: boolean
      readonly notes: readonly string[]
    }

/** `folder` is the current one, absolute.
 *  @throws LeftError 'usage'. */
export function planRun(raw: RawRunArguments, folder: string): Plan {
  const { config, only, ...own } = raw
  const { file, isNamed, notes } = fileOf(config, folder)
  if (file === undefined) {
    if (only !== undefined)
      throw new LeftError('usage', '--only names a share of a file; name that with --config')
    return one({ name: undefined, raw: {} }, { own, folder, file, isNamed, notes })
  }
  const name = nameOf(file, folder)
  const settings = sharesOf(file, name)
  const shares = only === undefined ? settings : [chosen(settings, only, name)]
  const [first] = shares
  if (shares.length === 1) return one(first!, { own, folder, file, isNamed, notes })
  refuseOfOne(own, name)
  const all = shares.map((share) => ({ share, ...one(share, { own, folder, file, isNamed, notes }) }))
  refuseSamePort(all, name)
  return { run: 'several', file, names: shares.map((share) => share.name!), json: all[0]!.json, notes }
}

interface FoundFile {
  readonly file: string | undefined
  /** By --config. */
  readonly isNamed: boolean
  readonly notes: readonly string[]
}

function fileOf(config: string | undefined, folder: string): FoundFile {
  if (config === 'no') return { file: undefined, isNamed: false, notes: [] }
  if (config === '')
    throw new LeftError('usage', '--config is empty; name a file, for example --config left.toml')
  if (config !== undefined) return { file: resolve(folder, config), isNamed: true, notes: [] }
  const found = findConfig(folder)
  if (found.found === 'file')
    return { file: found.file, isNamed: false, notes: [`options are those of ${found.file}`] }
  return { file: undefined, isNamed: false, notes: found.found === 'untrusted' ? [found.why] : [] }
}

interface Around extends FoundFile {
  /** Of the command line. */
  readonly own: RawArguments
  readonly folder: string
}

function one(share: ConfiguredShare, { own, folder, file, isNamed, notes }: Around): Plan & { run: 'one' } {
  const raw = { ...share.raw, ...own }
  const options = checked(() => peerOptions(raw, folder), { share, own, file, folder, notes })
  const once = checked(() => onceOf(raw), { share, own, file, folder, notes })
  const dryRun = checked(() => dryRunOf(raw), { share, own, file, folder, notes })
  return {
    run: 'one',
    options,
    once,
    dryRun,
    json: raw.json ?? false,
    notes: [...notes, ...dangerOf(file, isNamed, options)],
  }
}

/** A file that lies in the share that it is about, or in another one. */
function dangerOf(file: string | undefined, isNamed: boolean, { share }: PeerOptions): string[] {
  if (file === undefined) return []
  const isInside = !relative(realPathOf(share), realPathOf(file)).startsWith('..')
  const around = isInside ? share : shareAroundFile(file)
  if (around === undefined) return []
  if (isNamed)
    return [`${file} is in the share ${around}: whoever may write there says what is shared from here`]
  throw new LeftError(
    'usage',
    `${file} is in the share ${around}, where peers would write it; move it out of there, or name it with --config`,
  )
}

interface Blame {
  readonly share: ConfiguredShare
  readonly own: RawArguments
  readonly file: string | undefined
  readonly folder: string
  readonly notes: readonly string[]
}

/** Says of an option where it stands, if that is not the command line. */
function checked<Result>(check: () => Result, { share, own, file, folder, notes }: Blame): Result {
  try {
    return check()
  } catch (error) {
    if (!(error instanceof LeftError)) throw error
    const option = /^--[a-z-]+/.exec(error.message)?.[0].slice(2)
    const isOf = (raw: RawArguments) =>
      Object.keys(raw).some((key) => longName(key as keyof RawArguments) === option)
    if (file !== undefined && isOf(share.raw) && !isOf(own)) {
      const place = share.name === undefined ? '' : `, share ${quoted(share.name)}`
      throw new LeftError(error.code, `${nameOf(file, folder)}${place}: ${error.message}`, error)
    }
    // A file that was passed over may be why something is missing.
    const passedOver = file === undefined && option === 'ip' ? notes : []
    throw passedOver.length === 0
      ? error
      : new LeftError(error.code, [error.message, ...passedOver].join('; '), error)
  }
}

function chosen(shares: readonly ConfiguredShare[], only: string, file: string): ConfiguredShare {
  const share = shares.find(({ name }) => name === only)
  if (share !== undefined) return share
  const names = shares.flatMap(({ name }) => name ?? [])
  if (names.length === 0) throw new LeftError('usage', `--only ${quoted(only)}: ${file} has no [[share]]`)
  const nearest = nearestWord(only, names)
  const advice =
    nearest === undefined ? `there are ${names.map(quoted).join(', ')}` : `did you mean ${quoted(nearest)}?`
  throw new LeftError('usage', `--only ${quoted(only)}: ${file} has no share of that name; ${advice}`)
}

/** Options of the command line that two shares cannot both have. */
function refuseOfOne(own: RawArguments, file: string): void {
  for (const key of ['share', 'port'] as const)
    if (own[key] !== undefined && own[key] !== 'auto')
      throw new LeftError(
        'usage',
        `--${key} is of one share, and ${file} has several; add --only and its name, or --config no to leave the file out`,
      )
}

function refuseSamePort(
  all: readonly { readonly share: ConfiguredShare; readonly options: PeerOptions }[],
  file: string,
): void {
  const byPort = new Map<string, string>()
  for (const { share, options } of all) {
    const { port, bind = '' } = options
    const name = quoted(share.name!)
    const other = byPort.get(`${port} ${bind}`)
    if (port !== 0 && other !== undefined)
      throw new LeftError(
        'usage',
        `${file}: ${other} and ${name} both listen on port ${port}; give each a port of its own, for example port = ${port + 1}`,
      )
    byPort.set(`${port} ${bind}`, name)
  }
}

/** As the person would write it. */
function nameOf(file: string, folder: string): string {
  const path = relative(folder, file)
  return path.startsWith('..') ? file : path
}
