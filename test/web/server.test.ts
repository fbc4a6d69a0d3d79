// The server of the page over real HTTP: who is let in, which commands are carried out, what is told, and where it ends.

import { chmodSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { request as httpRequest, type IncomingHttpHeaders, type OutgoingHttpHeaders } from 'node:http'
import { connect } from 'node:net'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { REQUEST_BYTES_MAX } from '../../src/control/limits.js'
import type { CarryOut } from '../../src/control/server.js'
import type { PeerStatus, Status } from '../../src/control/status.js'
import { CONNECTIONS_MAX, HEAD_BYTES_MAX, LOG_MAX, STREAMS_MAX } from '../../src/web/limits.js'
import { WebServer } from '../../src/web/server.js'
import { temporaryFolder } from '../io/temporary-folder.js'
import { A_PEER, A_STATUS } from './a-status.js'
import { parseMetrics } from './prometheus.js'

class Page {
  readonly ownFolder = join(temporaryFolder(), '.left')
  status: Status = A_STATUS
  statusCount = 0
  private onStatus: () => unknown = () => {}
  readonly asked: unknown[] = []
  web!: WebServer
  private cookie: string | undefined
  private place = '/'

  async open(host = '127.0.0.1', port = 0): Promise<this> {
    mkdirSync(this.ownFolder, { recursive: true, mode: 0o700 })
    this.web = await WebServer.open({
      ownFolder: this.ownFolder,
      place: { host, port },
      commands: new Map<string, CarryOut>([
        [
          'echo',
          async (given) => {
            this.asked.push({ ...given })
            return { given }
          },
        ],
      ]),
      status: async () => {
        this.statusCount++
        this.onStatus()
        return this.status
      },
    })
    onTestFinished(() => this.web.close())
    return this
  }

  get port(): number {
    return Number(new URL(this.web.link).port)
  }

  get origin(): string {
    return `http://127.0.0.1:${this.port}`
  }

  get token(): string {
    return new URL(this.web.link).searchParams.get('token')!
  }

  /** Follows the link as a browser does. */
  async enter(): Promise<this> {
    const { status, headers } = await this.get(`/?token=${this.token}`)
    expect(status).toBe(303)
    this.cookie = headers['set-cookie']![0]!.split(';')[0]!
    this.place = headers.location!
    return this
  }

  /** The headers that a browser sends with a command of the page. */
  get ofThePage(): OutgoingHttpHeaders {
    return {
      Cookie: this.cookie,
      Origin: this.origin,
      'Sec-Fetch-Site': 'same-origin',
      'Content-Type': 'application/json',
    }
  }

  get(path: string, headers: OutgoingHttpHeaders = {}): Promise<Answer> {
    return this.request('GET', path, headers)
  }

  inside(name: string, headers: OutgoingHttpHeaders = {}): Promise<Answer> {
    return this.get(this.place + name, { Cookie: this.cookie, ...headers })
  }

  post(body: string, headers: OutgoingHttpHeaders = this.ofThePage): Promise<Answer> {
    return this.request('POST', `${this.place}command`, headers, body)
  }

  request(method: string, path: string, headers: OutgoingHttpHeaders, body = ''): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const asking = httpRequest(
        { host: '127.0.0.1', port: this.port, method, path, headers, agent: false },
        (response) => {
          let text = ''
          response.setEncoding('utf8').on('data', (more: string) => {
            text += more
          })
          response.on('end', () => resolve({ status: response.statusCode!, headers: response.headers, text }))
          response.on('error', reject)
        },
      )
      asking.on('error', reject)
      asking.end(body)
    })
  }

  /** Answers what is told until `isEnough`. */
  async listen(isEnough: (text: string) => boolean): Promise<string> {
    const stream = this.stream()
    await stream.until(isEnough)
    stream.end()
    return stream.text
  }

  /** Until the state was asked for so many times. */
  untilAsked(count: number): Promise<void> {
    return new Promise((resolve) => {
      this.onStatus = () => this.statusCount >= count && resolve()
      this.onStatus()
    })
  }

  stream(): Stream {
    const stream = new Stream(this.port, `${this.place}events`, this.cookie)
    onTestFinished(() => stream.end())
    return stream
  }
}

class Stream {
  text = ''
  status: number | undefined
  private readonly asking
  private seen: () => unknown = () => {}

  constructor(port: number, path: string, cookie: string | undefined) {
    this.asking = httpRequest(
      { host: '127.0.0.1', port, path, headers: { Cookie: cookie }, agent: false },
      (response) => {
        this.status = response.statusCode
        response.setEncoding('utf8').on('data', (more: string) => {
          this.text += more
          this.seen()
        })
        response.on('error', () => {})
        this.seen()
      },
    )
    this.asking.on('error', () => {})
    this.asking.end()
  }

