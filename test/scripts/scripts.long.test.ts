// The scripts as a person runs them: they end well, leave nothing in the temporary folder, and do not touch the home.

import { spawn } from 'node:child_process'
import { chmodSync, mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { temporaryFolder } from '../io/temporary-folder.js'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))

interface Ended {
  readonly exitCode: number | null
  readonly output: string
  /** In the home and in the temporary folder that it had. */
  readonly left: string[]
}

function run(script: string, words: readonly string[]): Promise<Ended> {
  const folder = temporaryFolder()
  const [home, temporary] = ['home', 'tmp'].map((name) => join(folder, name)) as [string, string]
  mkdirSync(home)
  mkdirSync(temporary)
  // Chaos goes on as another user.
  chmodSync(folder, 0o755)
  chmodSync(temporary, 0o777)
  const env = { ...process.env, HOME: home, XDG_CONFIG_HOME: join(home, '.config'), TMPDIR: temporary }
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['--import', 'tsx', `scripts/${script}.ts`, ...words], {
      cwd: ROOT,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let output = ''
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk) => {
        output += chunk
      })
    child.once('error', reject)
    child.once('close', (exitCode) => {
      // The loader keeps what it has compiled.
      const kept = readdirSync(temporary).filter((name) => !name.startsWith('tsx-'))
      resolve({ exitCode, output, left: [...readdirSync(home), ...kept] })
    })
  })
}

describe('npm run', () => {
  it.each([
    ['chaos', ['--seed', '1', '--minutes', '1']],
    ['chaos', ['--seed', '2', '--minutes', '1', '--peers', '4']],
    ['resume-after-kill', ['--seed', '1']],
    ['kills', ['--seed', '1', '--kills', '40']],
    ...['git', 'sqlite', 'npm', 'tree'].map((name): [string, string[]] => ['real-folders', ['--only', name]]),
    ['demo', []],
  ])('%s with %j ends well and leaves nothing', async (script, words) => {
    const { exitCode, output, left } = await run(script, words)
    expect({ exitCode, left }, output.slice(-4_000)).toEqual({ exitCode: 0, left: [] })
  })
})
