import { beforeEach, expect, test } from 'vitest'
import { hash } from '../../../src/io/hash.js'
import { Catalogue } from '../../../src/keeper/index/catalogue.js'
import { PEER_AUTHORS_MAX } from '../../../src/keeper/index/limits.js'
import { PeerAuthors } from '../../../src/keeper/index/peer-authors.js'
import { SimIndex } from '../../../src/sim/peer/index.js'
import { fileEntry } from '../../share/entries.js'

const PEER = 'b'.repeat(16)
const AUTHOR = 'c'.repeat(16)

let index: SimIndex
let catalogue: Catalogue
let authors: PeerAuthors
function start(): void {
  catalogue = new Catalogue(hash, index)
  authors = new PeerAuthors(index, catalogue)
}
beforeEach(() => {
  index = new SimIndex()
  start()
})

function recordEdit(author: string, count: number): void {
  const dot = `${author}:${count}`
  const version = { content: dot, attributes: dot, seen: dot }
  catalogue.record(fileEntry(`${author}-${count}`, { version }), undefined)
}

test('what is known of a peer is told when it says in whose name it edits, and when more becomes known', () => {
  recordEdit(AUTHOR, 7)
  expect(authors.takeNews()).toEqual([])
  authors.handleTold(PEER, AUTHOR)
  expect(authors.takeNews()).toEqual([{ peer: PEER, author: AUTHOR, count: 7 }])
  authors.handleTold(PEER, AUTHOR)
  recordEdit(AUTHOR, 6)
  recordEdit('d'.repeat(16), 9)
  expect(authors.takeNews()).toEqual([])
  recordEdit(AUTHOR, 8)
  expect(authors.takeNews()).toEqual([{ peer: PEER, author: AUTHOR, count: 8 }])
})

test('a peer that goes on in another name is told of that one, of which nothing may be known', () => {
  recordEdit(AUTHOR, 7)
  expect(authors.handleTold(PEER, AUTHOR)).toBe(false)
  expect(authors.handleTold(PEER, AUTHOR)).toBe(false)
  expect(authors.handleTold(PEER, 'e'.repeat(16))).toBe(true)
  expect(authors.takeNews()).toEqual([{ peer: PEER, author: 'e'.repeat(16), count: 0 }])
})

test('the next process knows the names, and counts anew', () => {
  authors.handleTold(PEER, AUTHOR)
  recordEdit(AUTHOR, 7)
  catalogue.commit()
  start()
  expect(authors.takeNews()).toEqual([{ peer: PEER, author: AUTHOR, count: 7 }])
})

test('so many names are kept, and the one that was told first goes', () => {
  const nameOf = (number: number) => number.toString(16).padStart(16, '0')
  for (let number = 0; number <= PEER_AUTHORS_MAX; number++) authors.handleTold(nameOf(number), AUTHOR)
  catalogue.commit()
  start()
  const peers = authors.takeNews().map(({ peer }) => peer)
  expect(peers).toHaveLength(PEER_AUTHORS_MAX)
  expect(peers).not.toContain(nameOf(0))
  expect(peers).toContain(nameOf(PEER_AUTHORS_MAX))
})
