// The page of a running peer, over HTTP: its files, what changes as it happens, and the commands of the control socket. Who has
// no token gets 403 and nothing else. Used by Steering; README.md says why it is let in as it is.
//
//   GET  /?token=TOKEN        → the cookie, and on to /PLACE/
//   GET  /PLACE/…             the page and its files                     cookie
//   GET  /PLACE/events        server-sent events                         cookie
//   POST /PLACE/command       a request and an answer as at the socket   cookie, and from the page itself
//   GET  /metrics             for Prometheus                             bearer token, or ?token=
//   GET  /healthz             "ok"                                       –

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { LeftError } from '../base/errors.js'
import { REQUEST_BYTES_MAX } from '../control/limits.js'
import { encodeAnswer } from '../control/protocol.js'
import { answerTo, type CommandTable } from '../control/server.js'
import type { Status } from '../control/status.js'
import { isOfThePage, isOurHost } from './admission.js'
import { Credentials, openToken } from './credentials.js'
import {
  CLOSE_MS,
  COMMANDS_MAX,
  CONNECTIONS_MAX,
  HEAD_BYTES_MAX,
  HEAD_MS_MAX,
  KEEP_ALIVE_MS,
  REQUEST_MS_MAX,
} from './limits.js'
import { EventLog, type LogEvent } from './log.js'
import { METRICS_TYPE, metricsOf } from './metrics.js'
import { type PageFile, readPageFiles } from './page-files.js'
import { Streams } from './streams.js'

/** Where the page is served. */
export interface WebPlace {
  /** An IP address, or a name that leads to one of this machine. */
  readonly host: string
  /** 0 for any that is free. */
  readonly port: number
}

export interface WebServerOptions {
  /** The `.left` of a share whose lock is ours. */
  readonly ownFolder: string
  readonly place: WebPlace
  readonly commands: CommandTable
  /** Undefined before the peer has started. */
  readonly status: () => Promise<Status | undefined>
}

/** Everything is of this server; nothing is written into the page but by scripts of it, and those write texts. */
const HEADERS: Readonly<Record<string, string>> = {
  'Content-Security-Policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Cache-Control': 'no-store',
}

export class WebServer {
  private readonly server: Server
  private readonly options: WebServerOptions
  private readonly credentials: Credentials
  private readonly files: ReadonlyMap<string, PageFile>
  private readonly log = new EventLog()
  private readonly streams: Streams
  private commandsNow = 0

  private constructor(options: WebServerOptions) {
    this.options = options
    this.credentials = new Credentials(openToken(options.ownFolder))
    this.files = readPageFiles()
    this.streams = new Streams({ log: this.log, status: options.status })
    this.server = createServer(
      {
        maxHeaderSize: HEAD_BYTES_MAX,
        headersTimeout: HEAD_MS_MAX,
        requestTimeout: REQUEST_MS_MAX,
        keepAliveTimeout: KEEP_ALIVE_MS,
        connectionsCheckingInterval: HEAD_MS_MAX,
      },
      (request, response) => void this.serve(request, response),
    )
    this.server.maxConnections = CONNECTIONS_MAX
    this.server.on('clientError', (_error, socket) => (socket as Socket).destroy())
  }

  /** @throws LeftError 'port-in-use' where that address and port cannot be had, 'secret-unusable'. */
  static async open(options: WebServerOptions): Promise<WebServer> {
    const web = new WebServer(options)
    await web.listen()
    return web
  }

  private listen(): Promise<void> {
    const { host, port } = this.options.place
    return new Promise((resolve, reject) => {
      this.server.once('error', (error) => reject(unavailable(error, this.options.place)))
      this.server.listen({ host, port }, () => {
        this.server.removeAllListeners('error')
        // A connection that cannot be accepted, for want of file handles say, is its asker's trouble.
        this.server.on('error', () => {})
        resolve()
      })
    })
  }

  /** For the person at this machine: with the token. */
  get link(): string {
    const { host } = this.options.place
    const { port } = this.server.address() as AddressInfo
    const name = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host
    return `http://${name.includes(':') ? `[${name}]` : name}:${port}/?token=${this.credentials.token}`
  }

  /** An event that the person is told. */
  handle(event: LogEvent): void {
    this.log.handle(event, new Date())
    this.streams.wake()
  }

