// The control socket on a real disk: who is answered, and how; where it is; what is refused.

import { chmodSync, existsSync, lstatSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { askPeer } from '../../src/control/client.js'
import { findShare } from '../../src/control/find-share.js'
import {
  ARGUMENTS_MAX,
  CONNECTIONS_MAX,
  REQUEST_BYTES_MAX,
  SOCKET_NAME_BYTES_MAX,
} from '../../src/control/limits.js'
import { LineReader } from '../../src/control/line-reader.js'
import { decodeRequest } from '../../src/control/protocol.js'
import { type CarryOut, type CommandTable, ControlError, ControlServer } from '../../src/control/server.js'
import { temporaryFolder } from '../io/temporary-folder.js'

const COMMANDS: CommandTable = new Map<string, CarryOut>([
  ['echo', async (given) => ({ given })],
  [
    'fail',
    async () => {
      throw new Error('it broke')
    },
  ],
  [
    'refuse',
    async () => {
      throw new ControlError('not-now', 'later')
    },
  ],
  ['large', async () => ({ text: 'x'.repeat(1_000_000) })],
])

function makeShare(...names: string[]): string {
  const share = join(temporaryFolder(), ...names)
  mkdirSync(join(share, '.left'), { recursive: true, mode: 0o700 })
  writeFileSync(join(share, '.left/replica'), 'left-peer 0123456789abcdef\n')
  return share
}

async function open(share: string, commands = COMMANDS): Promise<ControlServer> {
  const server = await ControlServer.open(join(share, '.left'), commands)
  onTestFinished(() => server.close())
  return server
}

/** Sends bytes as they are, and answers what comes until the connection ends or `lines` lines are there. */
function exchange(share: string, bytes: string | Uint8Array, lines = 1): Promise<string[]> {
  return new Promise((resolve, reject) => {
    const socket = connect(join(share, '.left/control.sock'))
    let text = ''
    socket.on('error', reject)
    socket.on('data', (more) => {
      text += more
      if (text.split('\n').length > lines) socket.end()
    })
    socket.on('close', () => resolve(text.split('\n').slice(0, -1)))
    socket.write(bytes)
  })
}

const ask = (share: string, command: string, given = {}) => askPeer(share, { command, arguments: given })

describe('a control socket', () => {
  test('is for its user alone, and answers a command with what it was given', async () => {
    const share = makeShare()
    await open(share)
    expect(lstatSync(join(share, '.left/control.sock')).mode & 0o777).toBe(0o600)
    const given = { path: 'a|*|b\n', force: true, count: 3 }
    expect(await ask(share, 'echo', given)).toEqual({ ok: true, result: { given } })
  })

  test('says what is wrong with a command, by a code and in words', async () => {
    const share = makeShare()
    await open(share)
    expect(await ask(share, 'fail')).toEqual({ ok: false, error: 'failed', message: 'it broke' })
    expect(await ask(share, 'refuse')).toEqual({ ok: false, error: 'not-now', message: 'later' })
    for (const command of ['nothing', '__proto__', 'constructor', 'get'])
      expect(await ask(share, command)).toMatchObject({ ok: false, error: 'unknown-command' })
  })

  test('answers several requests of one connection in their order', async () => {
    const share = makeShare()
    await open(share)
    const requests = ['echo', 'large', 'fail', 'echo'].map((command) => JSON.stringify({ left: 1, command }))
    const answers = await exchange(share, `${requests.join('\n')}\n`, 4)
    expect(answers.map((line) => JSON.parse(line).ok)).toEqual([true, true, false, true])
  })

  test.each([
    ['not JSON', 'status', 'bad-request'],
    ['a list', '[]', 'bad-request'],
    ['no command', '{"left":1}', 'bad-request'],
    ['another version', '{"left":2,"command":"echo"}', 'version'],
    ['arguments that are none', '{"left":1,"command":"echo","arguments":[1]}', 'bad-arguments'],
    ['an argument that is an object', '{"left":1,"command":"echo","arguments":{"a":{}}}', 'bad-arguments'],
  ])('refuses %s, and answers the next request', async (_what, line, error) => {
    const share = makeShare()
    await open(share)
    const answers = await exchange(share, `${line}\n{"left":1,"command":"echo"}\n`, 2)
    expect(answers.map((text) => JSON.parse(text))).toMatchObject([
      { left: 1, ok: false, error },
      { ok: true },
    ])
  })

  test('ends a connection with a line that is too long or no UTF-8, and with nobody else', async () => {
    const share = makeShare()
    await open(share)
    for (const bytes of ['x'.repeat(REQUEST_BYTES_MAX + 1), new Uint8Array([0xff, 0x0a])])
      expect((await exchange(share, bytes)).map((line) => JSON.parse(line))).toMatchObject([
        { error: 'bad-request' },
      ])
    expect(await ask(share, 'echo')).toMatchObject({ ok: true })
  })

  test('serves so many connections at once, and the next one when one has ended', async () => {
    const share = makeShare()
    await open(share)
    const sockets = Array.from({ length: CONNECTIONS_MAX }, () => connect(join(share, '.left/control.sock')))
    await Promise.all(sockets.map((socket) => new Promise((resolve) => socket.once('connect', resolve))))
    await expect(ask(share, 'echo')).rejects.toMatchObject({ code: 'control-failed' })
    const ended = new Promise((resolve) => sockets[0]!.once('close', resolve))
    sockets[0]!.destroy()
    await ended
    await expect.poll(() => ask(share, 'echo').catch(() => undefined)).toMatchObject({ ok: true })
    for (const socket of sockets) socket.destroy()
  })

  test('is gone when its peer has stopped, and asked for a peer that does not run says how to start one', async () => {
    const share = makeShare()
    const server = await open(share)
    server.close()
    expect(existsSync(join(share, '.left/control.sock'))).toBe(false)
    await expect(ask(share, 'echo')).rejects.toMatchObject({
      code: 'not-running',
      message: expect.stringContaining('left --ip'),
    })
  })

  test('that a killed peer left behind is nobody, is left there by who asks, and replaced by the next start', async () => {
    const share = makeShare()
    const socket = join(share, '.left/control.sock')
    // Node removes the name that it bound, which is another one by then.
    const dead = createServer().listen(`${socket}-dead`)
    await new Promise((resolve) => dead.once('listening', resolve))
    const { renameSync } = await import('node:fs')
    renameSync(`${socket}-dead`, socket)
    await new Promise((resolve) => dead.close(resolve))
    await expect(ask(share, 'echo')).rejects.toMatchObject({ code: 'not-running' })
    expect(existsSync(socket)).toBe(true)
    await open(share)
    expect(await ask(share, 'echo')).toMatchObject({ ok: true })
  })

  test('does not take the place of anything else', async () => {
    const share = makeShare()
    writeFileSync(join(share, '.left/control.sock'), 'mine')
    await expect(open(share)).rejects.toMatchObject({ code: 'EADDRINUSE' })
    expect(lstatSync(join(share, '.left/control.sock')).isFile()).toBe(true)
  })

  test.each([0, 1, 200])(
    'is found where its path is %i bytes longer than a socket may be named',
    async (more) => {
      const start = temporaryFolder()
      const limit =
        process.platform === 'linux' ? SOCKET_NAME_BYTES_MAX.linux : SOCKET_NAME_BYTES_MAX.elsewhere
      const rest = limit + more - Buffer.byteLength(join(start, '.left/control.sock')) - 1
      const names = rest > 200 ? ['x'.repeat(100), 'y'.repeat(rest - 101)] : ['x'.repeat(rest)]
      const share = join(start, ...names)
      mkdirSync(join(share, '.left'), { recursive: true })
      expect(Buffer.byteLength(join(share, '.left/control.sock'))).toBe(limit + more)
      const before = readdirSync(tmpdir()).filter((name) => /^left-\w{6}$/.test(name))
      const server = await open(share)
      expect(lstatSync(join(share, '.left/control.sock')).mode & 0o777).toBe(0o600)
      expect(await ask(share, 'echo')).toMatchObject({ ok: true })
      server.close()
      expect(existsSync(join(share, '.left/control.sock'))).toBe(false)
      const after = readdirSync(tmpdir()).filter((name) => /^left-\w{6}$/.test(name))
      expect(after.filter((name) => !before.includes(name))).toEqual([])
    },
  )

  test('cannot be made in a folder that is not there or is not ours to write', async () => {
    const share = makeShare()
    await expect(ControlServer.open(join(share, 'nowhere'), COMMANDS)).rejects.toThrow()
    if (process.getuid?.() === 0) return
    chmodSync(join(share, '.left'), 0o500)
    await expect(ControlServer.open(join(share, '.left'), COMMANDS)).rejects.toThrow()
    chmodSync(join(share, '.left'), 0o700)
  })
})

describe('a request', () => {
  test('has so many arguments and no more, and no name of it means anything', () => {
    const line = (count: number) =>
      JSON.stringify({
        left: 1,
        command: 'echo',
        arguments: Object.fromEntries(Array.from({ length: count }, (_, index) => [`a${index}`, index])),
      })
    expect(decodeRequest(line(ARGUMENTS_MAX)).ok).toBe(true)
    expect(decodeRequest(line(ARGUMENTS_MAX + 1))).toEqual({ ok: false, reason: 'bad-arguments' })
    const request = decodeRequest('{"left":1,"command":"echo","arguments":{"__proto__":"x"}}')
    expect(request.ok && 'toString' in request.value.arguments).toBe(false)
  })
})

describe('lines', () => {
  test('are cut wherever the pieces end, up to their limit', () => {
    const reader = new LineReader(4)
    expect(reader.read(Buffer.from('ab'))).toEqual([])
    expect(reader.read(Buffer.from('cd\ne'))).toEqual(['abcd'])
    expect(reader.read(Buffer.from('\n\n'))).toEqual(['e', ''])
    expect(reader.read(Buffer.from('abcde'))).toBeUndefined()
  })
})

describe('the share that a command is about', () => {
  test('is the one that the current folder is in, or named, or ./share', () => {
    const share = makeShare('group', 'share')
    mkdirSync(join(share, 'a/b'), { recursive: true })
    expect(findShare(undefined, share)).toBe(share)
    expect(findShare(undefined, join(share, 'a/b'))).toBe(share)
    expect(findShare(undefined, join(share, '..'))).toBe(share)
    expect(findShare('share', join(share, '..'))).toBe(share)
    expect(findShare(share, '/')).toBe(share)
  })

  test('is refused where there is none', () => {
    const folder = temporaryFolder()
    for (const named of [undefined, folder, 'nowhere'])
      expect(() => findShare(named, folder)).toThrow(expect.objectContaining({ code: 'usage' }))
    // The folder alone makes no share.
    mkdirSync(join(folder, '.left'))
    symlinkSync('nowhere', join(folder, '.left/replica'))
    expect(() => findShare(undefined, folder)).toThrow(expect.objectContaining({ code: 'usage' }))
  })
})

describe('the version of the program', () => {
  test('comes with each answer where it was given, and is told where the protocol is another', async () => {
    const share = makeShare()
    const server = await ControlServer.open(join(share, '.left'), COMMANDS, '9.8.7')
    onTestFinished(() => server.close())
    expect(await ask(share, 'echo')).toMatchObject({ ok: true, version: '9.8.7' })
    expect(await ask(share, 'nonsense')).toMatchObject({ error: 'unknown-command', version: '9.8.7' })
  })

  test('of a peer with another version of the protocol is told with that of the program that asks', async () => {
    const share = makeShare()
    const server = createServer((socket) =>
      socket.end('{"left":2,"ok":true,"result":{},"version":"9.8.7"}\n'),
    )
    await new Promise<void>((resolve) => {
      server.listen(join(share, '.left/control.sock'), resolve)
    })
    onTestFinished(() => void server.close())
    const asked = askPeer(share, { command: 'echo', arguments: {} }, { version: '1.2.3' })
    await expect(asked).rejects.toThrow(/9\.8\.7.*left 1\.2\.3/)
  })
})
