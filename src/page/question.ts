// Asks before what cannot be taken back. A dialog of the browser: it keeps the focus in it, and Escape means no.

import { element } from './dom.js'

export interface Question {
  readonly title: string
  readonly words: string
  /** Of the button that does it. */
  readonly act: string
}

export function confirmed({ title, words, act }: Question): Promise<boolean> {
  const no = element('button', { type: 'submit', value: 'no', autofocus: true }, 'Cancel')
  const yes = element('button', { type: 'submit', value: 'yes', class: 'danger' }, act)
  const form = element(
    'form',
    { method: 'dialog' },
    element('h2', { id: 'question' }, title),
    element('p', {}, words),
    element('div', { class: 'choices' }, no, yes),
  )
  const dialog = element('dialog', { 'aria-labelledby': 'question' }, form)
  document.body.append(dialog)
  return new Promise((resolve) => {
    dialog.addEventListener('close', () => {
      dialog.remove()
      resolve(dialog.returnValue === 'yes')
    })
    dialog.showModal()
  })
}
