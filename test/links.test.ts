// Every link in a README that leads into this repository leads to something: a file, a folder, a heading.

import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { ATTACKS } from '../src/hostile/run.js'

const root = fileURLToPath(new URL('..', import.meta.url))
const SKIPPED: ReadonlySet<string> = new Set(['node_modules', 'dist', '.git', 'results'])

function pagesIn(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) return SKIPPED.has(entry.name) ? [] : pagesIn(path)
    return entry.name.endsWith('.md') ? [path] : []
  })
}

/** As GitHub names them: small letters, digits, hyphens for blanks, nothing else. */
function anchorsOf(page: string): string[] {
  const headings = readFileSync(page, 'utf8').matchAll(/^#+ (.*)$/gm)
  return [...headings].map(([, words]) =>
    words!
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replace(/\s/g, '-'),
  )
}

/** Targets of links outside of code. */
function linksOf(page: string): string[] {
  const text = readFileSync(page, 'utf8')
    .replace(/^```[\s\S]*?^```/gm, '')
    .replace(/^ {4,}.*$/gm, '')
  return [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target!)
}

function isBroken(page: string, target: string): boolean {
  if (/^[a-z]+:/.test(target)) return false
  const [path, anchor] = target.split('#') as [string, string | undefined]
  const file = path === '' ? page : join(dirname(page), path)
  if (!existsSync(file)) return true
  return anchor !== undefined && file.endsWith('.md') && !anchorsOf(file).includes(anchor)
}

const pages = pagesIn(root)

test.each(pages.map((page) => [relative(root, page), page]))('links of %s lead somewhere', (_, page) => {
  expect(linksOf(page).filter((target) => isBroken(page, target))).toEqual([])
})

test('links are found, and broken ones too', () => {
  const readme = join(root, 'README.md')
  expect(pages).toContain(readme)
  expect(linksOf(readme)).toContain('src/rdt/README.md')
  expect(isBroken(readme, 'src/rdt/README.md#how-it-decides')).toBe(false)
  expect(isBroken(readme, 'src/rdt/README.md#no-such-heading')).toBe(true)
  expect(isBroken(readme, 'src/rdt/nothing.ts')).toBe(true)
})

test('every attack that SECURITY.md names is one of the self-test', () => {
  const text = readFileSync(join(root, 'SECURITY.md'), 'utf8')
  const named = [...text.matchAll(/selftest `([^`]+)`/g)].map(([, name]) => name!)
  expect(named).toContain('traversal')
  expect(named.filter((name) => !ATTACKS.some((attack) => attack.name === name))).toEqual([])
})