  close(): void {
    this.streams.close()
    this.server.close()
    // What was written last is to arrive.
    setTimeout(() => this.server.closeAllConnections(), CLOSE_MS).unref()
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value)
    const url = urlOf(request)
    if (url === undefined || !isOurHost(request.headers.host, this.options.place.host)) {
      refuse(response)
      return
    }
    try {
      await this.route(request, response, url)
    } catch {
      if (!response.headersSent) response.writeHead(500)
      response.end()
    }
  }

  private async route(request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
    const { method, headers } = request
    const { credentials } = this
    const isGet = method === 'GET' || method === 'HEAD'
    const name = nameIn(url.pathname, credentials.place)
    if (isGet && url.pathname === '/healthz') answer(response, 'text/plain', 'ok\n')
    else if (isGet && url.pathname === '/metrics') {
      const mayRead =
        credentials.isBearer(headers.authorization) || credentials.isToken(url.searchParams.get('token'))
      if (mayRead) await this.metrics(response)
      else refuse(response)
    } else if (isGet && url.pathname === '/' && credentials.isToken(url.searchParams.get('token'))) {
      response.writeHead(303, { 'Set-Cookie': credentials.setCookie(), Location: `/${credentials.place}/` })
      response.end()
    } else if (name === undefined || !credentials.hasCookie(headers.cookie)) refuse(response)
    else if (method === 'POST' && name === 'command') await this.command(request, response)
    else if (method === 'GET' && name === 'events') {
      if (!this.streams.open(response)) busy(response)
    } else if (isGet) this.file(response, name)
    else refuse(response)
  }

  private file(response: ServerResponse, name: string): void {
    const file = this.files.get(name)
    if (file !== undefined) answer(response, file.type, file.bytes)
    else {
      response.writeHead(404)
      response.end()
    }
  }

  private async command(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (!isOfThePage(request.headers)) {
      refuse(response)
      return
    }
    if (this.commandsNow === COMMANDS_MAX) {
      busy(response)
      return
    }
    this.commandsNow++
    try {
      const line = await bodyOf(request)
      if (line === undefined) {
        response.writeHead(413, { Connection: 'close' })
        response.end()
        return
      }
      const text = encodeAnswer(await answerTo(this.options.commands, line))
      this.streams.wake()
      answer(response, 'application/json', text)
    } finally {
      this.commandsNow--
    }
  }

  private async metrics(response: ServerResponse): Promise<void> {
    const status = await this.options.status()
    const usage = process.cpuUsage()
    const text = metricsOf(status, {
      counts: this.log.counts,
      cpuS: (usage.user + usage.system) / 1_000_000,
      residentBytes: process.memoryUsage.rss(),
    })
    answer(response, METRICS_TYPE, text)
  }
}

function urlOf({ url }: IncomingMessage): URL | undefined {
  try {
    return new URL(url ?? '', 'http://left')
  } catch {
    return undefined
  }
}

/** The rest of a path behind the place; undefined where it leads elsewhere. The place is no secret by itself. */
function nameIn(path: string, place: string): string | undefined {
  return path.startsWith(`/${place}/`) ? path.slice(place.length + 2) : undefined
}

/** Undefined where it is too long. */
async function bodyOf(request: IncomingMessage): Promise<string | undefined> {
  const pieces: Buffer[] = []
  let bytes = 0
  for await (const piece of request as AsyncIterable<Buffer>) {
    bytes += piece.length
    if (bytes > REQUEST_BYTES_MAX) return undefined
    pieces.push(piece)
  }
  return Buffer.concat(pieces).toString('utf8')
}

function answer(response: ServerResponse, type: string, body: string | Buffer): void {
  response.writeHead(200, { 'Content-Type': type, 'Content-Length': Buffer.byteLength(body) })
  response.end(body)
}

function refuse(response: ServerResponse): void {
  response.writeHead(403, { 'Content-Type': 'text/plain', Connection: 'close' })
  response.end('403\n')
}

function busy(response: ServerResponse): void {
  response.writeHead(503, { 'Retry-After': '5' })
  response.end()
}

function unavailable(error: Error, { host, port }: WebPlace): LeftError {
  const { code } = error as NodeJS.ErrnoException
  const reason =
    code === 'EADDRINUSE'
      ? `another program listens on ${host}:${port}, another left perhaps`
      : `${host}:${port} cannot be listened on (${code ?? error.message})`
  return new LeftError(
    'port-in-use',
    `the page has no place: ${reason}; name another with --web ${host}:PORT`,
    error,
  )
}
