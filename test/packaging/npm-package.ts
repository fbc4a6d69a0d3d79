// The package as it is published, made of what `npm run build` has built, and installed where there is nothing and no registry.

import { execFileSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const ROOT = fileURLToPath(new URL('../../', import.meta.url))

/** Answers the tarball. Its scripts do not run: they would build dist anew below the other tests. */
export function pack(folder: string): string {
  npm(folder, ['pack', ROOT, '--ignore-scripts', '--pack-destination', folder])
  return join(folder, readdirSync(folder).find((name) => name.endsWith('.tgz'))!)
}

/** `folder` is npm's own, for its cache. */
export function installGlobally(tarball: string, prefix: string, folder: string): void {
  npm(folder, ['install', '--global', '--prefix', prefix, '--offline', tarball])
}

function npm(folder: string, words: readonly string[]): void {
  const env = {
    ...process.env,
    npm_config_cache: join(folder, 'npm-cache'),
    npm_config_update_notifier: 'false',
  }
  execFileSync('npm', words, { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] })
}
