// From what stands on the command line to what a peer needs. Pure: it reads no file and asks no clock, and it
// throws nothing but LeftError. Called by run.ts with what commander collected.

import { resolve } from 'node:path'
import type { PeerAddress, PeerOptions } from '../app/options.js'
import { LeftError } from '../base/errors.js'
import { DEFAULT_PORT } from '../base/limits.js'
import { SECRETS_MAX } from '../seal/limits.js'
import { parseBind, parsePeers, parsePort, parseTrackers, parseWeb, quoted } from './addresses.js'
import { formatRate } from './format.js'
import {
  LIMIT_BYTES_PER_S_MAX,
  LIMIT_BYTES_PER_S_MIN,
  MIN_FREE_BYTES_MAX,
  MIN_FREE_BYTES_MIN,
  MIN_FREE_DEFAULT,
  PORT_MAX,
  TIMEOUT_MS_MAX,
  TIMEOUT_MS_MIN,
  WINDOW_BLOCKS_MAX,
} from './limits.js'
import { maxDelete, trashPolicy } from './trash-options.js'

/** The options of the main command as texts, before anything is known to be right. */
export interface RawArguments {
  readonly ip?: readonly string[]
  readonly tracker?: readonly string[]
  readonly port?: string
  readonly discover?: boolean
  readonly bind?: string
  readonly share?: string
  readonly identity?: string
  readonly encryption?: string
  readonly compression?: string
  readonly trust?: string
  readonly secretFile?: readonly string[]
  readonly passphraseFile?: string
  readonly window?: string
  readonly limit?: string
  readonly limitSend?: string
  readonly offload?: string
  readonly background?: boolean
  readonly sendOnly?: boolean
  readonly receiveOnly?: boolean
  readonly links?: string
  readonly minFree?: string
  readonly trash?: string
  readonly trashSize?: string
  readonly maxDelete?: string
  /** True where no place is named. */
  readonly web?: string | boolean
  readonly yes?: boolean
  readonly anew?: boolean
  readonly once?: boolean
  readonly dryRun?: boolean
  readonly timeout?: string
  readonly json?: boolean
  readonly verbose?: boolean
}

/** Checks every option. `folder` is what relative paths stand in, the current folder of the process.
 *  @throws LeftError 'usage' for what is wrong. */
export function peerOptions(raw: RawArguments, folder: string): PeerOptions {
  const peers = parsePeers(raw.ip ?? [])
  const isDiscovering = discover(raw)
  const trackers = trackersOf(raw)
  if (peers.length === 0 && trackers.length === 0 && !isDiscovering) {
    throw new LeftError(
      'usage',
      '--ip is missing: name the other machines, for example left --ip 192.168.56.119,192.168.56.120, or find them with --discover; left init asks and writes left.toml (left --help shows more)',
    )
  }
  return {
    peers,
    trackers,
    port: port(raw.port),
    discover: isDiscovering,
    bind: raw.bind === undefined ? undefined : parseBind(raw.bind),
    share: path('--share', raw.share ?? 'share', folder),
    encryption: oneOf('--encryption', raw.encryption ?? 'yes', ['yes', 'no']),
    compression: oneOf('--compression', raw.compression ?? 'auto', ['auto', 'no']),
    identity: optionalPath('--identity', raw.identity, folder),
    passphraseFile: optionalPath('--passphrase-file', raw.passphraseFile, folder),
    trust: oneOf('--trust', raw.trust ?? 'first-use', ['first-use', 'pinned']),
    secretFiles: secretFiles(raw.secretFile ?? [], folder),
    window: window(raw.window),
    background: background(raw),
    limitBytesPerS: limit('--limit', raw.limit),
    limitSendBytesPerS: limit('--limit-send', raw.limitSend),
    offload: oneOf('--offload', raw.offload ?? 'auto', ['auto', 'no']),
    links: oneOf('--links', raw.links ?? 'auto', ['auto', 'follow', 'keep', 'skip']),
    direction: direction(raw),
    minFree: raw.minFree === undefined ? MIN_FREE_DEFAULT : parseMinFree(raw.minFree),
    trash: trashPolicy(raw),
    maxDelete: maxDelete(raw.maxDelete),
    web: raw.web === undefined || raw.web === false ? undefined : parseWeb(raw.web === true ? '' : raw.web),
    yes: raw.yes ?? false,
    anew: raw.anew ?? false,
    verbose: raw.verbose ?? false,
  }
}

