// What may stand in left.toml: every option of the main command by its long name, and a table [[share]] for each share.
//
//   option = value         of all shares; the same names as on the command line without --, a flag is true or false
//   [[share]]              a share of its own: folder, name, and options that are only its own
//
// Pure. Called by config.ts; every failure is a LeftError 'usage' that names the place.

import { basename, resolve } from 'node:path'
import { LeftError } from '../../base/errors.js'
import { quoted } from '../addresses.js'
import type { RawArguments } from '../arguments.js'
import { CONFIG_SHARES_MAX, SHARE_NAME_CHARACTERS_MAX } from '../limits.js'
import { printable } from '../names.js'
import { nearestWord } from './nearest-word.js'
import type { TomlTable } from './toml-file.js'

/** One share of a file, with absolute paths. */
export interface ConfiguredShare {
  /** Undefined where the file has no [[share]]. */
  readonly name: string | undefined
  readonly raw: RawArguments
}

/** `flag` is true or false, `amount` a text or a whole number of the option's unit, `texts` and `paths` one or a list, `place` a text, or true for the usual one. */
type Kind = 'text' | 'texts' | 'path' | 'paths' | 'amount' | 'flag' | 'place'

const KINDS: Readonly<Record<keyof RawArguments, Kind>> = {
  ip: 'texts',
  tracker: 'texts',
  port: 'amount',
  discover: 'flag',
  bind: 'text',
  share: 'path',
  identity: 'path',
  encryption: 'text',
  compression: 'text',
  trust: 'text',
  secretFile: 'paths',
  passphraseFile: 'path',
  window: 'amount',
  limit: 'amount',
  limitSend: 'amount',
  offload: 'text',
  background: 'flag',
  sendOnly: 'flag',
  receiveOnly: 'flag',
  links: 'text',
  minFree: 'amount',
  trash: 'text',
  trashSize: 'text',
  maxDelete: 'text',
  web: 'place',
  yes: 'flag',
  anew: 'flag',
  once: 'flag',
  dryRun: 'flag',
  timeout: 'amount',
  json: 'flag',
  verbose: 'flag',
}

/** Options that say how the command as a whole ends and prints. */
const OF_THE_WHOLE: readonly (keyof RawArguments)[] = ['json', 'once', 'dryRun', 'timeout', 'verbose']

const SHARES = 'share'
const FOLDER = 'folder'
const NAME = 'name'

interface Source {
  /** The file as messages call it. */
  readonly file: string
  /** Relative paths stand in the folder of the file. */
  readonly folder: string
  readonly home: string
}

/** At least one share. `isSeveral` is false where the file has no [[share]].
 *  @throws LeftError 'usage'. */
export function readSettings(table: TomlTable, source: Source): readonly ConfiguredShare[] {
  const tables = table[SHARES]
  if (isTable(tables))
    throw new LeftError(
      'usage',
      `${source.file}: a share begins with [[share]], with two brackets on each side`,
    )
  if (!isTables(tables)) return [{ name: undefined, raw: optionsOf(table, { source, place: source.file }) }]
  if (tables.length > CONFIG_SHARES_MAX)
    throw new LeftError(
      'usage',
      `${source.file}: there are more than ${CONFIG_SHARES_MAX} shares; run a second left for the others`,
    )
  const { [SHARES]: _, ...shared } = table
  const common = optionsOf(shared, { source, place: source.file })
  const shares = tables.map((own, index) => shareOf(own, { common, source, number: index + 1 }))
  refuseTwice(shares, source)
  return shares
}

function shareOf(
  table: TomlTable,
  { common, source, number }: { common: RawArguments; source: Source; number: number },
): ConfiguredShare {
  const { [NAME]: name, [FOLDER]: folder, ...own } = table
  const place = `${source.file}, share ${typeof name === 'string' ? quoted(name) : number}`
  if (SHARES in own) throw new LeftError('usage', `${place}: its folder is named by ${FOLDER} = "…"`)
  if (folder === undefined)
    throw new LeftError('usage', `${place}: ${FOLDER} is missing, for example ${FOLDER} = "photos"`)
  const share = pathOf(textOf(folder, FOLDER, place), FOLDER, { source, place })
  for (const key of OF_THE_WHOLE)
    if (longName(key) in own)
      throw new LeftError(
        'usage',
        `${place}: ${longName(key)} is of all shares; put it above the first [[share]]`,
      )
  const raw = { ...common, ...optionsOf(own, { source, place }, [NAME, FOLDER]), share }
  return { name: nameOf(name === undefined ? basename(share) : textOf(name, NAME, place), place), raw }
}

