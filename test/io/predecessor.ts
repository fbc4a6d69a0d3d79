// A process of its own for succession.test.ts: takes the place in the folder that it was given, says so, and stays.

import { succeed } from '../../src/io/succession.js'

succeed(process.argv[2]!)
console.log('there')
setInterval(() => {}, 1_000)
