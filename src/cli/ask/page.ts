// `left page`: the link of the page that a running peer serves, which it printed at its start.

import type { PageResult } from '../../control/page-results.js'
import type { AskCommand } from './ask-command.js'

export const pageCommand: AskCommand = {
  name: 'page',
  description: 'print the link of the page that left serves with --web, as at its start',
  words: '',
  asksPeer: true,
  given: () => ({}),
  lines: (result) => [(result as PageResult).link ?? 'no page is served: start left with --web'],
  isDone: (result) => (result as PageResult).link !== null,
}
