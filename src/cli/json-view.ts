// Every event as one JSON object on one line, for programs. src/app/README.md documents them.

import type { PeerEvent } from '../app/events.js'
import { printableJson } from '../base/printable.js'
import type { Output } from './output.js'
import type { View, ViewClock } from './view.js'

export class JsonView implements View {
  private readonly output: Output
  private readonly clock: ViewClock
  private readonly verbose: boolean

  constructor(output: Output, clock: ViewClock, verbose: boolean) {
    this.output = output
    this.clock = clock
    this.verbose = verbose
  }

  show(event: PeerEvent): void {
    if (event.event === 'debug' && !this.verbose) return
    this.tellLeftOut()
    this.write(event, event.event === 'progress' || event.event === 'totals')
  }

  tick(): void {
    this.tellLeftOut()
  }

  close(): void {
    this.tellLeftOut()
  }

  private tellLeftOut(): void {
    const count = this.output.takeLeftOut()
    if (count > 0) {
      this.write(
        { event: 'note', message: `${count} events were left out: the reader of this output is too slow` },
        false,
      )
    }
  }

  private write(event: PeerEvent, fleeting: boolean): void {
    const line = JSON.stringify({ time: this.clock.wall().toISOString(), ...event })
    this.output.line(printableJson(line), fleeting)
  }
}
