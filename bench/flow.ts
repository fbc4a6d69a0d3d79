// A TCP flow that never ends, or an echo that tells the round trip: what LEFT shares a link with in bench:fair. Started
// by fair.ts in the namespace of a host; says one line for each measurement, with this machine's clock.
//
//   node --import tsx bench/flow.ts tcp|echo source|sink SOURCE-HOST PORT

import { createSocket } from 'node:dgram'
import { connect, createServer, type Socket } from 'node:net'

const CHUNK = Buffer.alloc(64 * 1_024)
const TELL_MS = 50
const ECHO_MS = 10

const [kind, role, host, portText] = process.argv.slice(2)
const port = Number(portText)
const tell = (value: number) => process.stdout.write(`${Date.now()} ${value}\n`)

if (kind === 'tcp' && role === 'source') {
  createServer((socket) => {
    socket.on('error', () => {})
    flood(socket)
  }).listen(port, host, () => tell(0))
} else if (kind === 'tcp') {
  let bytes = 0
  connect(port, host!).on('data', (chunk) => {
    bytes += chunk.length
  })
  setInterval(() => tell(bytes), TELL_MS)
} else if (role === 'source') {
  const socket = createSocket('udp4')
  socket.on('message', (message, { address, port: from }) => socket.send(message, from, address))
  socket.bind(port, host, () => tell(0))
} else {
  const socket = createSocket('udp4')
  const sentAtMs = () => Buffer.from(new Float64Array([performance.now()]).buffer)
  socket.on('message', (message) => tell(performance.now() - message.readDoubleLE()))
  socket.bind(0, () => setInterval(() => socket.send(sentAtMs(), port, host), ECHO_MS))
}

function flood(socket: Socket): void {
  while (socket.write(CHUNK)) {
    // Until the kernel has enough.
  }
  socket.once('drain', () => flood(socket))
}
