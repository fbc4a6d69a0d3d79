import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, it } from 'vitest'
import { installed, ROOT } from './npm-package.js'

it('the npm package installs into an empty folder without a registry, and carries a share through a kill and a resume', () => {
  const prefix = installed()
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
  // With Node alone on the path.
  const env = { ...process.env, PATH: dirname(process.execPath) }
  const left = (...words: string[]) =>
    execFileSync(join(prefix, 'bin/left'), words, { env, encoding: 'utf8' })
  expect(left('--version')).toBe(`${version}\n`)
  expect(left('completion', 'bash')).toContain('complete -F _left left')
  const page = readFileSync(join(prefix, 'share/man/man1/left.1'), 'utf8')
  expect(page).toBe(left('man'))
  const smoke = [join(ROOT, 'scripts/smoke.mjs'), join(prefix, 'bin/left')]
  expect(execFileSync(process.execPath, smoke, { encoding: 'utf8' })).toContain('the same by SHA-256')
})
