// Endpoints for the peers of one machine: three addresses of the loopback network where it has them (Linux), three
// ports of 127.0.0.1 where it has only that one (macOS).

import { createSocket, type Socket } from 'node:dgram'
import type { HostPort } from '../../src/io/net/address.js'

const TRIES_MAX = 20

/** `count` endpoints that were free a moment ago. The hosts are 127.0.0.1, 127.0.0.2, … (or those of another `network` of
 *  the loopback, three numbers joined by dots) with one port where possible. */
export async function freeEndpoints(count: number, network = '127.0.0'): Promise<HostPort[]> {
  const hosts = Array.from({ length: count }, (_, index) => `${network}.${index + 1}`)
  if (!(await canBindAll(hosts))) return freePorts('127.0.0.1', count)
  for (let tries = 0; tries < TRIES_MAX; tries++) {
    const port = (await freePorts(hosts[0]!, 1))[0]!.port
    if (await canBindAll(hosts, port)) return hosts.map((host) => ({ host, port }))
  }
  throw new Error(`found no UDP port that is free on ${hosts.join(', ')}`)
}

/** Different ports of one address. */
export async function freePorts(host: string, count: number): Promise<HostPort[]> {
  const sockets = await Promise.all(Array.from({ length: count }, () => bound(host, 0)))
  const endpoints = sockets.map((socket) => ({ host, port: socket.address().port }))
  await Promise.all(sockets.map(closed))
  return endpoints
}

export function endpointText({ host, port }: HostPort): string {
  return `${host}:${port}`
}

async function canBindAll(hosts: readonly string[], port = 0): Promise<boolean> {
  const sockets: Socket[] = []
  try {
    for (const host of hosts) sockets.push(await bound(host, port))
    return true
  } catch {
    return false
  } finally {
    await Promise.all(sockets.map(closed))
  }
}

function bound(host: string, port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = createSocket('udp4')
    socket.once('error', reject)
    socket.bind({ address: host, port, exclusive: true }, () => resolve(socket))
  })
}

function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.close(resolve))
}
