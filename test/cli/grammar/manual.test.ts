import { execFileSync, spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Command } from 'commander'
import { expect, it } from 'vitest'
import { manualOf } from '../../../src/cli/grammar/print.js'
import { temporaryFolder } from '../../io/temporary-folder.js'
import { left } from '../child.js'
import { whyNo } from './shell.js'

async function leftManual(): Promise<string> {
  return (await left(['man'])).stdout
}

it('the manual page is roff that groff reads without a warning', async ({ skip }) => {
  const why = whyNo('groff')
  skip(why !== undefined, why)
  const { status, stdout, stderr } = spawnSync('groff', ['-man', '-Tutf8', '-ww', '-P-cbou'], {
    input: await leftManual(),
    encoding: 'utf8',
  })
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  // As it stands in --help, and each line of the examples as a line.
  expect(stdout).toMatch(/^ +--secret-file <file>\n +a +secret +that +all +machines +of +a +group/m)
  expect(stdout).toMatch(/^ +left --ip 10\.0\.0\.7:22002,\[fd00::7\]:22001,fd00::8$/m)
  expect(stdout).toMatch(/^ +left trash restore\n +give +a +file/m)
})

it('the manual page is shown by man without a warning', async ({ skip }) => {
  const why = whyNo('man')
  skip(why !== undefined, why)
  const file = join(temporaryFolder(), 'left.1')
  writeFileSync(file, await leftManual())
  // BSD's man takes the file alone.
  const words = process.platform === 'linux' ? ['--warnings', '-E', 'UTF-8', '-l', file] : [file]
  const options = { env: { ...process.env, MANWIDTH: '80', MANPAGER: 'cat' }, encoding: 'utf8' } as const
  const { status, stderr } = spawnSync('man', words, options)
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  expect(execFileSync('man', words, options)).toContain('LEFT(1)')
})

it('the manual page has an option as soon as the program has it, under its heading', () => {
  const program = new Command('left').description('Keeps folders. More.').version('1.2')
  program.option('--brand-new <folder>', ".it's \\ “new”").optionsGroup('Later:').option('--later', 'other')
  const page = manualOf(program).split('\n')
  expect(page).toContain('left \\- keeps folders')
  const at = page.indexOf('\\fB\\-\\-brand\\-new\\fR \\fI<folder>\\fR')
  expect(page[at + 1]).toBe('\\&.it\\(aqs \\e \\[u201C]new\\[u201D]')
  expect(page.slice(page.indexOf('.SS Later'))).toContain('\\fB\\-\\-later\\fR')
})
