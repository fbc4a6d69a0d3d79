// A local network of its own: network namespaces with one interface each, joined by a bridge in another namespace. Linux, as
// root. Used by tests of peers that find each other.

import { execFileSync, spawnSync } from 'node:child_process'

export interface BridgeHost {
  readonly namespace: string
  readonly host: string
}

export interface BridgeOptions {
  readonly count: number
  /** The bridge carries neither multicast nor broadcast, and each host has all others in its neighbour table. */
  readonly isFiltered?: boolean
}

let bridgeCount = 0

/** Why this machine cannot have one; undefined where it can. */
export function whyNoBridge(): string | undefined {
  if (process.platform !== 'linux') return 'network namespaces are Linux’s'
  if (process.getuid?.() !== 0) return 'network namespaces need root'
  const name = `left-try-${process.pid}`
  const made = spawnSync('ip', ['netns', 'add', name], { stdio: 'ignore' })
  if (made.status !== 0) return 'ip netns add, of iproute2, is missing or fails'
  const bridge = spawnSync('ip', ['-n', name, 'link', 'add', 'br0', 'type', 'bridge'], { stdio: 'ignore' })
  spawnSync('ip', ['netns', 'del', name], { stdio: 'ignore' })
  return bridge.status === 0 ? undefined : 'this kernel has no bridges'
}

export class Bridge {
  readonly hosts: readonly BridgeHost[]
  private readonly name = `left-${process.pid}-${bridgeCount++}`
  private readonly spaces: string[] = []

  /** Close it whatever happens. */
  constructor({ count, isFiltered = false }: BridgeOptions) {
    try {
      const bridge = this.addNamespace('bridge')
      const flags = isFiltered ? ['mcast_snooping', '0'] : []
      ip('-n', bridge, 'link', 'add', 'br0', 'type', 'bridge', ...flags)
      ip('-n', bridge, 'link', 'set', 'br0', 'up')
      this.hosts = Array.from({ length: count }, (_, index) => this.addHost(bridge, index + 1))
      if (isFiltered) this.filter(bridge)
    } catch (error) {
      this.close()
      throw error
    }
  }

  /** The host has another address from now on, and not the one before. */
  move({ namespace, host }: BridgeHost, to: string): void {
    ip('-n', namespace, 'addr', 'add', `${to}/24`, 'dev', 'eth0')
    ip('-n', namespace, 'addr', 'del', `${host}/24`, 'dev', 'eth0')
  }

  close(): void {
    for (const space of this.spaces.splice(0)) spawnSync('ip', ['netns', 'del', space], { stdio: 'ignore' })
  }

  private addNamespace(of: string): string {
    const namespace = `${this.name}-${of}`
    ip('netns', 'add', namespace)
    this.spaces.push(namespace)
    ip('-n', namespace, 'link', 'set', 'lo', 'up')
    return namespace
  }

  private addHost(bridge: string, number: number): BridgeHost {
    const namespace = this.addNamespace(String(number))
    const host = `10.88.0.${number}`
    const port = `port${number}`
    ip('link', 'add', 'eth0', 'netns', namespace, 'type', 'veth', 'peer', 'name', port, 'netns', bridge)
    ip('-n', bridge, 'link', 'set', port, 'master', 'br0', 'up')
    ip('-n', namespace, 'addr', 'add', `${host}/24`, 'dev', 'eth0')
    ip('-n', namespace, 'link', 'set', 'eth0', 'up')
    // Else the second address goes with the first one.
    ip('netns', 'exec', namespace, 'sysctl', '-qw', 'net.ipv4.conf.eth0.promote_secondaries=1')
    return { namespace, host }
  }

  /** Nobody can ask for an address of the link where broadcast is filtered: all are known. */
  private filter(bridge: string): void {
    const macs = this.hosts.map(({ namespace }) => macOf(namespace))
    for (const [index, { namespace }] of this.hosts.entries()) {
      const port = `port${index + 1}`
      execFileSync('ip', [
        'netns',
        'exec',
        bridge,
        'bridge',
        'link',
        'set',
        'dev',
        port,
        'mcast_flood',
        'off',
      ])
      execFileSync('ip', [
        'netns',
        'exec',
        bridge,
        'bridge',
        'link',
        'set',
        'dev',
        port,
        'bcast_flood',
        'off',
      ])
      for (const [other, { host }] of this.hosts.entries()) {
        if (other === index) continue
        ip(
          '-n',
          namespace,
          'neigh',
          'replace',
          host,
          'lladdr',
          macs[other]!,
          'dev',
          'eth0',
          'nud',
          'permanent',
        )
      }
    }
  }
}

function macOf(namespace: string): string {
  const [{ address }] = JSON.parse(
    String(execFileSync('ip', ['-n', namespace, '-j', 'link', 'show', 'eth0'])),
  )
  return address
}

function ip(...words: string[]): void {
  execFileSync('ip', words, { stdio: ['ignore', 'ignore', 'pipe'] })
}
