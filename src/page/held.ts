// What waits for a person: deletions and replacements that are too many at once, changes of a machine that only receives, and what
// this machine has that no other one knows since it was away for long.

import { formatCount } from '../cli/format.js'
import type { ShareStatus, Status } from '../control/status.js'
import { ask } from './ask.js'
import { button, element, section, setText } from './dom.js'
import { say } from './notice.js'
import { PathList } from './path-list.js'
import { confirmed } from './question.js'

/** As the commands `confirm` and `undo` answer. */
interface Released {
  readonly own: number
  readonly received: number
  readonly local: number
  readonly away: number
  readonly staying: number
}

export class Held {
  private readonly section = section('held', 'Held for you')
  private readonly words = element('p')
  private readonly lists = [
    new PathList('Deleted or replaced, and not carried out'),
    new PathList('Changed on this machine, which only receives'),
    new PathList('Here since this machine was away, and known to no other'),
  ] as const
  private count = 0

  constructor() {
    const confirm = button('Confirm: it is meant', () => this.confirm(), { class: 'danger' })
    const undo = button('Undo: bring it back', () => this.undo(), { class: 'main' })
    this.section.body.append(
      this.words,
      element('div', { class: 'choices' }, undo, confirm),
      ...this.lists.map(({ node }) => node),
    )
    this.section.show(false)
  }

  update({ holds }: Status): void {
    const { stopped, local, away } = holds ?? NOTHING
    this.count = stopped.count + local.count + away.count
    this.section.show(this.count > 0)
    this.section.setCount(formatCount(this.count))
    setText(
      this.words,
      'So much is deleted or changed at once that nothing is done with it until you say so. Undo brings it back everywhere; confirm lets it happen everywhere.',
    )
    this.lists[0].update(stopped.count, stopped.first)
    this.lists[1].update(local.count, local.first)
    this.lists[2].update(
      away.count,
      away.first.map((path) => ({ path, reason: '' })),
    )
  }

  private async confirm(): Promise<void> {
    const isMeant = await confirmed({
      title: `Confirm ${formatCount(this.count)} held changes?`,
      words:
        'Deletions are carried out on all machines; what others replaced is replaced here. What is deleted goes to the trash of the others.',
      act: 'Confirm',
    })
    if (isMeant) tell(await ask<Released>('confirm'), 'confirmed')
  }

  private async undo(): Promise<void> {
    tell(await ask<Released>('undo'), 'undone')
  }
}

function tell(released: Released | undefined, word: string): void {
  if (released === undefined) return
  const { own, received, local, away, staying } = released
  const count = own + received + local + away
  const rest = staying > 0 ? `, ${formatCount(staying)} held on` : ''
  say(`${formatCount(count)} ${count === 1 ? 'path' : 'paths'} ${word}${rest}`)
}

const NONE = { count: 0, first: [] }
const NOTHING: Pick<ShareStatus, 'stopped' | 'local' | 'away'> = { stopped: NONE, local: NONE, away: NONE }
