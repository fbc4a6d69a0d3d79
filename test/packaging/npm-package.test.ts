import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ROOT, unpacked } from './npm-package.js'

const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))

describe('the npm package', () => {
  it('runs with nothing but what its tarball holds: the command, the manual page, the completions', () => {
    const folder = unpacked()
    // With Node alone on the path.
    const env = { ...process.env, PATH: dirname(process.execPath) }
    const left = (...words: string[]) =>
      execFileSync(process.execPath, [join(folder, manifest.bin.left), ...words], { env, encoding: 'utf8' })
    expect(left('--version')).toBe(`${manifest.version}\n`)
    expect(left('completion', 'bash')).toContain('complete -F _left left')
    expect(readFileSync(join(folder, manifest.man[0]), 'utf8')).toBe(left('man'))
    // A protocol run in simulated peers loads nearly all of the program.
    expect(left('sim', '--seed', '1', '--runs', '2', '--workers', '1')).toContain('all passed')
  })

  it('brings all that it depends on, but for native code', () => {
    expect(manifest.bundleDependencies.sort()).toEqual(Object.keys(manifest.dependencies).sort())
  })
})
