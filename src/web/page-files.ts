// The files of the page: read once, and served from memory. Whatever else a request names is not there. Used by WebServer.

import { readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'

export interface PageFile {
  readonly type: string
  readonly bytes: Buffer
}

/** Two folders above this file, and above the one that it is bundled into. */
const ROOT = fileURLToPath(new URL('../../', import.meta.url))

const SCRIPT = 'text/javascript; charset=utf-8'
const STYLE = 'text/css; charset=utf-8'

/** By name, as the page asks for it. @throws where LEFT is not built. */
export function readPageFiles(): ReadonlyMap<string, PageFile> {
  const files = new Map<string, PageFile>()
  const add = (name: string, type: string, path: string) =>
    files.set(name, { type, bytes: readFileSync(path) })
  add('', 'text/html; charset=utf-8', join(ROOT, 'src/page/index.html'))
  add('page.css', STYLE, join(ROOT, 'src/page/page.css'))
  add('icon.svg', 'image/svg+xml', join(ROOT, 'src/page/icon.svg'))
  const scripts = join(ROOT, 'dist/page')
  for (const path of readdirSync(scripts, { recursive: true }) as string[])
    if (path.endsWith('.js'))
      add(`js/${relative('', path).split(sep).join('/')}`, SCRIPT, join(scripts, path))
  for (const [name, type] of [
    ['uPlot.iife.min.js', SCRIPT],
    ['uPlot.min.css', STYLE],
  ] as const) {
    try {
      add(name, type, createRequire(import.meta.url).resolve(`uplot/dist/${name}`))
    } catch {
      // The page has no charts then.
    }
  }
  return files
}
