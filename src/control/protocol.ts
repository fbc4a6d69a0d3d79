// Lines of the control socket: a request is one JSON object on a line, and so is its answer. README.md documents them.
//
//     → {"left":1,"command":"status","arguments":{}}
//     ← {"left":1,"ok":true,"result":{…}}
//     ← {"left":1,"ok":false,"error":"unknown-command","message":"…"}

import type { Decoded } from '../base/decoded.js'
import { ARGUMENTS_MAX, COMMAND_CHARACTERS_MAX, CONTROL_VERSION } from './limits.js'

export type Argument = string | number | boolean
export type Arguments = Readonly<Record<string, Argument>>

export interface ControlRequest {
  readonly command: string
  readonly arguments: Arguments
}

export type ControlErrorCode =
  | 'bad-request' // not a request at all
  | 'version' // of a version of the protocol that this peer does not speak
  | 'unknown-command'
  | 'bad-arguments'
  | 'not-now' // the peer is starting, or its watcher process is
  | 'failed'

/** `version`: of the program that answers; older ones do not tell. */
export type ControlAnswer = (
  | { readonly ok: true; readonly result: object }
  | { readonly ok: false; readonly error: ControlErrorCode; readonly message: string }
) & { readonly version?: string | undefined }

export type RequestFault = 'not-json' | 'no-object' | 'version' | 'bad-command' | 'bad-arguments'
export type AnswerFault = 'not-json' | 'no-object' | 'version' | 'bad-answer'

export function encodeRequest(request: ControlRequest): string {
  return JSON.stringify({ left: CONTROL_VERSION, ...request })
}

/** Fields that it does not know are passed over: later versions may add some. */
export function decodeRequest(line: string): Decoded<ControlRequest, RequestFault> {
  const fields = parseObject(line)
  if (!fields.ok) return fields
  const { left, command, arguments: given = {} } = fields.value
  if (left !== CONTROL_VERSION) return { ok: false, reason: 'version' }
  if (typeof command !== 'string' || command === '' || command.length > COMMAND_CHARACTERS_MAX)
    return { ok: false, reason: 'bad-command' }
  if (!isObject(given)) return { ok: false, reason: 'bad-arguments' }
  const pairs = Object.entries(given)
  if (pairs.length > ARGUMENTS_MAX || !pairs.every(([, value]) => isArgument(value)))
    return { ok: false, reason: 'bad-arguments' }
  // Without a prototype: no name that a request brings means anything.
  return { ok: true, value: { command, arguments: Object.assign(Object.create(null), given) } }
}

export function encodeAnswer(answer: ControlAnswer): string {
  return JSON.stringify({ left: CONTROL_VERSION, ...answer })
}

export function decodeAnswer(line: string): Decoded<ControlAnswer, AnswerFault> {
  const fields = parseObject(line)
  if (!fields.ok) return fields
  const { left, ok, result, error, message, version: told } = fields.value
  const version = typeof told === 'string' ? { version: told } : {}
  // A peer of another version says so in the shape of its own.
  if (left !== CONTROL_VERSION) return { ok: false, reason: 'version' }
  if (ok === true && isObject(result)) return { ok: true, value: { ok, result, ...version } }
  if (ok === false && typeof error === 'string' && typeof message === 'string')
    return { ok: true, value: { ok, error: error as ControlErrorCode, message, ...version } }
  return { ok: false, reason: 'bad-answer' }
}

/** The version of the program that answered, in whatever version of the protocol. */
export function versionIn(line: string): string | undefined {
  const fields = parseObject(line)
  return fields.ok && typeof fields.value.version === 'string' ? fields.value.version : undefined
}

function parseObject(line: string): Decoded<Record<string, unknown>, 'not-json' | 'no-object'> {
  try {
    const value: unknown = JSON.parse(line)
    return isObject(value) ? { ok: true, value } : { ok: false, reason: 'no-object' }
  } catch {
    return { ok: false, reason: 'not-json' }
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isArgument(value: unknown): value is Argument {
  return typeof value === 'string' || typeof value === 'boolean' || Number.isFinite(value)
}
