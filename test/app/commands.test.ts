// What a running peer makes of requests at its control socket: which arguments it takes, and what it asks the keeper.

import { describe, expect, test } from 'vitest'
import { type CommandHost, commandsOf } from '../../src/app/commands.js'
import type { Arguments } from '../../src/control/protocol.js'
import type { ShareCommand } from '../../src/pipe/commands.js'

/** A peer that is starting. */
const STARTING: CommandHost = {
  status: async () => undefined,
  doctor: async () => undefined,
  why: async () => undefined,
  link: undefined,
  pause: async () => undefined,
  resume: async () => undefined,
  whomToVisit: () => undefined,
  share: async () => undefined,
}

/** Answers what the keeper was asked. */
async function ask(name: string, given: Arguments): Promise<ShareCommand> {
  let asked: ShareCommand | undefined
  const commands = commandsOf({
    ...STARTING,
    share: async (command) => {
      asked = command
      return {} as never
    },
  })
  await commands.get(name)!(given)
  return asked!
}

describe('a request about the share', () => {
  test.each<[string, Arguments, ShareCommand]>([
    ['conflicts', { path: '' }, { name: 'conflicts', path: '' }],
    [
      'conflicts-keep',
      { path: 'a', choice: 'other' },
      { name: 'conflicts-keep', path: 'a', choice: 'other' },
    ],
    ['trash-list', { path: '' }, { name: 'trash-list', path: '', asOfMs: undefined }],
    ['trash-restore', { path: 'f' }, { name: 'trash-restore', path: 'f', asOfMs: undefined }],
    ['trash-restore', { path: 'f', at: 5 }, { name: 'trash-restore', path: 'f', asOfMs: 5 }],
    ['trash-empty', {}, { name: 'trash-empty', beforeMs: undefined }],
    ['trash-empty', { before: 7, unknown: true }, { name: 'trash-empty', beforeMs: 7 }],
  ])('%s %j is handed to the keeper', async (name, given, command) => {
    expect(await ask(name, given)).toEqual(command)
  })

  test.each<[string, Arguments]>([
    ['conflicts', {}],
    ['conflicts-keep', { path: 'a' }],
    ['conflicts-keep', { path: 'a', choice: 'mine' }],
    ['conflicts-keep', { choice: 'this' }],
    ['trash-restore', {}],
    ['trash-restore', { path: 5 }],
    ['trash-restore', { path: 'a', at: 'noon' }],
    ['trash-empty', { before: true }],
  ])('%s %j is refused', async (name, given) => {
    await expect(ask(name, given)).rejects.toMatchObject({ code: 'bad-arguments' })
  })

  test('waits for the keeper to be there', async () => {
    const commands = commandsOf(STARTING)
    for (const name of ['status', 'visit', 'trash-empty'])
      await expect(commands.get(name)!({})).rejects.toMatchObject({ code: 'not-now' })
  })
})

describe('the link of the page', () => {
  test.each([
    ['http://127.0.0.1:22080/?token=x', 'http://127.0.0.1:22080/?token=x'],
    [undefined, null],
  ])('is told as it is: %s', async (link, told) => {
    expect(await commandsOf({ ...STARTING, link }).get('page')!({})).toEqual({ link: told })
  })
})
