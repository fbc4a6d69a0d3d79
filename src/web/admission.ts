// Which requests are let in before anything of them is looked at. Pure. Used by WebServer.

import { isIP } from 'node:net'

/** Whether a request's Host is one of ours: an IP address, `localhost`, or the name that the person gave with --web. A page of
 *  another site whose name was made to lead here (DNS rebinding) has that name in it. The port may be another one: that of a tunnel. */
export function isOurHost(header: string | undefined, given: string): boolean {
  const host = /^(\[[0-9a-fA-F:.]+\]|[^:[\]/@]+)(?::[0-9]{1,5})?$/.exec(header ?? '')?.[1]?.toLowerCase()
  if (host === undefined) return false
  const bare = host.replace(/^\[|\]$/g, '')
  return isIP(bare) !== 0 || bare === 'localhost' || bare === given.toLowerCase()
}

export interface Asking {
  readonly host?: string | undefined
  readonly origin?: string | undefined
  readonly 'sec-fetch-site'?: string | string[] | undefined
  readonly 'content-type'?: string | undefined
}

/** Whether a request that changes something comes of the page itself: a browser says so, in a header that no script can set, and sends
 *  JSON to another site only where that was asked first. */
export function isOfThePage(headers: Asking): boolean {
  const { host, origin } = headers
  if (origin?.toLowerCase() !== `http://${host?.toLowerCase()}`) return false
  const site = headers['sec-fetch-site']
  if (site !== undefined && site !== 'same-origin') return false
  return /^application\/json(;|$)/i.test(headers['content-type'] ?? '')
}
