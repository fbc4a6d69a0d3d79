// Where the user's identity and pins live: beside the user's other configuration, never in a share.

import { chmodSync, statSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { LeftError } from '../base/errors.js'
import { shellWord } from './private-file.js'

/** `$XDG_CONFIG_HOME/left`, else `~/.config/left`; on Windows `%APPDATA%\left`. It may not be there yet. */
export function configFolder(environment: NodeJS.ProcessEnv = process.env): string {
  const { XDG_CONFIG_HOME, APPDATA } = environment
  if (process.platform === 'win32' && APPDATA) return join(APPDATA, 'left')
  return join(XDG_CONFIG_HOME || join(homedir(), '.config'), 'left')
}

export const IDENTITY_FILE = 'identity.pem'
export const PINS_FILE = 'trusted-peers'

/** The same, and the user's alone where it is there: whoever can write in it can have a key of their own trusted.
 *  @throws LeftError 'identity-unusable'. */
export function openConfigFolder(environment: NodeJS.ProcessEnv = process.env): string {
  const folder = configFolder(environment)
  if (process.platform === 'win32') return folder
  try {
    const stat = statSync(folder, { throwIfNoEntry: false })
    if (stat !== undefined && (stat.mode & 0o077) !== 0) chmodSync(folder, 0o700)
    return folder
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? String(error)
    throw new LeftError(
      'identity-unusable',
      `the configuration folder ${folder} must be yours alone and cannot be made so (${reason}); see: ls -ld ${shellWord(folder)}`,
      error,
    )
  }
}
