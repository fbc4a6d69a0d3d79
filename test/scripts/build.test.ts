import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))

const script = readFileSync(join(ROOT, 'scripts/build.mjs'), 'utf8')
const commands = namesIn('COMMANDS')
const programs = namesIn('PROGRAMS')

describe('the build', () => {
  test('bundles each file that a process or a thread is started with', () => {
    const started = readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.ts'))
      .flatMap((path) => [
        ...readFileSync(join(ROOT, 'src', path), 'utf8').matchAll(
          /(?:programFile|startThread)\('([^']+)'\)/g,
        ),
      ])
      .map(([, module]) => module)
    expect(programs.sort()).toEqual([...new Set(started)].sort())
  })

  test('bundles each command that the front loads', () => {
    const main = readFileSync(join(ROOT, 'src/cli/main.ts'), 'utf8')
    const loaded = [...main.matchAll(/import\('\.\/([^']+)\.js'\)/g)].map(([, name]) => `cli/${name}`)
    expect(commands.sort()).toEqual([...new Set(loaded)].sort())
  })
})

/** The texts in a list of the script. */
function namesIn(list: string): string[] {
  const [, words] = new RegExp(`^const ${list} = \\[([^\\]]*)\\]`, 'm').exec(script)!
  return [...words!.matchAll(/'([^']+)'/g)].map(([, name]) => name!)
}
