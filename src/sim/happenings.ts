// Carries out in a world what its plan has in store: edits, deaths, cut links, full disks. Called by runs of a
// scenario and by tests.

import { answerHeld } from './held.js'
import type { SimPeer } from './peer/peer.js'
import type { Happening } from './plan.js'
import { copyOf, putBack } from './restore.js'
import { addressOf, type World } from './world.js'

export function happen(world: World, happening: Happening): void {
  const { peer: number } = happening
  const peer = world.peers[number]!
  switch (happening.type) {
    case 'edit':
      world.edit(number, happening.edit)
      break
    case 'stop':
      peer.stop()
      restart(world, peer, happening.downMs)
      break
    case 'kill':
      peer.kill()
      restart(world, peer, happening.downMs)
      break
    case 'power-loss':
      peer.losePower()
      restart(world, peer, happening.downMs)
      break
    case 'answer':
      answerHeld(world, number, happening.answer)
      break
    case 'restore':
      restore(world, happening)
      break
    case 'watcher-death':
      peer.killWatcher()
      break
    case 'death-in-operation':
      peer.dieInOperation(happening.count, happening.moment, happening.victim, happening.downMs)
      break
    case 'full-disk':
      peer.disk.capacityBytes = peer.disk.usedBytes + happening.roomBytes
      later(world, happening.forMs, () => {
        peer.disk.capacityBytes = undefined
      })
      break
    case 'refused-path':
      peer.disk.faults.refusePath(happening.path)
      if (happening.forMs !== undefined)
        later(world, happening.forMs, () => peer.disk.faults.refusePath(happening.path, false))
      break
    case 'pause':
    case 'pause-with': {
      const whom = happening.type === 'pause' ? 'all' : happening.other
      world.pause(number, whom)
      later(world, happening.forMs, () => world.resume(number, whom))
      break
    }
    case 'clock-step':
      peer.stepClock(happening.byMs)
      break
    case 'cut':
      cut(world, number, happening.other, true)
      if (happening.bothWays) cut(world, happening.other, number, true)
      later(world, happening.forMs, () => {
        cut(world, number, happening.other, false)
        cut(world, happening.other, number, false)
      })
      break
    case 'small-mtu':
      narrow(world, happening)
      break
  }
}

function restore(
  world: World,
  { peer: number, keptMs, downMs, edits, isOfMachine }: Happening & { type: 'restore' },
): void {
  const peer = world.peers[number]!
  peer.stop()
  const copy = copyOf(world, number, isOfMachine)
  restart(world, peer, downMs)
  later(world, downMs + keptMs, () => {
    peer.stop()
    putBack(world, number, copy)
    for (const edit of edits) world.edit(number, edit)
    restart(world, peer, downMs)
  })
}

function restart(world: World, peer: SimPeer, downMs: number): void {
  later(world, downMs, () => peer.start())
}

function later(world: World, delayMs: number, act: () => void): void {
  world.scheduler.at(world.nowMs + delayMs, act)
}

function cut(world: World, from: number, to: number, down: boolean): void {
  world.network.link(addressOf(from), addressOf(to)).faults.down = down
}

function narrow(
  world: World,
  { peer: one, other, mtuBytes, forMs }: Extract<Happening, { type: 'small-mtu' }>,
): void {
  for (const [from, to] of [
    [one, other],
    [other, one],
  ] as const) {
    const { faults } = world.network.link(addressOf(from), addressOf(to))
    const before = faults.mtuBytes
    faults.mtuBytes = Math.min(before, mtuBytes)
    later(world, forMs, () => {
      faults.mtuBytes = before
    })
  }
}
