// A project with packages in the share of A: `npm ci`, again, and `npm uninstall`. The packages are packed from those of LEFT itself, so
// that no network is needed.

import { existsSync, lstatSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { isThere, run } from './command.js'
import { rest, type Site } from './site.js'

const MODULES = fileURLToPath(new URL('../../node_modules/', import.meta.url))

const PACKAGES = ['typescript', 'commander', 'hash-wasm', 'fast-check', 'pure-rand']

export async function workWithNpm(site: Site): Promise<string[] | undefined> {
  if (!isThere('npm') || !existsSync(join(MODULES, 'typescript'))) return undefined
  const { peers, sandbox, say, env } = site
  const [a] = peers
  const packed = sandbox.path('packed')
  mkdirSync(packed)
  for (const name of PACKAGES)
    await run('npm', ['pack', '--silent', '--ignore-scripts', join(MODULES, name)], { cwd: packed, env })
  const project = join(a.share, 'project')
  mkdirSync(project)
  writeFileSync(join(project, 'package.json'), '{ "name": "project", "version": "1.0.0", "private": true }\n')
  writeFileSync(join(project, 'code.ts'), 'export const answer: number = 42\n')
  const quiet = ['--offline', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']
  const npm = (...words: string[]) => run('npm', [...words, ...quiet], { cwd: project, env })
  await npm('install', '--package-lock-only', ...readdirSync(packed).map((name) => join(packed, name)))
  const failures: string[] = []
  for (const what of ['npm ci', 'npm ci once more']) {
    await npm('ci')
    failures.push(...(await rest(site, what)))
    for (const { name, share } of peers) {
      const place = join(share, 'project/node_modules/.bin/tsc')
      if (!lstatSync(place).isSymbolicLink()) failures.push(`${what}: .bin/tsc is no link on ${name}`)
      const version = await run(place, ['--version'], { cwd: join(share, 'project') })
      await run(place, ['--noEmit', 'code.ts'], { cwd: join(share, 'project') })
      say(`node_modules/.bin/tsc on ${name}: ${version.trim()}`)
    }
  }
  await npm('uninstall', 'typescript')
  failures.push(...(await rest(site, 'npm uninstall')))
  for (const { name, share } of peers) {
    const modules = join(share, 'project/node_modules')
    for (const path of ['typescript', '.bin/tsc'])
      if (lstatSync(join(modules, path), { throwIfNoEntry: false }) !== undefined)
        failures.push(`npm uninstall: ${path} is still on ${name}`)
    if (!existsSync(join(modules, 'commander/package.json'))) failures.push(`commander is gone on ${name}`)
  }
  return failures
}
