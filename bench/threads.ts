// Processor time of each thread of a peer, from /proc, by what the thread is for. Used by bench:cost.

import { readdirSync, readFileSync } from 'node:fs'

export const ROLES = ['main', 'V8', 'pool', 'blocks', 'watcher'] as const

/** `main`: the engine's loop. `V8`: compilation and garbage collection of the engine. `pool`: libuv's threads. `blocks`: the
 *  threads that prove and seal blocks. `watcher`: the other process, all of its threads. */
export type Role = (typeof ROLES)[number]

/** Threads of Node 20 and 22 in the order in which a process starts them: its own, one for delayed tasks, four of V8, one of
 *  the inspector; four of libuv; those of worker_threads. Only Node 24 gives them names. */
const V8_FROM = 1
const POOL_FROM = 7
const BLOCKS_FROM = 11

/** CPU seconds since the process started. */
export function cpuByRole(enginePid: number): Record<Role, number> {
  const cpu: Record<Role, number> = { main: 0, V8: 0, pool: 0, blocks: 0, watcher: 0 }
  for (const [index, seconds] of threadCpu(enginePid).entries()) cpu[roleOf(index)] += seconds
  for (const child of childrenOf(enginePid)) {
    for (const seconds of threadCpu(child)) cpu.watcher += seconds
  }
  return cpu
}

function roleOf(index: number): Role {
  if (index < V8_FROM) return 'main'
  if (index < POOL_FROM) return 'V8'
  return index < BLOCKS_FROM ? 'pool' : 'blocks'
}

/** In the order in which the threads were started. proc(5): the first figure of schedstat is time on a processor, in ns. */
function threadCpu(pid: number): number[] {
  const threads = readdirSync(`/proc/${pid}/task`).map(Number)
  return threads
    .sort((one, other) => one - other)
    .map(
      (thread) => Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'latin1').split(' ')[0]) / 1e9,
    )
}

function childrenOf(pid: number): number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').trim()
  return text === '' ? [] : text.split(' ').map(Number)
}
