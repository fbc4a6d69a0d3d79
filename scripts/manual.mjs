// Writes the manual page that the npm package ships, with the program that was built just now. Called by `npm run build`.
//
//   node scripts/manual.mjs

import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const root = new URL('../', import.meta.url)
const page = execFileSync(process.execPath, [fileURLToPath(new URL('dist/cli/main.js', root)), 'man'])
mkdirSync(new URL('dist/man/', root), { recursive: true })
writeFileSync(new URL('dist/man/left.1', root), page)
