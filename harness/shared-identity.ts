// Vitest's global set-up: two identities for all tests that start peers, because making a key takes a second of a core,
// and a guard over the configuration of whoever runs the tests.

import { lstatSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { configFolder } from '../src/seal/config-folder.js'
import { openIdentity } from '../src/seal/identity.js'

export default async function setup(): Promise<() => void> {
  const real = configFolder()
  const before = factsOf(real)
  const folder = mkdtempSync(join(tmpdir(), 'left-identity-'))
  const [file, otherFile] = ['identity.pem', 'other.pem'].map((name) => join(folder, name)) as [
    string,
    string,
  ]
  await Promise.all([openIdentity({ file }), openIdentity({ file: otherFile })])
  process.env.LEFT_TEST_IDENTITY = file
  process.env.LEFT_TEST_OTHER_IDENTITY = otherFile
  return () => {
    rmSync(folder, { recursive: true, force: true })
    const after = factsOf(real)
    const touched = [...new Set([...before, ...after])].filter(
      (fact) => !before.has(fact) || !after.has(fact),
    )
    if (touched.length === 0) return
    // Vitest prints what is thrown here, and passes all the same.
    process.exitCode = 1
    throw new Error(`${real} was touched while the tests ran:\n${touched.sort().join('\n')}`)
  }
}

/** A line for each thing that is there, which is another one once it was written. */
function factsOf(folder: string): Set<string> {
  if (lstatSync(folder, { throwIfNoEntry: false }) === undefined) return new Set()
  const paths = ['.', ...readdirSync(folder, { recursive: true, encoding: 'utf8' })]
  return new Set(
    paths.map((path) => {
      const { size, mode, mtimeMs, ctimeMs } = lstatSync(join(folder, path))
      return `${path} ${size} ${mode.toString(8)} ${mtimeMs} ${ctimeMs}`
    }),
  )
}
