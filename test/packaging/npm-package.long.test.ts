import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { installed, ROOT } from './npm-package.js'

it('the npm package carries a share through a kill and a resume where it is installed', () => {
  const smoke = [join(ROOT, 'scripts/smoke.mjs'), join(installed(), 'bin/left')]
  expect(execFileSync(process.execPath, smoke, { encoding: 'utf8' })).toContain('the same by SHA-256')
})
