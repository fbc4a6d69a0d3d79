// Words for a person about a change that the disk refuses. Placing and removing use it.

import type { DiskError } from '../../base/ports.js'
import { type Cause, causeOf } from '../../base/reason.js'

export interface Failure {
  readonly type: 'failed'
  readonly noSpace: boolean
  readonly reason: string
  readonly cause: Cause
}

export function failureOf(error: DiskError): Failure {
  return {
    type: 'failed',
    noSpace: error.code === 'no-space',
    reason: reasonOf(error),
    cause: writeCause(error),
  }
}

/** Why the disk refuses to write. */
export function writeCause({ code, message }: DiskError): Cause {
  switch (code) {
    case 'link':
      return causeOf('behind-link')
    case 'private':
      return causeOf('private')
    case 'denied':
      return causeOf('no-right-to-write')
    case 'not-empty':
      return causeOf('place-taken')
    case 'changed-kind':
      return causeOf('waits-for-folder')
    case 'same-name':
      return causeOf('same-name')
    case 'no-space':
      return causeOf('disk-full')
    case 'name-too-long':
      return causeOf('name-too-long', message)
    case 'bad-name':
      return causeOf('name-not-allowed', message)
    default:
      return causeOf('disk-failed', message)
  }
}

function reasonOf(error: DiskError): string {
  switch (error.code) {
    case 'link':
      return 'its folder is behind a link here, and nothing is written through a link'
    case 'private':
      return 'it would take the place of your identity, your trusted peers, your secret or of another share'
    case 'denied':
      return 'it cannot be written (permission denied)'
    case 'not-empty':
      return 'a folder that is not empty stands in its place'
    case 'changed-kind':
      return 'a file stands where a folder is needed'
    case 'same-name':
      return error.message
    case 'no-space':
      return 'the disk is full'
    default:
      return `it cannot be written (${error.message})`
  }
}
