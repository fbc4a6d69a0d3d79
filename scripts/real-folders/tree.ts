// A large tree is unpacked from a tarball, removed and unpacked again.

import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { isThere, run } from './command.js'
import { rest, type Site } from './site.js'

/** Where no tarball is named. */
const MADE_FILES = 4_000

export async function workWithTree(site: Site, tarball: string | undefined): Promise<string[] | undefined> {
  if (!isThere('tar')) return undefined
  const [a, ...others] = site.peers
  const archive = tarball ?? (await madeTarball(site))
  const failures: string[] = []
  const tree = join(a.share, 'tree')
  for (const what of ['tar x', 'rm -rf, and tar x at once']) {
    rmSync(tree, { recursive: true, force: true })
    mkdirSync(tree)
    await run('tar', ['xf', archive], { cwd: tree })
    failures.push(...(await rest(site, what)))
  }
  rmSync(tree, { recursive: true })
  failures.push(...(await rest(site, 'rm -rf')))
  for (const { name, share } of others) {
    const found = readdirSync(share).filter((entry) => entry !== '.left')
    if (found.length > 0) failures.push(`rm -rf: ${found.join(', ')} is still on ${name}`)
  }
  mkdirSync(tree)
  await run('tar', ['xf', archive], { cwd: tree })
  failures.push(...(await rest(site, 'tar x after that')))
  return failures
}

async function madeTarball({ sandbox }: Site): Promise<string> {
  const folder = sandbox.path('made')
  for (let file = 0; file < MADE_FILES; file++) {
    const parent = join(folder, `${file % 17}`, `${file % 119}`)
    mkdirSync(parent, { recursive: true })
    writeFileSync(join(parent, `${file}.c`), `/* ${file} */\n`.repeat(1 + ((file * 31) % 800)))
  }
  const archive = sandbox.path('made.tar')
  await run('tar', ['cf', archive, '-C', folder, '.'], { cwd: sandbox.folder })
  return archive
}
