import { spawnSync } from 'node:child_process'
import { existsSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { PROGRAM } from '../../harness/peers/peer.js'
import { temporaryFolder } from '../io/temporary-folder.js'
import { left as leftOf, start } from './child.js'

const left = (...words: string[]) => leftOf(words)

describe('the command left', () => {
  it.each(['--version', '-V', 'version'])('%s prints the version of the package', async (word) => {
    const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))
    expect(await left(word)).toMatchObject({ exitCode: 0, stdout: `${version}\n`, stderr: '' })
  })

  it.each([
    ['--help', '-h'],
    ['--help', 'help'],
    ['sim --help', 'sim -h'],
    ['trash restore --help', 'help trash restore'],
  ])('%s is %s too', async (long, other) => {
    const [one, two] = await Promise.all([left(...long.split(' ')), left(...other.split(' '))])
    expect(one).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('Usage: left'), stderr: '' })
    expect(two).toEqual(one)
  })

  it('--help shows each option and command under a heading, and none under the last resort', async () => {
    const { stdout } = await left('--help')
    const headings = stdout.split('\n').filter((line) => /^[A-Z].*:$/.test(line))
    expect(headings).toHaveLength(14)
    expect(headings).not.toContain('Other options:')
    expect(headings).not.toContain('Other commands:')
  })

  it('--help shows every option and examples', async () => {
    const { exitCode, stdout, stderr } = await left('--help')
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
    const options =
      '--ip --discover --port --bind --share --identity --encryption --compression --trust --secret-file --tracker --passphrase-file --window --limit --limit-send --offload --links --config --only --once --dry-run --timeout --json --verbose'
    for (const option of options.split(' ')) expect(stdout).toContain(option)
    expect(stdout).toContain('left --ip 192.168.56.119,192.168.56.120')
    expect(stdout).toContain('--window 1')
    expect(stdout).toContain('--limit 500K')
  })

  it('sim --help shows its own options', async () => {
    const { exitCode, stdout } = await left('sim', '--help')
    expect(exitCode).toBe(0)
    for (const option of ['--seed', '--runs', '--workers', '--quick']) expect(stdout).toContain(option)
  })

  it('tracker --help shows its options and what a tracker sees', async () => {
    const { exitCode, stdout } = await left('tracker', '--help')
    expect(exitCode).toBe(0)
    for (const text of ['--port', '22100', '--bind', '--json', 'no key']) expect(stdout).toContain(text)
  })

  it.each<[string[], string]>([
    [[], '--ip is missing'],
    [['--ip', ''], 'empty address'],
    [['--ip', '10.0.0.7:99999'], "'10.0.0.7:99999'"],
    [['--ip', '10.0.0.7,', '10.0.0.8'], 'without blanks'],
    [['--ip', '10.0.0.7', '--prot', '1'], 'Did you mean --port?'],
    [['--tracker', '10.0.0.7'], 'left secret left-secret'],
    [['--tracker', '10.0.0.7', '--secret-file', 's', '--encryption', 'no'], '--tracker needs encryption'],
    [['tracker', '--port', '0'], "--port '0'"],
    [['tracker', 'x'], "'x' is not expected"],
    [['--ip'], 'argument missing'],
    // Every user of the machine can read arguments.
    [['--ip', '10.0.0.7', '--passphrase', 'x'], "unknown option '--passphrase'"],
    [['--ip', '10.0.0.7', '--secret', 'x'], "unknown option '--secret'"],
    [['--ip', '10.0.0.7', '--window', '0'], '--window'],
    [['--ip', '10.0.0.7', '--encryption', 'maybe', '--verbose'], 'yes, no'],
    [['--ip', '10.0.0.7', '--once', '--timeout', '0'], "--timeout '0'"],
    [['--ip', '10.0.0.7', '--timeout', '60s'], '--timeout goes with --once'],
    [['purge'], "there is no command 'purge': there are init, status"],
    [['statsu'], "there is no command 'statsu': did you mean status?"],
    [['--ip', '10.0.0.7', '10.0.0.8'], "'10.0.0.8' is not expected"],
    [['--ip', '10.0.0.7', '--once', '--dry-run'], 'leave --once out'],
    [['--discover', '--secret-file', 's', '--dry-run'], '--dry-run compares with machines that are named'],
    [['--ip', '10.0.0.7', '--encryption', 'no', '--dry-run'], '--dry-run needs encryption'],
    [['--config', 'test/cli/fixtures/none.toml'], 'cannot read test/cli/fixtures/none.toml'],
    [['init', 'x'], "'x' is not expected"],
    [['sim', '--seed', 'x'], '--seed'],
    [['sim', 'x'], "'x' is not expected"],
    [['help', 'purge'], "there is no command 'purge': there are init, status"],
    [['help', 'trash', 'purge'], "there is no command 'purge': there are list, restore, empty"],
    [['help', 'trash', 'restor'], "there is no command 'restor': did you mean restore?"],
    [['version', 'x'], "'x' is not expected"],
  ])('refuses %j with one line and exit code 2', async (words, text) => {
    const { exitCode, stdout, stderr } = await left(...words)
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' })
    expect(stderr).toMatch(/^left: [^\n]+\n$/)
    expect(stderr).toContain(text)
  })
})

describe('a command whose output nobody reads any more', () => {
  /** Closed before the child has started, and so before it writes anything. */
  const unread = (words: readonly string[], stream: 'stdout' | 'stderr', env: NodeJS.ProcessEnv = {}) => {
    const child = start(PROGRAM, words, env)
    child.process[stream]!.destroy()
    return child.ended
  }

  it.each([
    [['--version']],
    [['--help']],
    [['trust', '--list']],
    [['sim', '--seed', '1', '--runs', '1', '--workers', '1']],
  ])('%j ends as it would otherwise', async (words) => {
    const env = { XDG_CONFIG_HOME: temporaryFolder() }
    expect(await unread(words, 'stdout', env)).toMatchObject({ exitCode: 0, signal: null, stderr: '' })
  })

  it('does what it was asked to do', async () => {
    const folder = temporaryFolder()
    const file = join(folder, 'identity.pem')
    const env = { XDG_CONFIG_HOME: folder, LEFT_PASSPHRASE: '' }
    const ended = await unread(['identity', '--identity', file], 'stdout', env)
    expect(ended).toMatchObject({ exitCode: 0, signal: null, stderr: '' })
    expect(existsSync(file)).toBe(true)
  })

  it('keeps the exit code of a refusal that nobody reads', async () => {
    expect(await unread(['--ip', ''], 'stderr')).toMatchObject({ exitCode: 2, signal: null })
  })
})

it.runIf(process.platform === 'linux')('a command says that its output cannot be written', () => {
  const { status, stderr } = spawnSync(process.execPath, [PROGRAM, '--version'], {
    stdio: ['ignore', openSync('/dev/full', 'w'), 'pipe'],
    encoding: 'utf8',
  })
  expect(status).toBe(1)
  expect(stderr).toMatch(/^left: cannot write the output[^\n]*ENOSPC[^\n]*\n$/)
})
