// Vitest's global set-up: one identity for all tests that start peers, because making a key takes a second of a core.
// Tests of trust make their own.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openIdentity } from '../src/seal/identity.js'

export default async function setup(): Promise<() => void> {
  const folder = mkdtempSync(join(tmpdir(), 'left-identity-'))
  const file = join(folder, 'identity.pem')
  await openIdentity({ file })
  process.env.LEFT_TEST_IDENTITY = file
  return () => rmSync(folder, { recursive: true, force: true })
}
