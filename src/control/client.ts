// Asks the peer that runs on a share, over its control socket. Used by the commands of the command line.

import { createConnection } from 'node:net'
import { join } from 'node:path'
import { LeftError } from '../base/errors.js'
import { OWN_FOLDER } from '../base/own-folder.js'
import { ANSWER_BYTES_MAX, ANSWER_MS_MAX, CONTROL_VERSION } from './limits.js'
import { LineReader } from './line-reader.js'
import {
  type ControlAnswer,
  type ControlRequest,
  decodeAnswer,
  encodeRequest,
  versionIn,
} from './protocol.js'
import { withSocketName } from './socket-place.js'

export interface AskOptions {
  readonly answerMsMax?: number | undefined
  /** Of the program that asks, for the person. */
  readonly version?: string
}

/** @throws LeftError 'not-running' where nobody answers, 'control-failed' where the answer is none. */
export function askPeer(
  share: string,
  request: ControlRequest,
  { answerMsMax = ANSWER_MS_MAX, version = '' }: AskOptions = {},
): Promise<ControlAnswer> {
  return withSocketName(join(share, OWN_FOLDER), (name) =>
    askAt(name, share, request, { answerMsMax, version }),
  )
}

function askAt(
  name: string,
  share: string,
  request: ControlRequest,
  { answerMsMax, version }: { readonly answerMsMax: number; readonly version: string },
): Promise<ControlAnswer> {
  return new Promise((resolve, reject) => {
    const socket = createConnection(name)
    const reader = new LineReader(ANSWER_BYTES_MAX)
    const fail = (error: LeftError) => {
      socket.destroy()
      reject(error)
    }
    socket.setTimeout(answerMsMax, () =>
      fail(new LeftError('control-failed', `left runs on ${share} and does not answer: try again`)),
    )
    socket.once('connect', () => socket.write(`${encodeRequest(request)}\n`))
    socket.on('error', (error: NodeJS.ErrnoException) => fail(unreachable(share, error)))
    socket.once('close', () =>
      reject(new LeftError('control-failed', `left on ${share} ended before it answered`)),
    )
    socket.on('data', (bytes) => {
      const lines = reader.read(bytes as Uint8Array)
      const line = lines?.[0]
      if (lines !== undefined && line === undefined) return
      const answer = line === undefined ? undefined : decodeAnswer(line)
      if (answer?.ok) {
        resolve(answer.value)
        socket.destroy()
      } else if (answer?.reason === 'version') {
        const theirs = versionIn(line!) ?? 'of another version'
        const message = `left on ${share} is ${theirs} and speaks another version of the control protocol than ${CONTROL_VERSION}, which this program speaks${version === '' ? '' : `, left ${version}`}: ask it with the program that it was started with`
        fail(new LeftError('control-failed', message))
      } else fail(new LeftError('control-failed', `left on ${share} answered what cannot be read`))
    })
  })
}

function unreachable(share: string, error: NodeJS.ErrnoException): LeftError {
  if (error.code === 'ENOENT' || error.code === 'ECONNREFUSED' || error.code === 'ENOTDIR')
    return new LeftError(
      'not-running',
      `no left runs on ${share}; start one: left --ip <addresses> --share ${share}`,
    )
  if (error.code === 'EACCES' || error.code === 'EPERM')
    return new LeftError('control-failed', `left on ${share} is another user's: ask as that user`, error)
  return new LeftError('control-failed', `left on ${share} cannot be asked (${error.code})`, error)
}
