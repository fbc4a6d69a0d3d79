// The scenarios of table.ts with real peers, which meet all at once; in `npm run test:long` in a row, too.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { someOf } from '../../length.js'
import { World } from '../world.js'
import { Meeting, NAMES, type Topology } from './meeting.js'
import { ROWS } from './table.js'

const TOPOLOGIES: readonly Topology[] = ['all know each other', 'B relays between A and C']

describe.each(someOf(TOPOLOGIES))('three machines that changed apart meet; %s', (topology) => {
  const world = new World()
  const meeting = new Meeting(world, ROWS)
  beforeAll(() => meeting.hold(topology))
  afterAll(async () => {
    await world.close()
    world.checkEvents()
  })

  test.each(ROWS)('$name', (row) => {
    for (const name of NAMES)
      expect({ peer: name, ...meeting.seen(row, name) }).toEqual({ peer: name, ...meeting.wanted(row, name) })
  })
})
