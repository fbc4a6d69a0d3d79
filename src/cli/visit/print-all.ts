// Prints a long list to a reader who may be slow, or stop reading: a piece at a time, and no further once nobody reads.

import { once } from 'node:events'
import { PRINT_CHUNK_CHARACTERS } from '../limits.js'

export async function printAll(lines: Iterable<string>): Promise<void> {
  const { stdout } = process
  let text = ''
  for (const line of lines) {
    text += `${line}\n`
    if (text.length < PRINT_CHUNK_CHARACTERS) continue
    if (stdout.destroyed || stdout.errored) return
    const chunk = text
    text = ''
    if (!stdout.write(chunk))
      await Promise.race([once(stdout, 'drain'), once(stdout, 'close')]).catch(() => {})
  }
  if (text !== '' && !stdout.destroyed) stdout.write(text)
}
