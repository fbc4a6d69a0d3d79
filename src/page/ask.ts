// Has the peer carry out a command, as `left` does at its control socket. README.md of src/control documents the commands.

import { say } from './notice.js'

type Arguments = Readonly<Record<string, string | number | boolean>>

interface Answer {
  readonly ok: boolean
  readonly result?: unknown
  readonly message?: string
}

/** Undefined where it was not done: the person has been told then. */
export async function ask<Result>(command: string, given: Arguments = {}): Promise<Result | undefined> {
  try {
    const response = await fetch('command', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ left: 1, command, arguments: given }),
    })
    if (response.status === 403) throw new Error('not let in: open the link that left prints at its start')
    if (response.status === 503) throw new Error('left is busy with other commands: try again')
    if (!response.ok) throw new Error(`left answered with ${response.status}`)
    const answer = (await response.json()) as Answer
    if (!answer.ok) throw new Error(answer.message ?? 'it was not done')
    return answer.result as Result
  } catch (error) {
    say(error instanceof TypeError ? 'left does not answer' : (error as Error).message, 'bad')
    return undefined
  }
}
