// A plan as a short story for a person, and as text that can be played again. Used by run.ts for a shrunk plan.

import type { Edit } from '../edits.js'
import { type Happening, peerName, type Scenario } from '../plan.js'

/** One line each: what people did and what went wrong, in the order of time. */
export function storyOf({ peers, links, beginnings, acts, healAtMs }: Scenario): string[] {
  const names = peers.map((_, peer) => peerName(peer)).join(', ')
  const meetings = links.map(({ one, other }) => `${peerName(one)}–${peerName(other)}`).join(', ')
  return [
    `${names}; connected: ${meetings}`,
    ...beginnings.map(({ peer, edit }) => `  before   ${peerName(peer)} ${editInWords(edit)}`),
    ...acts.map(({ atMs, happening }) => `  ${seconds(atMs).padStart(8)} ${happeningInWords(happening)}`),
    `  ${seconds(healAtMs).padStart(8)} every fault ends`,
  ]
}

function happeningInWords(happening: Happening): string {
  const name = peerName(happening.peer)
  switch (happening.type) {
    case 'edit':
      return `${name} ${editInWords(happening.edit)}`
    case 'stop':
      return `LEFT is stopped at ${name}, for ${seconds(happening.downMs)}`
    case 'kill':
      return `LEFT is killed at ${name}, and started again after ${seconds(happening.downMs)}`
    case 'power-loss':
      return `${name} loses power for ${seconds(happening.downMs)}`
    case 'watcher-death':
      return `the watcher of ${name} dies`
    case 'answer':
      return `${name} answers what is held: ${happening.answer}`
    case 'restore': {
      const edits = happening.edits.map(editInWords).join(', then ')
      const what = happening.isOfMachine ? 'machine' : 'share'
      return `the ${what} of ${name} is copied, and put back ${seconds(happening.downMs + happening.keptMs)} later${edits && `; then ${name} ${edits}`}`
    }
    case 'death-in-operation':
      return `the ${happening.victim} of ${name} dies ${happening.moment} its disk operation ${happening.count} from here, for ${seconds(happening.downMs)}`
    case 'full-disk':
      return `the disk of ${name} has ${happening.roomBytes} bytes of room, for ${seconds(happening.forMs)}`
    case 'refused-path':
      return `the disk of ${name} takes nothing at ${JSON.stringify(happening.path)}, ${happening.forMs === undefined ? 'to the end' : `for ${seconds(happening.forMs)}`}`
    case 'pause':
      return `${name} pauses with all, for ${seconds(happening.forMs)}`
    case 'pause-with':
      return `${name} pauses with ${peerName(happening.other)}, for ${seconds(happening.forMs)}`
    case 'clock-step':
      return `the clock of ${name} steps by ${seconds(happening.byMs)}`
    case 'cut':
      return `nothing gets from ${name} to ${peerName(happening.other)}${happening.bothWays ? ' or back' : ''}, for ${seconds(happening.forMs)}`
    case 'small-mtu':
      return `between ${name} and ${peerName(happening.other)} only ${happening.mtuBytes} bytes fit, for ${seconds(happening.forMs)}`
  }
}

function editInWords(edit: Edit): string {
  const path = JSON.stringify(edit.path)
  switch (edit.type) {
    case 'write':
      return `writes ${path} (${edit.sizeBytes} bytes${edit.steps > 1 ? ` in ${edit.steps} steps` : ''})`
    case 'replace':
      return `saves ${path} by rename (${edit.sizeBytes} bytes)`
    case 'overwrite':
      return `overwrites ${edit.sizeBytes} bytes inside ${path}`
    case 'insert':
      return `inserts ${edit.sizeBytes} bytes into ${path}`
    case 'append':
      return `appends ${edit.steps} × ${edit.sizeBytes} bytes to ${path}`
    case 'truncate':
      return `truncates ${path}`
    case 'touch':
      return `touches ${path}`
    case 'executable':
      return `toggles the executable bit of ${path}`
    case 'chmod':
      return `lets ${edit.access} read ${path}`
    case 'folder':
      return `makes the folder ${path}`
    case 'remove':
      return `removes ${path}`
    case 'rename':
      return `renames ${path} to ${JSON.stringify(edit.to)}`
    case 'copy':
      return `copies ${path} to ${JSON.stringify(edit.to)}`
    case 'swap':
      return `makes a folder of the file ${path}, or a file of the folder`
    case 'link':
      return `makes ${path} a link to ${edit.outside} beside the share`
    case 'inner-link':
      return `makes ${path} a link to ${JSON.stringify(edit.target)}`
  }
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(2)} s`
}

/** The plan on one line. */
export function planText(scenario: Scenario): string {
  return JSON.stringify(scenario)
}

/** @throws SyntaxError where the text is no plan. */
export function parsePlan(text: string): Scenario {
  const plan = JSON.parse(text) as Partial<Scenario> | null
  const isPlan =
    typeof plan?.seed === 'number' &&
    typeof plan.healAtMs === 'number' &&
    [plan.peers, plan.links, plan.beginnings, plan.acts].every(Array.isArray)
  if (!isPlan) throw new SyntaxError('not a plan that left sim --shrink printed')
  return plan as Scenario
}
