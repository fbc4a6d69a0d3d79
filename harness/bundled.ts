// Files of TypeScript that are started as processes by tests. Loading them one by one through tsx takes half a second of a core
// in each process; a bundle takes a tenth, and is made once.

import { mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { buildSync } from 'esbuild'

const ROOT = fileURLToPath(new URL('../', import.meta.url))

/** Below node_modules, where the packages that a bundle imports are found. */
const FOLDER = join(ROOT, 'node_modules/.cache/bundled')

const made = new Map<string, string>()

/** Answers the file of JavaScript that does as `file` does. From it the program looks for its other files in dist. */
export function bundled(file: string): string {
  const known = made.get(file)
  if (known !== undefined) return known
  const { outputFiles } = buildSync({
    entryPoints: [file],
    bundle: true,
    packages: 'external',
    format: 'esm',
    platform: 'node',
    target: 'node20.15',
    define: { 'import.meta.url': JSON.stringify(pathToFileURL(join(ROOT, 'dist/cli/main.js'))) },
    write: false,
  })
  mkdirSync(FOLDER, { recursive: true })
  const bundle = join(FOLDER, relative(ROOT, file).replace(/\//g, '-').replace(/\.ts$/, '.mjs'))
  // Other processes of the tests make the same file, and start it, meanwhile.
  writeFileSync(`${bundle}.${process.pid}`, outputFiles[0]!.contents)
  renameSync(`${bundle}.${process.pid}`, bundle)
  made.set(file, bundle)
  return bundle
}
