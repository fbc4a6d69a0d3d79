// The top of the page: which share, how it stands, and what a person may do to all of it.

import { formatBytes, formatCount, formatDuration, formatFiles } from '../cli/format.js'
import { printableName } from '../cli/names.js'
import { lackingOf, type Status } from '../control/status.js'
import { ask } from './ask.js'
import { button, setText } from './dom.js'
import { say } from './notice.js'

export class Overview {
  private readonly share = document.getElementById('share')!
  private readonly state = document.getElementById('state')!
  private readonly facts = document.getElementById('facts')!
  private readonly pause = button('Pause', () => this.togglePause())
  private isPaused = false

  constructor() {
    const rescan = button('Look again', async () => {
      if ((await ask('rescan', { path: '' })) !== undefined) say('the share is being looked at again')
    })
    document.getElementById('steer')!.append(this.pause, rescan)
  }

  update(status: Status): void {
    const { share, holds } = status
    const name = printableName(share.split('/').at(-1) || share)
    setText(this.share, name)
    this.share.title = printableName(share)
    this.isPaused = status.pause?.isAll === true
    setText(this.pause, this.isPaused ? 'Resume' : 'Pause')
    const { words, kind } = standingOf(status)
    this.setState(words, kind)
    document.title = `${status.isInStep ? '✓' : '…'} ${name} – LEFT`
    const held =
      holds === null
        ? []
        : [`${formatFiles(holds.files)} in ${formatCount(holds.folders)} folders`, formatBytes(holds.bytes)]
    const direction = holds === null || holds.direction === 'both' ? [] : [holds.direction]
    const minutes = Math.floor((Date.now() - Date.parse(status.since)) / 60_000)
    const age = minutes < 1 ? 'up just now' : `up ${formatDuration(60_000 * minutes)}`
    setText(
      this.facts,
      [...held, ...direction, `listening on ${status.listening}`, `left ${status.version}`, age].join(' · '),
    )
  }

  handleConnection(state: 'here' | 'lost' | 'refused'): void {
    document.body.classList.toggle('lost', state !== 'here')
    if (state === 'lost') this.setState('left does not answer: trying again', 'bad')
    else if (state === 'refused')
      this.setState('not let in: open the link that left prints at its start', 'bad')
  }

  private setState(words: string, kind: string): void {
    setText(this.state, words)
    this.state.className = `state ${kind}`
  }

  private async togglePause(): Promise<void> {
    const command = this.isPaused ? 'resume' : 'pause'
    if ((await ask(command, { peer: '' })) !== undefined)
      say(command === 'pause' ? 'paused: nothing is exchanged until you resume' : 'goes on')
  }
}

/** In one line, and how good that is. */
function standingOf(status: Status): { readonly words: string; readonly kind: 'good' | 'busy' | 'bad' } {
  if (status.pause?.isAll === true) return { words: 'paused', kind: 'bad' }
  if (status.paused !== null) return { words: `nothing is written: ${status.paused}`, kind: 'bad' }
  if (status.isInStep) return { words: 'in step with all', kind: 'good' }
  const { files, filesWanted } = status.receiving
  if (filesWanted > files)
    return { words: `receiving: ${formatCount(files)} of ${formatFiles(filesWanted)}`, kind: 'busy' }
  const [first, ...more] = lackingOf(status)
  const rest = more.length === 0 ? '' : `, and ${more.length} more`
  return { words: `${first ?? 'comparing'}${rest}`, kind: 'busy' }
}
