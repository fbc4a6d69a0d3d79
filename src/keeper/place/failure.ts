// Words for a person about a change that the disk refuses. Placing and removing use it.

import type { DiskError } from '../../base/ports.js'

export interface Failure {
  readonly type: 'failed'
  readonly noSpace: boolean
  readonly reason: string
}

export function failureOf(error: DiskError): Failure {
  return { type: 'failed', noSpace: error.code === 'no-space', reason: reasonOf(error) }
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