  until(isEnough: (text: string) => boolean): Promise<void> {
    return new Promise((resolve) => {
      this.seen = () => isEnough(this.text) && resolve()
      this.seen()
    })
  }

  answered(): Promise<number> {
    return new Promise((resolve) => {
      this.seen = () => this.status !== undefined && resolve(this.status)
      this.seen()
    })
  }

  end(): void {
    this.asking.destroy()
  }
}

interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
}

const ECHO = JSON.stringify({ left: 1, command: 'echo', arguments: { path: 'a' } })
const REFUSED = { status: 403, text: '403\n' }

describe('the token', () => {
  test('of the link becomes a cookie of the page alone, and the address loses it', async () => {
    const page = await new Page().open()
    const { status, headers } = await page.get(`/?token=${page.token}`)
    expect(status).toBe(303)
    expect(headers.location).toMatch(/^\/[\w-]{22}\/$/)
    expect(headers.location).not.toContain(page.token)
    const [cookie] = headers['set-cookie']!
    expect(cookie).toMatch(/; HttpOnly/)
    expect(cookie).toMatch(/; SameSite=Strict/)
    expect(cookie).toContain(`Path=${headers.location}`)
    expect(cookie).not.toContain(page.token)
  })

  test('is in a file that only its user may read, and is the same at the next start', async () => {
    const first = await new Page().open()
    const file = join(first.ownFolder, 'web-token')
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(readFileSync(file, 'utf8')).toBe(`${first.token}\n`)
    const { token } = first
    first.web.close()
    await first.open()
    expect(first.token).toBe(token)
  })

  test('that others may read, or that is none, is refused', async () => {
    const page = await new Page().open()
    const file = join(page.ownFolder, 'web-token')
    chmodSync(file, 0o644)
    await expect(page.open()).rejects.toMatchObject({ code: 'secret-unusable' })
    chmodSync(file, 0o600)
    writeFileSync(file, 'short\n')
    await expect(page.open()).rejects.toMatchObject({ code: 'secret-unusable' })
  })

  test('lets nobody in who has another one, or none: 403 and nothing else', async () => {
    const page = await (await new Page().open()).enter()
    const wrong = [
      `/?token=${'A'.repeat(43)}`,
      `/?token=${page.token}x`,
      '/?token=',
      '/',
      '/metrics',
      '/nothing',
    ]
    for (const path of wrong) expect(await page.get(path), path).toMatchObject(REFUSED)
    for (const name of ['', 'page.css', 'js/page/main.js', 'events', 'command'])
      for (const Cookie of ['', 'left=', `left=${page.token}`, `left=${'A'.repeat(43)}`])
        expect(await page.inside(name, { Cookie }), name).toMatchObject(REFUSED)
    const { Cookie: _, ...withoutCookie } = page.ofThePage
    expect(await page.post(ECHO, withoutCookie)).toMatchObject(REFUSED)
    expect(page.asked).toEqual([])
  })

  test('is found among cookies that other programs of this machine have set', async () => {
    const page = await (await new Page().open()).enter()
    const own = String(page.ofThePage.Cookie)
    expect((await page.inside('', { Cookie: `left=other; a=b; ${own}; c` })).status).toBe(200)
  })
})

