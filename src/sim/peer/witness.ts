// Notes outside the share in the simulated world: on the machine's disk, at once durable.

import type { Witness, WitnessNote } from '../../base/witness-port.js'

export class SimWitness implements Witness {
  private opened = new Map<string, number>()

  read(author: string): WitnessNote | undefined {
    const opened = this.opened.get(author)
    return opened === undefined ? undefined : { opened, isAlsoElsewhere: false }
  }

  write(author: string, opened: number): void {
    this.opened.set(author, opened)
  }

  copy(): ReadonlyMap<string, number> {
    return new Map(this.opened)
  }

  putBack(copy: ReadonlyMap<string, number>): void {
    this.opened = new Map(copy)
  }
}
