// Where the control socket of a share is: `.left/control.sock`, whatever the length of that path. The name of a socket may
// have about a hundred bytes; behind a longer one stands a link in the system's temporary folder, in a folder of this user's
// alone, for as long as it takes to bind or to connect. Used by both ends.

import { lstatSync, mkdtempSync, rmdirSync, symlinkSync, unlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CONTROL_SOCKET } from '../base/own-folder.js'
import { SOCKET_NAME_BYTES_MAX } from './limits.js'

const LINK = 'l'

/** Runs `use` with a name of the socket that the system takes. `ownFolder` is the absolute path of a `.left`. */
export async function withSocketName<T>(ownFolder: string, use: (name: string) => Promise<T>): Promise<T> {
  const direct = join(ownFolder, CONTROL_SOCKET)
  if (isShort(direct)) return use(direct)
  const folder = makeShortFolder()
  const link = join(folder, LINK)
  try {
    symlinkSync(ownFolder, link)
    try {
      return await use(join(link, CONTROL_SOCKET))
    } finally {
      unlinkSync(link)
    }
  } finally {
    rmdirSync(folder)
  }
}

/** Removes the socket that an earlier peer left behind. Call only as the owner of the share's lock; throws where something else
 *  stands there. */
export function removeStaleSocket(ownFolder: string): void {
  const path = join(ownFolder, CONTROL_SOCKET)
  if (lstatSync(path, { throwIfNoEntry: false })?.isSocket()) unlinkSync(path)
}

function makeShortFolder(): string {
  const within = [tmpdir(), '/tmp'].find((folder) =>
    isShort(join(folder, 'left-XXXXXX', LINK, CONTROL_SOCKET)),
  )
  if (within === undefined) throw new Error('the path of the temporary folder is too long')
  return mkdtempSync(join(within, 'left-'))
}

function isShort(name: string): boolean {
  const { linux, elsewhere } = SOCKET_NAME_BYTES_MAX
  return Buffer.byteLength(name) <= (process.platform === 'linux' ? linux : elsewhere)
}