describe('what a request has to be', () => {
  test.each([
    'evil.example',
    'evil.example:22080',
    '127.0.0.1.evil.example',
    'user@127.0.0.1',
    '[::1',
    'x localhost',
  ])('Host %j is not ours: a name that was made to lead here', async (Host) => {
    const page = await (await new Page().open()).enter()
    for (const answer of [
      await page.inside('', { Host }),
      await page.get('/healthz', { Host }),
      await page.get(`/?token=${page.token}`, { Host }),
      await page.post(ECHO, { ...page.ofThePage, Host, Origin: `http://${Host}` }),
    ])
      expect(answer).toMatchObject(REFUSED)
    expect(page.asked).toEqual([])
  })

  test.each(['127.0.0.1', 'localhost:8080', 'LOCALHOST', '[::1]:22080', '192.168.56.118:22080'])(
    'Host %s is ours, also at the port of a tunnel',
    async (Host) => {
      const page = await (await new Page().open()).enter()
      expect((await page.inside('', { Host })).status).toBe(200)
    },
  )

  test('Host may be the name that --web was given', async () => {
    const page = await (await new Page().open('localhost')).enter()
    expect((await page.inside('', { Host: 'localhost:1' })).status).toBe(200)
  })

  test('a command of the page is carried out', async () => {
    const page = await (await new Page().open()).enter()
    const { status, text } = await page.post(ECHO)
    expect({ status, answer: JSON.parse(text) }).toEqual({
      status: 200,
      answer: { left: 1, ok: true, result: { given: { path: 'a' } } },
    })
    const unknown = await page.post(JSON.stringify({ left: 1, command: 'no' }))
    expect(JSON.parse(unknown.text)).toMatchObject({ ok: false, error: 'unknown-command' })
    expect(JSON.parse((await page.post('{')).text)).toMatchObject({ ok: false, error: 'bad-request' })
  })

  test.each([
    ['another origin', { Origin: 'http://evil.example' }],
    ['the origin of another port', { Origin: 'http://127.0.0.1:1' }],
    ['no origin', { Origin: undefined }],
    ['an opaque origin', { Origin: 'null' }],
    ['another site, as the browser says', { 'Sec-Fetch-Site': 'cross-site' }],
    ['another port, as the browser says', { 'Sec-Fetch-Site': 'same-site' }],
    ['a form', { 'Content-Type': 'text/plain' }],
  ])('a command of %s is refused', async (_, headers) => {
    const page = await (await new Page().open()).enter()
    const given = Object.entries({ ...page.ofThePage, ...headers }).filter(([, value]) => value !== undefined)
    expect(await page.post(ECHO, Object.fromEntries(given))).toMatchObject(REFUSED)
    expect(page.asked).toEqual([])
  })

  test('a command by GET, or another method, is refused', async () => {
    const page = await (await new Page().open()).enter()
    expect((await page.inside('command')).status).toBe(404)
    for (const method of ['PUT', 'DELETE', 'OPTIONS', 'PATCH'])
      expect(await page.request(method, '/', page.ofThePage)).toMatchObject({ status: 403 })
    expect(page.asked).toEqual([])
  })
})

