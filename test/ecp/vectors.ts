// Golden vectors: lines of hexadecimal, each under a comment line that says what it is.

import { readFileSync } from 'node:fs'
import { bytesOfHex } from '../../src/base/bytes.js'

export interface Vector {
  readonly comment: string
  readonly bytes: Uint8Array
}

export function readVectors(name: string): Vector[] {
  const vectors: Vector[] = []
  let comment = ''
  for (const line of readFileSync(new URL(`../vectors/${name}`, import.meta.url), 'utf8').split('\n')) {
    if (line.startsWith('#')) comment = line.slice(1).trim()
    else if (line !== '') {
      const bytes = bytesOfHex(line)
      if (bytes === undefined || comment === '') throw new Error(`${name}: ${line.slice(0, 40)} is no vector`)
      vectors.push({ comment, bytes })
      comment = ''
    }
  }
  return vectors
}
