// Whatever is not the same everywhere, and why; and the question why about any path.

import { formatCount, formatDuration } from '../cli/format.js'
import { printable, printableName } from '../cli/names.js'
import type { Status } from '../control/status.js'
import type { WhyReason, WhyResult } from '../control/why-results.js'
import { ask } from './ask.js'
import { button, element, section } from './dom.js'
import { PathList } from './path-list.js'

export class Waiting {
  private readonly section = section('waiting', 'Waiting')
  private readonly empty = element('p', { class: 'empty' }, 'nothing waits')
  private readonly answer = element('div', { class: 'answer', 'aria-live': 'polite' })
  private readonly input = element('input', {
    id: 'why-path',
    name: 'path',
    autocomplete: 'off',
    spellcheck: 'false',
  })
  private readonly lists

  constructor() {
    const why = (path: string) =>
      button('Why', () => this.ask(path), { 'aria-label': `Why ${printableName(path)} waits` })
    this.lists = [
      new PathList('To come, and not in place yet', why),
      new PathList('Being written here', why),
      new PathList('Not shared', why),
      new PathList('Known, not held here', why),
    ] as const
    const form = element(
      'form',
      {},
      element('label', { for: 'why-path' }, 'Why is a path not the same everywhere?', this.input),
      element('button', { type: 'submit' }, 'Why'),
    )
    form.addEventListener('submit', (event) => {
      event.preventDefault()
      void this.ask(this.input.value.replace(/^\.?\/+|\/+$/g, ''))
    })
    this.section.body.append(form, this.answer, this.empty, ...this.lists.map(({ node }) => node))
  }

  update({ holds }: Status): void {
    if (holds === null) return
    const { waiting, unsettled, skipped, notHeld } = holds
    const count = waiting.count + unsettled.count + skipped.count + notHeld.count
    this.section.setCount(count > 0 ? formatCount(count) : '')
    this.empty.hidden = count > 0
    this.lists[0].update(waiting.count, waiting.first)
    this.lists[1].update(
      unsettled.count,
      unsettled.first.map((path) => ({ path, reason: '' })),
    )
    this.lists[2].update(skipped.count, skipped.first)
    this.lists[3].update(notHeld.count, notHeld.first)
  }

  private async ask(path: string): Promise<void> {
    this.input.value = path
    const result = await ask<WhyResult>('why', { path })
    if (result === undefined) return
    const { reasons, below, isKnown, isSame } = result
    const verdict = !isKnown
      ? 'nothing is known of it, here or at a peer that answers'
      : isSame
        ? 'the same here and there'
        : reasons.length === 0
          ? 'nothing keeps it back here'
          : 'not the same everywhere:'
    this.answer.replaceChildren(
      element('h3', {}, element('bdi', {}, path === '' ? 'the whole share' : printableName(path))),
      element('p', {}, verdict),
      element('ul', {}, ...reasons.map(reasonNode)),
      ...below.first
        .slice(0, 10)
        .map(({ path: inner, reasons: [reason] }) =>
          element(
            'p',
            {},
            element('bdi', { class: 'path' }, printableName(inner)),
            ` ${printable(reason?.words ?? '')}`,
          ),
        ),
    )
  }
}

function reasonNode({ address, words, remedy, since, again, code }: WhyReason): HTMLElement {
  const now = Date.now()
  const age = since === null ? '' : `, for ${formatDuration(Math.max(0, now - Date.parse(since)))}`
  const next = again === null ? '' : `, again in ${formatDuration(Math.max(0, Date.parse(again) - now))}`
  return element(
    'li',
    {},
    element('strong', {}, address === null ? 'here' : printable(address)),
    `: ${printable(words)} `,
    element('small', {}, `(${printable(code)}${age}${next})`),
    ...(remedy === '' ? [] : [element('p', { class: 'dim' }, printable(remedy))]),
  )
}