describe('the page', () => {
  test('is served with its scripts, and with a policy that permits nothing inline or elsewhere', async () => {
    const page = await (await new Page().open()).enter()
    const { status, headers, text } = await page.inside('')
    expect(status).toBe(200)
    const policy = String(headers['content-security-policy'])
    expect(policy).toContain("default-src 'none'")
    expect(policy).not.toContain('unsafe')
    expect(policy).not.toContain('http')
    expect(headers).toMatchObject({ 'x-content-type-options': 'nosniff', 'referrer-policy': 'no-referrer' })
    expect(text).not.toMatch(/<script(?![^>]* src=)|style=|\son\w+=|https?:/)
    const names = [...text.matchAll(/(?:src|href)="([^"#]+)"/g)].map(([, name]) => name!)
    expect(names.length).toBeGreaterThan(3)
    for (const name of names) {
      const file = await page.inside(name)
      expect(file, name).toMatchObject({ status: 200 })
      expect(file.headers['content-type'], name).toMatch(/^(text|image)\//)
    }
  })

  test.each([
    '../web-token',
    '..%2fweb-token',
    'js/../../package.json',
    'js/page/main.ts',
    'js',
    'constructor',
  ])('there is no file %s', async (name) => {
    const page = await (await new Page().open()).enter()
    expect([403, 404]).toContain((await page.inside(name)).status)
  })
})

describe('the stream', () => {
  test('tells the state and the log at once, and what changes after it', async () => {
    const page = await new Page().open()
    page.web.handle({ event: 'scanning' })
    await page.enter()
    const stream = page.stream()
    await stream.until((text) => text.includes('event: status') && text.includes('"scanning"'))
    page.status = { ...A_STATUS, isInStep: false }
    page.web.handle({ event: 'resumed' })
    await stream.until((text) => text.includes('"isInStep":false') && text.includes('"resumed"'))
    expect(stream.text.match(/"scanning"/g)).toHaveLength(1)
  })

  test('is silent while nothing changes', async () => {
    const page = await (await new Page().open()).enter()
    const stream = page.stream()
    await page.untilAsked(3)
    page.status = { ...A_STATUS, isInStep: false }
    await stream.until((text) => text.includes('"isInStep":false'))
    expect(stream.text.match(/event: status/g)).toHaveLength(2)
  })

  test('is silent while peers only say that they are there, and tells when something crosses', async () => {
    const page = await (await new Page().open()).enter()
    const withPeer = (over: Partial<PeerStatus>) => ({ ...A_STATUS, peers: [{ ...A_PEER, ...over }] })
    page.status = withPeer({ receivedBytesPerS: 300 })
    const stream = page.stream()
    await stream.until((text) => text.includes('event: status'))
    page.status = withPeer({ receivedBytesPerS: 500, receivedBytes: 5_000_400, rttMs: 20.1 })
    await page.untilAsked(page.statusCount + 2)
    page.status = withPeer({ receivedBytesPerS: 50_000 })
    await stream.until((text) => text.includes('"receivedBytesPerS":50000'))
    expect(stream.text.match(/event: status/g)).toHaveLength(2)
  })

  test('asks for nothing while nobody looks, whatever happens', async () => {
    const page = await (await new Page().open()).enter()
    page.web.handle({ event: 'scanning' })
    expect((await page.inside('')).status).toBe(200)
    expect(page.statusCount).toBe(0)
  })

  test('begins with the last lines of the log, and never with the link', async () => {
    const page = await (await new Page().open()).enter()
    page.web.handle({ event: 'page', link: page.web.link } as never)
    for (let count = 0; count < LOG_MAX + 5; count++) page.web.handle({ event: 'scanning' })
    const text = await page.listen((told) => told.includes('event: log') && told.endsWith('\n\n'))
    const log = JSON.parse(/event: log\ndata: (.*)\n/.exec(text)![1]!)
    expect(log).toHaveLength(LOG_MAX)
    expect(log[0].id).toBe(6)
    expect(text).not.toContain(page.token)
  })

  test('is for so many pages at once, and for one more when one is closed', async () => {
    const page = await (await new Page().open()).enter()
    const streams = Array.from({ length: STREAMS_MAX }, () => page.stream())
    for (const stream of streams) expect(await stream.answered()).toBe(200)
    expect((await page.inside('events')).status).toBe(503)
    streams[0]!.end()
    for (let isIn = false; !isIn; ) isIn = (await page.stream().answered()) === 200
  })
})

describe('limits', () => {
  test('a body is read to its limit and not beyond', async () => {
    const page = await (await new Page().open()).enter()
    const padded = (bytes: number) => `${ECHO.slice(0, -1).padEnd(bytes - 1, ' ')}}`
    expect((await page.post(padded(REQUEST_BYTES_MAX))).status).toBe(200)
    expect((await page.post(padded(REQUEST_BYTES_MAX + 1))).status).toBe(413)
    expect(page.asked).toHaveLength(1)
  })

  test('a head that is too long ends its connection', async () => {
    const page = await (await new Page().open()).enter()
    const long = page.inside('', { 'X-Long': 'x'.repeat(HEAD_BYTES_MAX) })
    await expect(long).rejects.toThrow()
    expect((await page.inside('')).status).toBe(200)
  })

  test('so many connections are served at once; others are closed, and the peer goes on', async () => {
    const page = await (await new Page().open()).enter()
    const sockets = Array.from({ length: CONNECTIONS_MAX }, () => connect(page.port, '127.0.0.1'))
    onTestFinished(() => {
      for (const socket of sockets) socket.destroy()
    })
    await Promise.all(sockets.map((socket) => new Promise((resolve) => socket.once('connect', resolve))))
    await expect(page.inside('')).rejects.toThrow()
    for (const socket of sockets) socket.destroy()
    for (let isIn = false; !isIn; )
      isIn = await page.inside('').then(
        () => true,
        () => false,
      )
  })

  test('bytes that are no HTTP are answered with nothing', async () => {
    const page = await new Page().open()
    const text = await new Promise<string>((resolve) => {
      let all = ''
      const socket = connect(page.port, '127.0.0.1', () => socket.write('\0\x01\x02 nonsense\r\n\r\n'))
      socket.on('data', (more) => {
        all += more
      })
      socket.on('close', () => resolve(all))
      socket.on('error', () => {})
    })
    expect(text).toBe('')
  })

  test('a port that is taken is refused, with what to do', async () => {
    const { port } = await new Page().open()
    await expect(new Page().open('127.0.0.1', port)).rejects.toMatchObject({
      code: 'port-in-use',
      message: expect.stringContaining('--web'),
    })
  })
})

describe('for programs', () => {
  test('/metrics is read with the token, as a bearer or in the address', async () => {
    const page = await new Page().open()
    page.web.handle({ event: 'scanning' })
    for (const answer of [
      await page.get('/metrics', { Authorization: `Bearer ${page.token}` }),
      await page.get(`/metrics?token=${page.token}`),
    ]) {
      expect(answer.status).toBe(200)
      expect(answer.headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8')
      expect(parseMetrics(answer.text).get('left_in_step')!.samples).toEqual([{ labels: {}, value: 1 }])
    }
    for (const Authorization of ['Bearer ', 'Bearer x', `Basic ${page.token}`])
      expect(await page.get('/metrics', { Authorization })).toMatchObject(REFUSED)
  })

  test('/healthz says ok to anybody, and nothing else', async () => {
    const page = await new Page().open()
    expect(await page.get('/healthz')).toMatchObject({ status: 200, text: 'ok\n' })
    expect(page.statusCount).toBe(0)
  })
})
