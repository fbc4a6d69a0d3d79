// A process that trusts ten keys, one after the other; pins.test.ts runs several of them at once.

import { Pins } from '../../src/seal/pins.js'

const [file, number] = process.argv.slice(2)
const pins = new Pins(file!)
for (let index = 0; index < 10; index++) await pins.trust(`${number}${index}`.repeat(32), {})
