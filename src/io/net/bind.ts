// Makes Node's UDP socket and binds it: which family of addresses, and what the person can do where it is refused. Used by
// udp.ts.

import { createSocket, type Socket } from 'node:dgram'
import { isIP } from 'node:net'
import { LeftError } from '../../base/errors.js'
import { canonicalHost, formatAddress } from './address.js'

export interface BindOptions {
  /** 0 lets the system choose; `UdpSocket.port` tells. */
  readonly port: number
  /** Local IP address, undefined for every one. */
  readonly bind: string | undefined
  /** Whether a peer may be reached over IPv6; decides only where `bind` does not. */
  readonly ipv6: boolean
}

/** Throws a LeftError 'port-in-use' where that address and port cannot be had. */
export async function bindSocket(
  options: BindOptions,
): Promise<{ readonly socket: Socket; readonly family: 4 | 6 }> {
  const family = familyFor(options)
  try {
    return { socket: await bound(options, family), family }
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    if (family === 6 && options.bind === undefined && (code === 'EAFNOSUPPORT' || code === 'EADDRNOTAVAIL')) {
      return bindSocket({ ...options, ipv6: false }) // this machine has no IPv6
    }
    throw bindFailure(options, code, error)
  }
}

function familyFor(options: BindOptions): 4 | 6 {
  if (options.bind === undefined) return options.ipv6 ? 6 : 4
  return canonicalHost(options.bind)?.includes(':') === true ? 6 : 4
}

function bound(options: BindOptions, family: 4 | 6): Promise<Socket> {
  const socket = createSocket({ type: family === 6 ? 'udp6' : 'udp4', lookup: answerLiterally(family) })
  return new Promise((resolve, reject) => {
    const refuse = (error: Error) => {
      socket.close()
      reject(error)
    }
    socket.once('error', refuse)
    const address = options.bind ?? (family === 6 ? '::' : '0.0.0.0')
    socket.bind({ port: options.port, address, exclusive: true }, () => {
      socket.removeListener('error', refuse)
      resolve(socket)
    })
  })
}

/** Every host that reaches the socket is a literal address: there is nothing to look up. */
function answerLiterally(family: 4 | 6) {
  return (
    host: string,
    _options: unknown,
    answer: (error: NodeJS.ErrnoException | null, address: string, family: number) => void,
  ): void => {
    if (isIP(host) !== 0) answer(null, host, family)
    else answer(Object.assign(new Error(`${host} is not an address`), { code: 'EINVAL' }), host, family)
  }
}

function bindFailure(options: BindOptions, code: string | undefined, cause: unknown): LeftError {
  const port = options.port
  const where = options.bind === undefined ? `port ${port}` : formatAddress(options.bind, port)
  switch (code) {
    case 'EADDRINUSE':
      return new LeftError(
        'port-in-use',
        `${where} is in use: stop what listens there or choose another with --port`,
        cause,
      )
    case 'EACCES':
      return new LeftError(
        'port-in-use',
        `${where} needs privileges: choose one above 1023 with --port`,
        cause,
      )
    case 'EADDRNOTAVAIL':
    case 'EINVAL':
    case 'EAFNOSUPPORT':
      return new LeftError(
        'port-in-use',
        `${where} is not an address of this machine: give --bind one of its own, or leave it out`,
        cause,
      )
    default:
      return new LeftError(
        'port-in-use',
        `cannot listen on ${where} (${code ?? cause}): try another --port or --bind`,
        cause,
      )
  }
}
