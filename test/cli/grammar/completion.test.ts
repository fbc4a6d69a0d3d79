import { Command } from 'commander'
import { beforeEach, describe, expect, it } from 'vitest'
import { completionOf } from '../../../src/cli/grammar/print.js'
import { left as leftOf } from '../child.js'
import { complete, type Shell, whyNo } from './shell.js'

const left = (...words: string[]) => leftOf(words)

const CANDIDATES = {
  'left stat': ['status'],
  'left trash re': ['restore'],
  'left --sec': ['--secret-file'],
  'left get --f': ['--force'],
  'left trash list --a': ['--at'],
  'left --trust ': ['first-use', 'pinned'],
  'left --max-delete s': ['strict'],
  // A value of an option is no command.
  'left --share sim stat': ['status'],
  'left conflicts keep a.txt ': ['both', 'other', 'this'],
  'left --share so': ['some folder'],
  'left --config so': ['some file', 'some folder'],
  'left --identity so': ['some file', 'some folder'],
}

describe.each<Shell>(['bash', 'zsh', 'fish'])('completions of left in %s', (shell) => {
  const why = whyNo(shell)
  beforeEach(({ skip }) => skip(why !== undefined, why))

  it('complete commands, options, their values and paths', async () => {
    const { stdout } = await left('completion', shell)
    expect(complete(shell, stdout, Object.keys(CANDIDATES))).toEqual(CANDIDATES)
  })

  it('know an option as soon as the program has it', () => {
    const program = new Command('left').option('--brand-new <yes|no>', "it's [new]: a\\b")
    program.command('sub').option('--brand-old', 'old')
    const candidates = {
      'left --brand': ['--brand-new'],
      'left --brand-new ': ['no', 'yes'],
      'left sub --brand': ['--brand-old'],
    }
    expect(complete(shell, completionOf(shell, program), Object.keys(candidates))).toEqual(candidates)
  })
})

describe('left completion', () => {
  it('refuses a shell that it does not know', async () => {
    expect(await left('completion', 'tcsh')).toMatchObject({
      exitCode: 2,
      stdout: '',
      stderr: 'left: left completion needs one of bash, zsh, fish\n',
    })
  })
})
