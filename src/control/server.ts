// The control socket of a running peer: answers requests of this machine's user, one after the other on each connection. The
// peer brings the commands.

import { chmodSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import { CONNECTIONS_MAX, CONTROL_VERSION, IDLE_MS, REQUEST_BYTES_MAX } from './limits.js'
import { LineReader } from './line-reader.js'
import {
  type Arguments,
  type ControlAnswer,
  type ControlErrorCode,
  decodeRequest,
  encodeAnswer,
} from './protocol.js'
import { removeStaleSocket, withSocketName } from './socket-place.js'

/** Carries a command out. Throws a ControlError for what the person ought to know. */
export type CarryOut = (given: Arguments) => Promise<object>

/** By name; a Map, because a request may name anything. */
export type CommandTable = ReadonlyMap<string, CarryOut>

export class ControlError extends Error {
  readonly code: ControlErrorCode

  constructor(code: ControlErrorCode, message: string) {
    super(message)
    this.code = code
  }
}

const OWNER_ONLY = 0o600

export class ControlServer {
  private readonly server: Server
  private readonly ownFolder: string
  private readonly commands: CommandTable
  private readonly connections = new Set<Socket>()

  private constructor(
    ownFolder: string,
    commands: CommandTable,
    private readonly version: string | undefined,
  ) {
    this.ownFolder = ownFolder
    this.commands = commands
    this.server = createServer((socket) => this.serve(socket))
    this.server.maxConnections = CONNECTIONS_MAX
  }

  /** `ownFolder` is the `.left` of a share whose lock is ours; `version` is told with each answer. Throws where the disk makes no
   *  sockets. */
  static async open(ownFolder: string, commands: CommandTable, version?: string): Promise<ControlServer> {
    removeStaleSocket(ownFolder)
    const control = new ControlServer(ownFolder, commands, version)
    await withSocketName(ownFolder, (name) => control.listen(name))
    return control
  }

  private listen(name: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.server.once('error', reject)
      this.server.listen(name, () => {
        this.server.off('error', reject)
        // A connection that cannot be accepted, for want of file handles say, is its asker's trouble.
        this.server.on('error', () => {})
        try {
          // Nobody else reaches it meanwhile: its folder is its user's alone.
          chmodSync(name, OWNER_ONLY)
          resolve()
        } catch (error) {
          this.server.close()
          reject(error)
        }
      })
    })
  }

  /** Ends all connections and removes the socket. */
  close(): void {
    this.server.close()
    for (const socket of this.connections) socket.destroy()
    // Node removes it by the name that it was bound to, which may be gone.
    try {
      removeStaleSocket(this.ownFolder)
    } catch {
      // The folder was moved or its disk is gone: the next start removes it.
    }
  }

  private serve(socket: Socket): void {
    this.connections.add(socket)
    socket.once('close', () => this.connections.delete(socket))
    socket.on('error', () => socket.destroy())
    socket.setTimeout(IDLE_MS, () => socket.destroy())
    const reader = new LineReader(REQUEST_BYTES_MAX)
    let answered: Promise<void> = Promise.resolve()
    socket.on('data', (bytes) => {
      const lines = reader.read(bytes as Uint8Array)
      if (lines === undefined) {
        const message = `a request is a line of UTF-8 of at most ${REQUEST_BYTES_MAX} bytes`
        socket.end(`${encodeAnswer({ ok: false, error: 'bad-request', message })}\n`)
        return
      }
      if (lines.length === 0) return
      // Requests that come meanwhile wait in the kernel.
      socket.pause()
      socket.setTimeout(0)
      answered = answered.then(async () => {
        for (const line of lines)
          await write(
            socket,
            `${encodeAnswer({ version: this.version, ...(await answerTo(this.commands, line)) })}\n`,
          )
        socket.setTimeout(IDLE_MS)
        socket.resume()
      })
    })
  }
}

/** Carries out the request of a line. Never throws. */
export async function answerTo(commands: CommandTable, line: string): Promise<ControlAnswer> {
  const request = decodeRequest(line)
  if (!request.ok) return refusalOf(request.reason)
  const { command, arguments: given } = request.value
  const carryOut = commands.get(command)
  if (carryOut === undefined) {
    const message = `this peer knows no command ${JSON.stringify(command)}; it may be older than the program that asks`
    return { ok: false, error: 'unknown-command', message }
  }
  try {
    return { ok: true, result: await carryOut(given) }
  } catch (error) {
    const code = error instanceof ControlError ? error.code : 'failed'
    return { ok: false, error: code, message: (error as Error).message }
  }
}

function refusalOf(
  reason: 'not-json' | 'no-object' | 'version' | 'bad-command' | 'bad-arguments',
): ControlAnswer {
  if (reason === 'version')
    return {
      ok: false,
      error: 'version',
      message: `this peer speaks version ${CONTROL_VERSION} of the control protocol`,
    }
  if (reason === 'bad-arguments')
    return {
      ok: false,
      error: 'bad-arguments',
      message: 'arguments are an object of texts, numbers and truth values',
    }
  return { ok: false, error: 'bad-request', message: `this is no request (${reason})` }
}

/** Waits until the other end has read most of what was written: answers to one that does not read are not gathered. */
async function write(socket: Socket, text: string): Promise<void> {
  if (socket.destroyed || socket.write(text)) return
  await new Promise<void>((resolve) => {
    socket.once('drain', resolve)
    socket.once('close', () => resolve())
  })
}
