// One line at the foot of the page: what a command did, or why it did not. Screen readers read it out.

import { setText } from './dom.js'

const SHOWN_MS = { good: 6_000, bad: 15_000 } as const

let timer: ReturnType<typeof setTimeout> | undefined

export function say(words: string, how: 'good' | 'bad' = 'good'): void {
  const notice = document.getElementById('notice')!
  notice.hidden = false
  notice.classList.toggle('bad', how === 'bad')
  setText(notice, words)
  clearTimeout(timer)
  timer = setTimeout(() => {
    notice.hidden = true
    setText(notice, '')
  }, SHOWN_MS[how])
}
