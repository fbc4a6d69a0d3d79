// Faults of the simulated disk on command: an operation that fails, and the process that dies in the middle of one.

import { type Disk, DiskError, type DiskErrorCode } from '../../base/ports.js'

/** Thrown by the operation in which the simulated process dies, and by every one after it until `crash`. */
export class SimulatedDeath extends Error {
  constructor() {
    super('the simulated process has died')
    this.name = 'SimulatedDeath'
  }
}

export type DiskOperation = Exclude<keyof Disk, 'close' | 'room'>

/** When the process dies: before the operation, after it, or (a write) when half of it is done. */
export type DeathMoment = 'before' | 'during' | 'after'

const PUTTING: ReadonlySet<DiskOperation> = new Set([
  'create',
  'rename',
  'linkFile',
  'makeFolder',
  'makeLink',
])

interface LaterFailure {
  readonly code: DiskErrorCode
  readonly isMeant: (path: string) => boolean
  /** Operations until it comes, its own too. */
  left: number
}

export class DiskFaults {
  private mutations = 0
  private death: { readonly atCount: number; readonly moment: DeathMoment } | undefined
  private dead = false
  private failure: { readonly code: DiskErrorCode; readonly operation: DiskOperation | undefined } | undefined
  private laterFailure: LaterFailure | undefined
  /** Paths at which nothing new can be put. */
  private readonly refusedPaths = new Set<string>()
  /** How many `without` are running, one in another. */
  private suspended = 0

  get mutationCount(): number {
    return this.mutations
  }

  failNext(code: DiskErrorCode, operation: DiskOperation | undefined): void {
    this.failure = { code, operation }
  }

  failAt(count: number, code: DiskErrorCode, isMeant: (path: string) => boolean): void {
    this.laterFailure = { code, isMeant, left: count }
  }

  /** Whether the failure that was put down for later is still to come. */
  get isFailureLeft(): boolean {
    return this.laterFailure !== undefined
  }

  /** Nothing new can be put at this path from now on, as where the disk does not take the name; what is there
   *  can be replaced. A restart changes nothing about that. */
  refusePath(path: string, refused = true): void {
    if (refused) this.refusedPaths.add(path)
    else this.refusedPaths.delete(path)
  }

  /** Whether nothing can come to this path: it is refused, or a folder on the way to it. */
  refuses(path: string): boolean {
    for (const refused of this.refusedPaths)
      if (path === refused || path.startsWith(`${refused}/`)) return true
    return false
  }

  dieAfterOperations(count: number, moment: DeathMoment): void {
    this.death = { atCount: this.mutations + count, moment }
  }

  /** The next process lives, and nothing is armed against it. */
  reset(): void {
    this.dead = false
    this.death = undefined
    this.failure = undefined
    this.laterFailure = undefined
  }

  without<T>(action: () => T): T {
    this.suspended++
    try {
      return action()
    } finally {
      this.suspended--
    }
  }

  refuseDead(): void {
    if (this.dead && this.suspended === 0) throw new SimulatedDeath()
  }

  /** Every operation of the port begins here. */
  begin(operation: DiskOperation, path?: string): void {
    this.refuseDead()
    if (this.suspended > 0) return
    if (path !== undefined) this.countDown(operation, path)
    const { failure } = this
    if (failure === undefined) return
    if (failure.operation !== undefined && failure.operation !== operation) return
    this.failure = undefined
    throw new DiskError(failure.code, `${operation}: the simulated disk was told to fail`)
  }

  private countDown(operation: DiskOperation, path: string): void {
    const { laterFailure } = this
    if (laterFailure?.isMeant(path) !== true || --laterFailure.left > 0) return
    this.laterFailure = undefined
    throw new DiskError(laterFailure.code, `${operation} ${path}: the simulated disk was told to fail`)
  }

  /** Every operation that may put something at a free path comes here. */
  refuseNew(operation: DiskOperation, path: string): void {
    if (this.suspended === 0 && PUTTING.has(operation) && this.refusedPaths.has(path))
      throw new DiskError('denied', `${operation}: nothing new can be put at ${path}`)
  }

  /** Changes the disk, unless the process dies first. `half` is what is left of it when it dies during. */
  mutate<T>(change: () => T, half: () => void = () => {}): T {
    if (this.suspended > 0) return change()
    this.mutations++
    const { death } = this
    if (death === undefined || this.mutations < death.atCount) return change()
    this.dead = true
    if (death.moment === 'during') half()
    else if (death.moment === 'after') change()
    throw new SimulatedDeath()
  }
}
