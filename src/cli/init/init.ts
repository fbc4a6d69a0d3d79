// `left init`: asks which folder is kept the same with whom, and writes left.toml here and .leftignore into the folder. It writes over
// nothing that is there.

import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join, relative, resolve } from 'node:path'
import type { Readable, Writable } from 'node:stream'
import { realPathOf } from '../../app/share-danger.js'
import { LeftError } from '../../base/errors.js'
import { makeSecret } from '../../seal/secret.js'
import { IGNORE_FILE } from '../../share/ignore-rules.js'
import { parsePeers, parseTrackers } from '../addresses.js'
import { CONFIG_FILE, shareAroundFile } from '../config/find-config.js'
import { EXIT_STOPPED } from '../failure.js'
import { printable } from '../names.js'
import { printLine } from '../printing.js'
import { putSecret } from '../secret.js'
import { Answers, type Question } from './answers.js'
import { type Chosen, configText, IGNORE_TEXT, type Meeting } from './written.js'

/** The options of `left init`. */
export interface RawInitArguments {
  readonly yes?: boolean
}

export interface InitWorld {
  /** The current one, absolute. */
  readonly folder: string
  readonly input: Readable & { readonly isTTY?: boolean }
  /** For questions. */
  readonly output: Writable
  readonly print: (line: string) => void
}

/** Answers that are no address and no file. */
const DISCOVER = 'discover'
const NONE = 'none'

/** Answers the exit code.
 *  @throws LeftError 'usage', 'share-unusable', 'secret-unusable'. */
export async function runInit(
  { yes }: RawInitArguments,
  { folder, input, output, print }: InitWorld = realWorld(),
): Promise<number> {
  const file = join(folder, CONFIG_FILE)
  const around = shareAroundFile(file)
  if (around !== undefined)
    throw new LeftError(
      'usage',
      `${folder} is in the share ${around}, and no ${CONFIG_FILE} is read there; run left init elsewhere`,
    )
  // Before the questions, so that nobody answers them in vain.
  if (existsSync(file)) throw isThere(file)
  const chosen = yes ? usualAnswers(folder) : await asked(folder, { input, output })
  const share = pathOf(chosen.share, folder)
  make(share)
  const { secretFile } = chosen
  if (secretFile !== undefined && putSecret(pathOf(secretFile, folder), makeSecret()))
    print(
      `made ${printable(secretFile)}: bring it to the other machines, in a way that you trust, before left init there`,
    )
  if (!isWritten(file, configText(chosen))) throw isThere(file)
  print(printable(`wrote ${file}`))
  const rules = join(share, IGNORE_FILE)
  const wrote = isWritten(rules, IGNORE_TEXT)
  print(printable(wrote ? `wrote ${rules}` : `${rules} is there already, and stays as it is`))
  print('start left here: it needs no options now')
  return EXIT_STOPPED
}

function realWorld(): InitWorld {
  return { folder: process.cwd(), input: process.stdin, output: process.stderr, print: printLine }
}

async function asked(
  folder: string,
  { input, output }: Pick<InitWorld, 'input' | 'output'>,
): Promise<Chosen> {
  const answers = new Answers(input, output)
  try {
    const share = await answers.ask(shareQuestion(folder))
    const meeting = await answers.ask(MEETING)
    return { share, meeting, secretFile: await answers.ask(secretQuestion(meeting)) }
  } finally {
    answers.close()
  }
}

function usualAnswers(folder: string): Chosen {
  const usual = <Answer>({ usual, read }: Question<Answer>) => read(usual)
  const meeting = usual(MEETING)
  return { share: usual(shareQuestion(folder)), meeting, secretFile: usual(secretQuestion(meeting)) }
}

function shareQuestion(folder: string): Question<string> {
  return {
    words: 'Folder to keep the same, made if missing',
    usual: 'share',
    read: (text) => {
      const isAround = !relative(realPathOf(pathOf(text, folder)), realPathOf(folder)).startsWith('..')
      if (!isAround) return text
      throw new LeftError(
        'usage',
        `${CONFIG_FILE} would be in the folder that is shared, where peers write it; name another one, or run left init elsewhere`,
      )
    },
  }
}

const MEETING: Question<Meeting> = {
  words: `Addresses of the other machines, joined by commas; ${DISCOVER} finds them on the local network; tracker and an address asks a tracker`,
  usual: DISCOVER,
  read: (text) => {
    const tracker = /^tracker[ =:]+(.*)$/.exec(text)?.[1]
    if (tracker !== undefined) return { by: 'tracker', addresses: parseTrackers([tracker]).map(textOf) }
    return text === DISCOVER ? { by: 'discover' } : { by: 'ip', addresses: parsePeers([text]).map(textOf) }
  },
}

function textOf({ text }: { readonly text: string }): string {
  return text
}

/** Whom nobody named is trusted by the secret only. */
function secretQuestion({ by }: Meeting): Question<string | undefined> {
  const canBeNone = by === 'ip'
  const orNone = canBeNone ? `; ${NONE} trusts the keys that are met first at these addresses` : ''
  return {
    words: `File with the secret of your machines, made if missing${orNone}`,
    usual: canBeNone ? NONE : 'left-secret',
    read: (text) => {
      if (text !== NONE) return text
      if (canBeNone) return undefined
      throw new LeftError(
        'usage',
        'machines that nobody names know each other by a secret; name a file, for example left-secret',
      )
    },
  }
}

/** As left.toml means it: `~/` is the home. */
function pathOf(text: string, folder: string): string {
  return text.startsWith('~/') ? join(homedir(), text.slice(2)) : resolve(folder, text)
}

function make(share: string): void {
  try {
    mkdirSync(share, { recursive: true })
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? String(error)
    throw new LeftError('share-unusable', `cannot make the folder ${share} (${reason})`, error)
  }
}

/** False where something is there already. */
function isWritten(file: string, text: string): boolean {
  try {
    writeFileSync(file, text, { flag: 'wx' })
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw new LeftError(
      'usage',
      `cannot write ${file} (${(error as NodeJS.ErrnoException).code ?? error})`,
      error,
    )
  }
}

function isThere(file: string): LeftError {
  return new LeftError(
    'usage',
    `${file} is there already, and left init writes over nothing; edit it, or remove it first`,
  )
}
