// Changes that the breaker holds in a world, and the person who says what becomes of them: then the history knows too.

import { isTakenBackInVain } from './checks/invariants.js'
import { isHeldAnywhere, loseOnlyCopy } from './shares.js'
import type { World } from './world.js'

/** Whether a peer holds back anything. */
export function isAnyHeld(world: World): boolean {
  return world.peers.some((_, peer) => isHeldAt(world, peer))
}

export function isHeldAt(world: World, peer: number): boolean {
  const catalogue = world.catalogues.get(peer)
  if (catalogue === undefined) return false
  const { isEmpty, missing, keptPaths } = catalogue.stoppedPaths
  if (world.plan.peers[peer]!.direction !== 'send-only') return !isEmpty || isChanged(world, peer)
  // A folder with something in it that only the others have stands there against a file, whatever is undone.
  return missing.size > 0 || [...keptPaths.keys()].some((path) => catalogue.get(path)?.kind !== 'folder')
}

/** Whether something was changed at a peer that only receives. */
function isChanged(world: World, peer: number): boolean {
  return world.localPathsOf(peer).some((path) => !isTakenBackInVain(world, peer, path))
}

/** The only answer that ends what is held at a peer that goes one way; undefined where either does. */
export function onlyAnswerAt(world: World, peer: number): 'confirm' | 'undo' | undefined {
  const { direction } = world.plan.peers[peer]!
  if (direction === 'send-only') return 'undo'
  if (direction === 'receive-only') return isChanged(world, peer) ? 'undo' : 'confirm'
  return undefined
}

export function answerHeld(world: World, peer: number, answer: 'confirm' | 'undo'): void {
  const catalogue = world.catalogues.get(peer)
  const stopped = catalogue?.stoppedPaths
  if (catalogue === undefined || stopped === undefined || world.peers[peer]!.keeper === undefined) return
  if (answer === 'undo') {
    for (const path of stopped.missing) takeDeletionBack(world, peer, path)
    const isReceiveOnly = world.plan.peers[peer]!.direction === 'receive-only'
    if (!isReceiveOnly) for (const path of stopped.keptPaths.keys()) makeAnew(world, peer, path)
  } else for (const path of catalogue.aside.paths()) makeAnew(world, peer, path)
  world.peers[peer]!.answer(answer)
}

/** A person wants back what was deleted here. It comes from nobody where nobody else has it. */
function takeDeletionBack(world: World, peer: number, path: string): void {
  const { history } = world
  history.model.takeRemovalBack(peer, path)
  const known = world.catalogues.get(peer)?.get(path)
  const digest = known && history.digestOfEntry(known)
  if (!isHeldAnywhere(world, path, digest)) loseOnlyCopy(world, path)
}

/** A person says that the content here is to be the newest of all. */
function makeAnew(world: World, peer: number, path: string): void {
  const bytes = world.peers[peer]!.disk.contentOf(path)
  if (bytes === undefined) return
  world.history.edited(peer, path, world.history.digestOf(bytes), bytes, world.nowMs)
  // The trash keeps one overwritten version of a path an hour: the version that is replaced here need not be in it.
  const known = world.catalogues.get(peer)?.get(path)
  const undone = known && world.history.digestOfEntry(known)
  if (undone) world.history.model.lost(peer, path, undone)
}
