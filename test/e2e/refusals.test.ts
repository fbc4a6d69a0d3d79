// A command that cannot work is refused in one line that says what to do, and with exit code 2.

import { createSocket } from 'node:dgram'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, expect } from 'vitest'
import { endpointText } from '../../harness/peers/endpoints.js'
import { runLeft } from '../../harness/processes.js'
import { someOf } from '../length.js'
import { longTest, type RecordedPeer, test, type World } from './world.js'

/** Runs a peer that is expected to refuse, of a user without an identity; `words` come on top of an endpoint of its own.
 *  Nothing is made for that user. */
async function refusal(world: World, words: readonly string[], share = world.path('share')): Promise<string> {
  const [endpoint, other] = await world.endpoints(2)
  const at = ['--bind', endpoint!.host, '--port', String(endpoint!.port)]
  const config = world.path('config of a new user')
  const ended = await runLeft(['--json', '--ip', endpointText(other!), '--share', share, ...at, ...words], {
    env: { ...process.env, XDG_CONFIG_HOME: config },
  })
  expect(ended).toMatchObject({ exitCode: 2, stdout: '' })
  expect(ended.stderr).toMatch(/^left: [^\n]+\n$/)
  expect(existsSync(config)).toBe(false)
  return ended.stderr
}

describe('left refuses to start, and says what to do', () => {
  // Which values are refused is shown without a process each, in test/cli/arguments.test.ts and addresses.test.ts.
  const refused = someOf(
    [
      ['--ip', '192.168.56.119:70000'],
      ['--bind', 'somewhere'],
      ['--trust', 'everybody'],
      ['--ip', '192.168.56.1190'],
      ['--ip', '192.168.56.119:port'],
      ['--ip', 'a,,b'],
      ['--ip', '[fd00::7'],
      ['--ip', '0.0.0.0'],
      ['--port', '0'],
      ['--window', '0'],
      ['--limit', 'fast'],
      ['--links', 'perhaps'],
      ['--encryption', 'perhaps'],
      ['--compression', 'much'],
    ] as const,
    3,
  )
  test.each(refused)('with %s %s', async (option, value) => {
    const ended = await runLeft([
      '--json',
      ...(option === '--ip' ? [] : ['--ip', '127.0.0.9']),
      option,
      value,
    ])
    expect(ended).toMatchObject({ exitCode: 2, stdout: '' })
    expect(ended.stderr).toMatch(/^left: [^\n]+\n$/)
    expect(ended.stderr).toContain(option)
  })

  test('with no address at all', async () => {
    const ended = await runLeft([])
    expect(ended.exitCode).toBe(2)
    expect(ended.stderr).toMatch(/^left: [^\n]*--ip[^\n]*\n$/)
  })

  test('to find machines of which none could be trusted', async ({ world }) => {
    const config = world.path('config of a new user')
    const share = world.path('share')
    const ended = await runLeft(['--json', '--discover', '--port', 'auto', '--share', share], {
      env: { ...process.env, XDG_CONFIG_HOME: config },
    })
    expect(ended).toMatchObject({ exitCode: 2, stdout: '' })
    for (const words of ['left secret', '--secret-file', 'left trust']) expect(ended.stderr).toContain(words)
    expect(existsSync(config)).toBe(false)
  })

  test('on a port in use', async ({ world }) => {
    const [endpoint] = await world.endpoints(1)
    const socket = createSocket('udp4')
    await new Promise<void>((resolve) =>
      socket.bind({ port: endpoint!.port, address: endpoint!.host }, resolve),
    )
    world.atEnd(() => void socket.close())
    const said = await refusal(world, ['--bind', endpoint!.host, '--port', String(endpoint!.port)])
    expect(said).toContain(String(endpoint!.port))
    expect(said).toContain('--port')
  })

  test('on a share that is a file', async ({ world }) => {
    writeFileSync(world.path('file'), 'a file')
    expect(await refusal(world, [], world.path('file'))).toContain('--share')
    expect(readFileSync(world.path('file'), 'utf8')).toBe('a file')
  })

  test('on a share whose state folder is a file', async ({ world }) => {
    mkdirSync(world.path('share'))
    writeFileSync(world.path('share/.left'), 'a file')
    expect(await refusal(world, [])).toContain('--share')
  })

  test('on a share below a file', async ({ world }) => {
    writeFileSync(world.path('file'), 'a file')
    expect(await refusal(world, [], world.path('file/share'))).toContain('--share')
  })

  test('on a share that cannot be written', async ({ world, skip }) => {
    // Not even root makes folders there.
    if (process.platform !== 'linux') skip('needs /proc')
    expect(await refusal(world, ['--yes'], '/proc')).toContain('--share')
  })

  test('on a state folder of a newer version, which it leaves as it was', async ({ world }) => {
    mkdirSync(world.path('share/.left'), { recursive: true })
    writeFileSync(world.path('share/.left/format'), '999\n')
    expect(await refusal(world, [])).toContain('999')
    expect(readFileSync(world.path('share/.left/format'), 'utf8')).toBe('999\n')
  })

  test('on a share that is missing from its place, in case its disk is not mounted, until it is told to begin anew', async ({
    world,
  }) => {
    const [a, b] = (await world.group('AB')) as [RecordedPeer, RecordedPeer]
    writeFileSync(a.path('file'), 'a file')
    await world.start([a, b])
    await world.untilSame([a, b])
    await b.stop()
    renameSync(b.share, world.path('disk'))
    mkdirSync(b.share)
    const state = {
      ...process.env,
      XDG_CONFIG_HOME: world.config,
      XDG_STATE_HOME: join(world.config, 'state'),
    }
    const ended = await runLeft(['--ip', a.address, '--share', b.share, '--yes'], { env: state })
    expect(ended).toMatchObject({ exitCode: 2, stdout: '' })
    expect(ended.stderr).toMatch(/^left: [^\n]+mount it[^\n]+--anew[^\n]*\n$/)
    expect(readdirSync(b.share)).toEqual([])
    b.start(['--anew'])
    await world.untilSame([a, b])
    expect(readFileSync(b.path('file'), 'utf8')).toBe('a file')
  })

  test.each(['/proc/none', '/proc/none/below'])('on a share that cannot be made, %s', async (share) => {
    const ended = await runLeft(['--ip', '127.0.0.9', '--share', share, '--yes'])
    expect(ended).toMatchObject({ exitCode: 2, stdout: '' })
    expect(ended.stderr).toMatch(/^left: [^\n]+--share[^\n]*\n$/)
  })

  test('with an identity that is none', async ({ world }) => {
    writeFileSync(world.path('identity'), 'who am I?', { mode: 0o600 })
    expect(await refusal(world, ['--identity', world.path('identity')])).toContain('--identity')
  })

  test('with a file of trusted peers that cannot be read, before anybody is taken for unknown', async ({
    world,
  }) => {
    // A folder stands for a file of another user: tests may run as root.
    const file = world.path('config/left/trusted-peers')
    mkdirSync(file, { recursive: true })
    const words = ['--ip', '127.0.0.9', '--port', 'auto', '--share', world.path('share'), '--yes']
    const ended = await runLeft(words, { env: { ...process.env, XDG_CONFIG_HOME: world.config } })
    expect(ended).toMatchObject({ exitCode: 2, stdout: '' })
    expect(ended.stderr).toMatch(/^left: cannot read [^\n]+trusted-peers \(EISDIR\)[^\n]*\n$/)
  })

  test('with a secret that is missing, or could be guessed', async ({ world }) => {
    expect(await refusal(world, ['--secret-file', world.path('nothing')])).toContain('--secret-file')
    writeFileSync(world.path('secret'), 'swordfish\n', { mode: 0o600 })
    expect(await refusal(world, ['--secret-file', world.path('secret')])).toContain('left secret')
  })

  test('with a secret, a passphrase or an identity that others may read, and says how that is mended', async ({
    world,
  }) => {
    const file = world.path('open')
    writeFileSync(file, `${'a secret of more than 16 bytes'}\n`)
    chmodSync(file, 0o644)
    for (const option of ['--secret-file', '--passphrase-file', '--identity'])
      expect(await refusal(world, [option, file])).toContain(`mend it with: chmod 600 ${file}`)
  })

  test('on a share that another peer runs on, and the other one goes on', async ({ world }) => {
    const [a, b] = await world.group('AB')
    await world.start([a!, b!])
    expect(await refusal(world, [], a!.share)).toContain('already runs on this share')
    writeFileSync(a!.path('afterwards'), 'still running')
    await world.untilSame([a!, b!])
    await a!.stop()
    a!.start()
    await world.until('A to run again on the share that it left', () => a!.inStep.size === 1)
  })

  longTest('but not on a share whose peer was killed', async ({ world }) => {
    const [a, b] = await world.group('AB')
    await world.start([a!, b!])
    await a!.kill('both')
    a!.start()
    await world.until('A to run again', () => a!.inStep.size === 1)
  })
})
