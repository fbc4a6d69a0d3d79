// The options that `left ls` and `left get` share: with which key, how long to wait. Pure. Called by ls.ts and get.ts.

import { resolve } from 'node:path'
import type { VisitOptions } from '../../app/visiting.js'
import { LeftError } from '../../base/errors.js'
import { parsePort, quoted } from '../addresses.js'
import { parseTimeout } from '../arguments.js'
import { PORT_MAX, VISIT_TIMEOUT_MS } from '../limits.js'

export interface RawVisitArguments {
  readonly port?: string
  readonly identity?: string
  readonly passphraseFile?: string
  readonly secretFile?: readonly string[]
  readonly trust?: string
  readonly timeout?: string
  readonly json?: boolean
}

/** Whom, as what its running peer has; undefined where none is asked. */
export interface SameKeyAs {
  readonly identity: string | null
  readonly passphraseFile: string | null
}

export function visitOptions(
  raw: RawVisitArguments,
  peers: VisitOptions['peers'],
  folder: string,
  like?: SameKeyAs,
): VisitOptions {
  const path = (text: string | undefined) => (text === undefined ? undefined : resolve(folder, text))
  return {
    peers,
    port: portOf(raw.port),
    encryption: 'yes',
    compression: 'auto',
    identity: path(raw.identity) ?? like?.identity ?? undefined,
    passphraseFile: path(raw.passphraseFile) ?? like?.passphraseFile ?? undefined,
    secretFiles: (raw.secretFile ?? []).map((file) => resolve(folder, file)),
    trust: trustOf(raw.trust ?? 'first-use'),
    timeoutMs: raw.timeout === undefined ? VISIT_TIMEOUT_MS : parseTimeout(raw.timeout),
  }
}

function portOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const port = parsePort(text)
  if (port !== undefined) return port
  throw new LeftError('usage', `--port ${quoted(text)} is not a number from 1 to ${PORT_MAX}`)
}

function trustOf(text: string): VisitOptions['trust'] {
  if (text === 'first-use' || text === 'pinned') return text
  throw new LeftError('usage', `--trust ${quoted(text)} is not one of first-use, pinned`)
}