/** It begins each line of output, and is written behind --only. */
function nameOf(text: string, place: string): string {
  if (text !== '' && text.length <= SHARE_NAME_CHARACTERS_MAX && printable(text) === text) return text
  throw new LeftError(
    'usage',
    `${place}: ${quoted(text)} is no name of 1 to ${SHARE_NAME_CHARACTERS_MAX} characters; add ${NAME} = "…"`,
  )
}

function optionsOf(
  table: TomlTable,
  { source, place }: { source: Source; place: string },
  alsoKnown: readonly string[] = [],
): RawArguments {
  const known = Object.keys(KINDS) as (keyof RawArguments)[]
  const byName = new Map(known.map((key) => [longName(key), key]))
  const options: Partial<Record<keyof RawArguments, unknown>> = {}
  for (const [name, value] of Object.entries(table)) {
    const key = byName.get(name)
    if (key === undefined) throw unknownName(name, place, [...byName.keys(), ...alsoKnown])
    options[key] = settingOf(value, { name, kind: KINDS[key], source, place })
  }
  return options as RawArguments
}

function unknownName(name: string, place: string, known: readonly string[]): LeftError {
  const nearest = nearestWord(name, known)
  const advice = nearest === undefined ? `there are ${known.join(', ')}` : `did you mean ${nearest}?`
  return new LeftError('usage', `${place}: there is no option ${quoted(name)}; ${advice}`)
}

interface Place {
  readonly name: string
  readonly kind: Kind
  readonly source: Source
  readonly place: string
}

function settingOf(value: unknown, { name, kind, source, place }: Place): unknown {
  switch (kind) {
    case 'flag':
      if (typeof value === 'boolean') return value
      throw wrongType({ name, place, value, wanted: 'true or false' })
    case 'amount':
      if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return String(value)
      if (typeof value === 'string') return value
      throw wrongType({ name, place, value, wanted: 'a whole number or a text in quotes' })
    case 'place':
      if (typeof value === 'boolean' || typeof value === 'string') return value
      throw wrongType({ name, place, value, wanted: 'true, false or a text in quotes' })
    case 'text':
      return textOf(value, name, place)
    case 'path':
      return pathOf(textOf(value, name, place), name, { source, place })
    case 'texts':
      return textsOf(value, name, place)
    case 'paths':
      return textsOf(value, name, place).map((text) => pathOf(text, name, { source, place }))
  }
}

function textOf(value: unknown, name: string, place: string): string {
  if (typeof value === 'string') return value
  throw wrongType({ name, place, value, wanted: 'a text in quotes' })
}

function textsOf(value: unknown, name: string, place: string): readonly string[] {
  const texts = Array.isArray(value) ? value : [value]
  if (texts.every((text) => typeof text === 'string')) return texts
  throw wrongType({ name, place, value, wanted: 'a text in quotes, or a list of such' })
}

/** `~/` is this user's home, as the shell has it on the command line. */
function pathOf(text: string, name: string, { source, place }: Pick<Place, 'source' | 'place'>): string {
  if (text === '') throw new LeftError('usage', `${place}: ${name} is empty; name a path`)
  if (text === '~' || text.startsWith('~/')) return resolve(source.home, `.${text.slice(1)}`)
  return resolve(source.folder, text)
}

function wrongType(wrong: { name: string; place: string; value: unknown; wanted: string }): LeftError {
  const { name, place, value, wanted } = wrong
  return new LeftError('usage', `${place}: ${name} takes ${wanted}, and there is ${typeWords(value)}`)
}

function typeWords(value: unknown): string {
  if (typeof value === 'boolean') return String(value)
  if (typeof value === 'number' || typeof value === 'bigint') return `the number ${value}`
  if (typeof value === 'string') return `the text ${quoted(value)}`
  if (Array.isArray(value)) return 'a list'
  return value instanceof Date ? 'a date' : 'a table'
}

/** Each share is a process with a folder and a port of its own. */
function refuseTwice(shares: readonly ConfiguredShare[], { file }: Source): void {
  const names = new Set<string>()
  const folders = new Map<string, string>()
  for (const { name, raw } of shares) {
    if (names.has(name!))
      throw new LeftError('usage', `${file}: there are two shares ${quoted(name!)}; give one another ${NAME}`)
    names.add(name!)
    const other = folders.get(raw.share!)
    if (other !== undefined)
      throw new LeftError(
        'usage',
        `${file}: ${quoted(other)} and ${quoted(name!)} have the same folder ${raw.share}`,
      )
    folders.set(raw.share!, name!)
  }
}

/** `secretFile` as `secret-file`. */
export function longName(key: keyof RawArguments): string {
  return key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
}

function isTables(value: unknown): value is readonly TomlTable[] {
  return Array.isArray(value) && value.length > 0 && value.every(isTable)
}

function isTable(value: unknown): value is TomlTable {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date)
}