/** A tracker brings peers whom nobody named: only keys and the secret of their group tell who they are. */
function trackersOf({ tracker = [], secretFile = [], encryption }: RawArguments): PeerAddress[] {
  const trackers = parseTrackers(tracker)
  if (trackers.length === 0) return trackers
  if (encryption === 'no')
    throw new LeftError(
      'usage',
      '--tracker needs encryption: without it the tracker decides who reads and writes the share; leave --encryption no out, or name the machines with --ip',
    )
  if (secretFile.length === 0)
    throw new LeftError(
      'usage',
      '--tracker needs the secret of your group: make one with left secret left-secret, bring it to the other machines, and add --secret-file left-secret',
    )
  return trackers
}

/** How long `--once` may take. */
export interface Once {
  /** Undefined for as long as it takes. */
  readonly timeoutMs: number | undefined
}

/** Undefined without `--once`. @throws LeftError 'usage'. */
export function onceOf({ once, dryRun, timeout }: RawArguments): Once | undefined {
  if (once && dryRun)
    throw new LeftError('usage', '--dry-run ends by itself and changes nothing; leave --once out')
  if (once) return { timeoutMs: timeout === undefined ? undefined : parseTimeout(timeout) }
  if (timeout === undefined || dryRun) return undefined
  throw new LeftError(
    'usage',
    '--timeout goes with --once or --dry-run: without them left runs until it is stopped',
  )
}

/** Undefined without `--dry-run`. @throws LeftError 'usage'. */
export function dryRunOf({ dryRun, timeout }: RawArguments): Once | undefined {
  return dryRun ? { timeoutMs: timeout === undefined ? undefined : parseTimeout(timeout) } : undefined
}

/** Milliseconds from `90`, `90s`, `5m` or `2h`. */
export function parseTimeout(text: string): number {
  const parts = /^([0-9]{1,9})([smh]?)$/.exec(text)
  const timeoutMs = Number(parts?.[1]) * (TIME_UNITS_MS[parts?.[2] ?? ''] ?? Number.NaN)
  if (timeoutMs >= TIMEOUT_MS_MIN && timeoutMs <= TIMEOUT_MS_MAX) return timeoutMs
  throw new LeftError(
    'usage',
    `--timeout ${quoted(text)} is no time from 1s to 720h, for example --timeout 60s, --timeout 5m or --timeout 2h`,
  )
}

const TIME_UNITS_MS: Readonly<Record<string, number>> = { '': 1_000, s: 1_000, m: 60_000, h: 3_600_000 }

/** `5%` of the disk, and at least MIN_FREE_BYTES_MIN; a size such as `2G`, and no more than that; `0` for nothing. */
export function parseMinFree(text: string): PeerOptions['minFree'] {
  const percent = /^([0-9]{1,2}(?:\.[0-9]{1,6})?)%$/.exec(text)?.[1]
  if (percent !== undefined)
    return { percent: Number(percent), bytes: Number(percent) === 0 ? 0 : MIN_FREE_BYTES_MIN }
  const bytes = parseBytes(text)
  if (bytes !== undefined && bytes <= MIN_FREE_BYTES_MAX) return { percent: 0, bytes }
  throw new LeftError(
    'usage',
    `--min-free ${quoted(text)} is neither a part of the disk below 100% nor a size, for example --min-free 5% or --min-free 2G`,
  )
}

function limit(option: string, text: string | undefined): number | undefined {
  return text === undefined ? undefined : parseLimit(text, option)
}

/** Bytes per second from `10M`, `1.5M`, `512Ki`, `20000`: K, M, G are decimal, Ki, Mi, Gi binary. */
export function parseLimit(text: string, option = '--limit'): number {
  const bytesPerS = parseBytes(text)
  if (bytesPerS === undefined) {
    throw new LeftError(
      'usage',
      `${option} ${quoted(text)} is no rate; write bytes per second, for example ${option} 10M`,
    )
  }
  if (bytesPerS < LIMIT_BYTES_PER_S_MIN || bytesPerS > LIMIT_BYTES_PER_S_MAX) {
    throw new LeftError(
      'usage',
      `${option} ${quoted(text)} is out of range: from ${formatRate(LIMIT_BYTES_PER_S_MIN)} (10K) to ` +
        `${formatRate(LIMIT_BYTES_PER_S_MAX)} (1000G), for example ${option} 10M`,
    )
  }
  return bytesPerS
}

