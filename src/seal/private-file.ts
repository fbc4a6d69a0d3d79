// Files that hold a key, a passphrase or a secret: read only where nobody else can read or write them, and replaced
// without a moment in which there is none. Windows keeps such rights elsewhere; there nothing is checked.

import { randomBytes } from 'node:crypto'
import {
  closeSync,
  existsSync,
  fstatSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  type Stats,
  writeFileSync,
} from 'node:fs'
import { open, rename, rm } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { dirname } from 'node:path'
import { LeftError } from '../base/errors.js'

export type PrivateText =
  | { readonly found: 'nothing' }
  | { readonly found: 'text'; readonly text: string }
  /** Others may read or write it, or it is another user's; `remedy` says so and how that is mended. */
  | { readonly found: 'exposed'; readonly remedy: string }

/** @throws the error of the system where it is there and cannot be read. */
export function readPrivateText(file: string): PrivateText {
  let handle: number
  try {
    handle = openSync(file, 'r')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { found: 'nothing' }
    throw error
  }
  try {
    // Checks the open file, for the name may come to mean another one.
    const remedy = exposureOf(file, fstatSync(handle))
    return remedy === undefined
      ? { found: 'text', text: readFileSync(handle, 'utf8') }
      : { found: 'exposed', remedy }
  } finally {
    closeSync(handle)
  }
}

/** The only line of a file that the person named with `option`.
 *  @throws LeftError 'secret-unusable'. */
export function readSecretLine(file: string, option: string): string {
  const found = ((): PrivateText => {
    try {
      return readPrivateText(file)
    } catch (error) {
      throw unreadable(file, option, (error as NodeJS.ErrnoException).code ?? String(error), error)
    }
  })()
  if (found.found === 'nothing') throw unreadable(file, option, 'ENOENT')
  if (found.found === 'exposed')
    throw new LeftError('secret-unusable', `the file of ${option} is not private: ${found.remedy}`)
  // Editors leave a line end.
  return found.text.replace(/\r?\n$/, '')
}

/** Puts a file where there is none, whole or not at all: a link fails where a rename would replace. Answers whether
 *  it was put there. */
export function putPrivateFile(file: string, text: string): boolean {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  const temporary = writeTemporary(file, text)
  try {
    linkSync(temporary, file)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  } finally {
    rmSync(temporary, { force: true })
  }
  syncFolder(dirname(file))
  return true
}

/** Puts another text in the place of a file's, whole or not at all, also when power is lost. A link to it stays one. */
export function replacePrivateFile(file: string, text: string): void {
  const place = realpathSync(file)
  const temporary = writeTemporary(place, text)
  try {
    if (readFileSync(temporary, 'utf8') !== text) throw new Error('what was written is not what is read')
    renameSync(temporary, place)
  } finally {
    rmSync(temporary, { force: true })
  }
  syncFolder(dirname(place))
}

/** The same for a file that may not be there yet; no loop waits for the disk. */
export async function writePrivateFile(file: string, text: string): Promise<void> {
  const place = existsSync(file) ? realpathSync(file) : file
  const temporary = temporaryOf(place)
  try {
    const handle = await open(temporary, 'wx', 0o600)
    try {
      await handle.writeFile(text)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await rename(temporary, place)
  } finally {
    await rm(temporary, { force: true })
  }
  if (process.platform === 'win32') return
  const folder = await open(dirname(place), 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

function temporaryOf(file: string): string {
  return `${file}.${randomBytes(6).toString('hex')}`
}

/** On the disk when it answers. */
function writeTemporary(file: string, text: string): string {
  const temporary = temporaryOf(file)
  const handle = openSync(temporary, 'wx', 0o600)
  try {
    writeFileSync(handle, text)
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
  return temporary
}

function syncFolder(folder: string): void {
  if (process.platform === 'win32') return
  const handle = openSync(folder, 'r')
  try {
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
}

/** Undefined where it is this user's alone. A terminal or another device holds nothing that others could read later. */
function exposureOf(file: string, { mode, uid }: Stats): string | undefined {
  const self = process.geteuid?.()
  if (self === undefined || (mode & 0o170000) === 0o020000) return undefined
  const isForeign = uid !== self
  const isOpen = (mode & 0o077) !== 0
  if (!isForeign && !isOpen) return undefined
  const commands = [
    ...(isForeign ? [`${self === 0 ? '' : 'sudo '}chown ${ownName()} ${shellWord(file)}`] : []),
    ...(isOpen ? [`chmod 600 ${shellWord(file)}`] : []),
  ]
  const reason = isForeign ? 'it belongs to another user' : 'other users may read or write it'
  return `${reason}; mend it with: ${commands.join(' && ')}`
}

function ownName(): string {
  try {
    return userInfo().username
  } catch {
    return String(process.geteuid?.())
  }
}

/** As one word of a shell's command line. */
export function shellWord(word: string): string {
  return /^[\w./:@%+=,-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`
}

function unreadable(file: string, option: string, reason: string, cause?: unknown): LeftError {
  return new LeftError(
    'secret-unusable',
    `cannot read ${file} (${reason}); name another with ${option}`,
    cause,
  )
}
