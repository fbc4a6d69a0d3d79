// One end of a plain stream with a file at each end, over TCP or udx-native: what Node itself can do. Started by
// others.ts in the namespace of its host; says `ready`, and the sink `done` when the file is closed.
//
//   node --import tsx bench/stream.ts tcp|udx source|sink SOURCE-HOST SINK-HOST PORT FILE

import { once } from 'node:events'
import { createReadStream, createWriteStream } from 'node:fs'
import { connect, createServer } from 'node:net'
import type { Duplex, Readable, Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'

const CHUNK_BYTES = 256 * 1_024

const [kind, role, sourceHost, sinkHost, portText, file] = process.argv.slice(2)
const port = Number(portText)
const say = (word: string) => process.stdout.write(`${word}\n`)

if (kind === 'tcp' && role === 'source') {
  createServer((socket) => void pipeline(reading(), socket)).listen(port, sourceHost, () => say('ready'))
} else if (kind === 'tcp') {
  say('ready')
  await once(process.stdin, 'data')
  await pipeline(connect(port, sourceHost!), writing())
  say('done')
} else {
  await udx()
}

/** Neither end of udx calls the other: both know the stream's id, and the sink's first message is what starts it. */
async function udx(): Promise<void> {
  // No types come with it, and it need not be installed.
  const { default: Udx } = await import('udx-native' as string)
  const own = new Udx()
  const socket = own.createSocket()
  socket.bind(port, role === 'source' ? sourceHost : sinkHost)
  const isSource = role === 'source'
  const stream = own.createStream(isSource ? 1 : 2) as Duplex & {
    connect(socket: unknown, id: number, port: number, host: string): void
  }
  stream.connect(socket, isSource ? 2 : 1, port, isSource ? sinkHost! : sourceHost!)
  if (isSource) {
    say('ready')
    await once(stream, 'data')
    for await (const chunk of reading()) {
      if (!stream.write(chunk)) await once(stream, 'drain')
    }
    stream.end()
    return
  }
  say('ready')
  await once(process.stdin, 'data')
  stream.write(Buffer.from('go'))
  const target = writing()
  // Its iterator would end only when both directions have.
  stream.on('data', (chunk: Buffer) => {
    if (target.write(chunk)) return
    stream.pause()
    target.once('drain', () => stream.resume())
  })
  await once(stream, 'end')
  target.end()
  await once(target, 'close')
  say('done')
}

function reading(): Readable {
  return createReadStream(file!, { highWaterMark: CHUNK_BYTES })
}

function writing(): Writable {
  return createWriteStream(file!, { highWaterMark: 4 * CHUNK_BYTES })
}