function parseBytes(text: string): number | undefined {
  const parts = /^([0-9]{1,15}(?:\.[0-9]{1,9})?)([kmg]i?)?$/i.exec(text)
  const unit = SIZE_UNITS[(parts?.[2] ?? '').toLowerCase()]
  return !parts || unit === undefined ? undefined : Math.round(Number(parts[1]) * unit)
}

/** A whole number in decimal digits within [min, max], for any option.
 *  @throws LeftError 'usage' that names the option and the range. */
export function parseWhole(option: string, text: string, range: { min: number; max: number }): number {
  const value = /^[0-9]{1,16}$/.test(text) ? Number(text) : Number.NaN
  if (value >= range.min && value <= range.max) return value
  throw new LeftError(
    'usage',
    `${option} ${quoted(text)} is not a whole number from ${range.min} to ${range.max}`,
  )
}

const SIZE_UNITS: Readonly<Record<string, number>> = {
  '': 1,
  k: 1e3,
  m: 1e6,
  g: 1e9,
  ki: 2 ** 10,
  mi: 2 ** 20,
  gi: 2 ** 30,
}

/** In the clear an address is all that a peer is known by, and anybody can have himself found at one. */
function discover({ discover, encryption }: RawArguments): boolean {
  if (discover !== true || encryption !== 'no') return discover ?? false
  throw new LeftError(
    'usage',
    '--discover needs encryption: with --encryption no whoever is found would be let in; leave one of the two out',
  )
}

function port(text: string | undefined): number {
  if (text === undefined) return DEFAULT_PORT
  if (text === 'auto') return 0
  const value = parsePort(text)
  if (value !== undefined) return value
  throw new LeftError(
    'usage',
    `--port ${quoted(text)} is neither auto nor a number from 1 to ${PORT_MAX}, for example --port 22001`,
  )
}

function window(text: string | undefined): number | 'auto' {
  if (text === undefined || text === 'auto') return 'auto'
  if (/^[0-9]{1,4}$/.test(text)) {
    const blocks = Number(text)
    if (blocks >= 1 && blocks <= WINDOW_BLOCKS_MAX) return blocks
  }
  throw new LeftError(
    'usage',
    `--window ${quoted(text)} is neither auto nor a number of blocks from 1 to ${WINDOW_BLOCKS_MAX}, for example --window 16`,
  )
}

/** A fixed window takes what it takes: it has no measure by which to give way. */
function background(raw: RawArguments): boolean {
  if (raw.background === true && raw.window !== undefined && raw.window !== 'auto')
    throw new LeftError('usage', '--background needs --window auto, which is the default; leave --window out')
  return raw.background ?? false
}

function direction({ sendOnly, receiveOnly }: RawArguments): PeerOptions['direction'] {
  if (sendOnly && receiveOnly)
    throw new LeftError('usage', '--send-only and --receive-only exclude each other; leave one of them out')
  if (sendOnly) return 'send-only'
  return receiveOnly ? 'receive-only' : 'both'
}

function path(option: string, text: string, folder: string): string {
  if (text !== '') return resolve(folder, text)
  throw new LeftError('usage', `${option} is empty; name a path, for example ${option} ${option.slice(2)}`)
}

function optionalPath(option: string, text: string | undefined, folder: string): string | undefined {
  return text === undefined ? undefined : path(option, text, folder)
}

function secretFiles(texts: readonly string[], folder: string): string[] {
  if (texts.length <= SECRETS_MAX) return texts.map((text) => path('--secret-file', text, folder))
  throw new LeftError(
    'usage',
    `--secret-file is given ${texts.length} times: ${SECRETS_MAX} secrets may be valid at once, the old one and the new one`,
  )
}

function oneOf<Choice extends string>(option: string, text: string, choices: readonly Choice[]): Choice {
  const choice = choices.find((candidate) => candidate === text)
  if (choice !== undefined) return choice
  throw new LeftError('usage', `${option} ${quoted(text)} is not one of ${choices.join(', ')}`)
}
