// The package as it is published, made of what `npm run build` has built, and installed where there is nothing and no registry.

import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { temporaryFolder } from '../io/temporary-folder.js'

export const ROOT = fileURLToPath(new URL('../../', import.meta.url))

/** Answers the tarball. Its scripts do not run: they would build dist anew below the other tests. */
export function pack(folder: string): string {
  npm(folder, ['pack', ROOT, '--ignore-scripts', '--pack-destination', folder])
  return join(folder, readdirSync(folder).find((name) => name.endsWith('.tgz'))!)
}

/** Answers the folder of the package, as the tarball alone makes it. */
export function unpacked(): string {
  const folder = temporaryFolder()
  execFileSync('tar', ['-xzf', pack(folder), '-C', folder])
  return join(folder, 'package')
}

/** Answers the prefix that it is installed below, which held nothing before. */
export function installed(): string {
  const folder = temporaryFolder()
  const prefix = join(folder, 'empty')
  mkdirSync(prefix)
  npm(folder, ['install', '--global', '--prefix', prefix, '--offline', pack(folder)])
  return prefix
}

function npm(folder: string, words: readonly string[]): void {
  const env = {
    ...process.env,
    npm_config_cache: join(folder, 'npm-cache'),
    npm_config_update_notifier: 'false',
  }
  execFileSync('npm', words, { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] })
}
