// Vectors as they are kept: a comment line, then the bytes in hexadecimal.

import { existsSync, readFileSync } from 'node:fs'

/** The comment and the bytes of each; none where there is no such file yet. */
export function readVectors(file: string): [string, Uint8Array][] {
  const url = new URL(file, import.meta.url)
  if (!existsSync(url)) return []
  const vectors: [string, Uint8Array][] = []
  let comment = ''
  for (const text of readFileSync(url, 'utf8').split('\n')) {
    if (text.startsWith('#')) comment = text.slice(1).trim()
    else if (text.trim() !== '') vectors.push([comment, new Uint8Array(Buffer.from(text.trim(), 'hex'))])
  }
  return vectors
}
