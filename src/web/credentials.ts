// Who may see the page: the token of a share, and what is derived from it. Used by WebServer.
//
//   .left/web-token   the token, made at the first start with --web; whoever can read it can write the share
//   the link          http://ADDRESS:PORT/?token=TOKEN; a browser follows it once
//   the place         /PLACE/, all that there is; derived from the token, so that it is the same after a restart
//   the cookie        derived too, for /PLACE/ only: cookies know no ports, and another server on this machine, which
//                     the same browser may visit, is not to be sent it

import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { join } from 'node:path'
import { LeftError } from '../base/errors.js'
import { WEB_TOKEN } from '../base/own-folder.js'
import { putPrivateFile, readPrivateText } from '../seal/private-file.js'
import { TOKEN_BYTES } from './limits.js'

const COOKIE_NAME = 'left'

/** As base64url. */
const TOKEN_CHARACTERS = Math.ceil((TOKEN_BYTES * 4) / 3)
const TOKEN = new RegExp(`^[A-Za-z0-9_-]{${TOKEN_CHARACTERS}}$`)

export class Credentials {
  readonly token: string
  /** The folder of the page, without slashes. */
  readonly place: string
  private readonly cookie: string

  constructor(token: string) {
    this.token = token
    this.place = derived(token, 'place').slice(0, 22)
    this.cookie = derived(token, 'cookie')
  }

  isToken(given: string | null | undefined): boolean {
    return given !== null && given !== undefined && isSame(given, this.token)
  }

  /** `header` is the one of a request, with whatever cookies others have set. */
  hasCookie(header: string | undefined): boolean {
    const given = (header ?? '').split(';').map((pair) => pair.trim().split('='))
    // All of them are looked at: another one of this name may have been set for a wider path.
    return (
      given.filter(([name, value]) => name === COOKIE_NAME && isSame(value ?? '', this.cookie)).length > 0
    )
  }

  /** Set-Cookie. It ends with the browser's session; scripts do not see it, and no other site has it sent. */
  setCookie(): string {
    return `${COOKIE_NAME}=${this.cookie}; Path=/${this.place}/; HttpOnly; SameSite=Strict`
  }

  /** `Authorization: Bearer TOKEN` (RFC 6750). */
  isBearer(header: string | undefined): boolean {
    return this.isToken(/^Bearer +(.*)$/i.exec(header ?? '')?.[1])
  }
}

/** `ownFolder` is the `.left` of a share whose lock is ours.
 *  @throws LeftError 'secret-unusable' where others may read the file, or it cannot be made. */
export function openToken(ownFolder: string): string {
  const file = join(ownFolder, WEB_TOKEN)
  try {
    putPrivateFile(file, `${randomBytes(TOKEN_BYTES).toString('base64url')}\n`)
    const found = readPrivateText(file)
    if (found.found === 'exposed')
      throw new LeftError('secret-unusable', `the token of the page is not private: ${found.remedy}`)
    const token = found.found === 'text' ? found.text.trim() : ''
    if (TOKEN.test(token)) return token
  } catch (error) {
    if (error instanceof LeftError) throw error
    const reason = (error as NodeJS.ErrnoException).code ?? String(error)
    throw new LeftError(
      'secret-unusable',
      `the token of the page cannot be kept in ${file} (${reason})`,
      error,
    )
  }
  throw new LeftError(
    'secret-unusable',
    `${file} holds no token of the page: remove it, and a new one is made`,
  )
}

function derived(token: string, purpose: string): string {
  return createHmac('sha256', token).update(`left ${purpose}`).digest('base64url')
}

/** Takes the same time wherever they differ, and whatever their lengths. */
function isSame(given: string, wanted: string): boolean {
  const [one, other] = [given, wanted].map((text) => createHash('sha256').update(text).digest())
  return timingSafeEqual(one!, other!)
}
