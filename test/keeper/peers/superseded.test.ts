import { beforeEach, describe, expect, it } from 'vitest'
import { SUPERSEDED_OF_PEER_MAX } from '../../../src/keeper/peers/limits.js'
import { Superseded } from '../../../src/keeper/peers/superseded.js'
import { fileEntry, PEERS, versionOf } from '../../share/entries.js'

const [first, second] = PEERS
const a = fileEntry('a')
const b = fileEntry('b')

let superseded: Superseded
beforeEach(() => {
  superseded = new Superseded()
  superseded.add(first, a)
  superseded.add(second, a)
  superseded.add(first, b)
})

describe('entries that lost against ours', () => {
  it('are decided anew once their path changed, of every peer that has one, and once', () => {
    expect(superseded.takeChanged()).toEqual([])
    superseded.handleChange('a')
    superseded.handleChange('nobody has this')
    expect(superseded.takeChanged()).toEqual([
      { peer: first, remote: a },
      { peer: second, remote: a },
    ])
    superseded.handleChange('a')
    expect(superseded.takeChanged()).toEqual([])
  })

  it('are the newest that a peer told', () => {
    const newer = fileEntry('b', { sizeBytes: 9 })
    superseded.add(first, newer)
    superseded.handleChange('b')
    expect(superseded.takeChanged()).toEqual([{ peer: first, remote: newer }])
  })

  it('are also what a newer one of the same peer has not seen, so many at most', () => {
    const versions = [versionOf(0), versionOf(1), versionOf(2), versionOf(3)]
    const others = versions.map((version) => fileEntry('c', { version }))
    const later = fileEntry('c', { version: { ...versionOf(0, 0), seen: versionOf(0, 0).content } })
    for (const each of others) superseded.add(first, each)
    superseded.handleChange('c')
    expect(superseded.takeChanged()).toEqual(others.map((remote) => ({ peer: first, remote })))
    expect(others).toHaveLength(SUPERSEDED_OF_PEER_MAX)
    // It has seen the first, and not the others.
    for (const each of [...others, later]) superseded.add(first, each)
    superseded.handleChange('c')
    expect(superseded.takeChanged()).toEqual(
      [...others.slice(1), later].map((remote) => ({ peer: first, remote })),
    )
  })

  it('beyond that many are forgotten, the oldest first', () => {
    const author = (index: number) => `${index}`.repeat(16)
    const entries = Array.from({ length: SUPERSEDED_OF_PEER_MAX + 1 }, (_, index) => {
      const dot = `${author(index)}:1` as const
      return fileEntry('c', { version: { content: dot, attributes: dot, seen: dot } })
    })
    for (const each of entries) superseded.add(first, each)
    superseded.handleChange('c')
    expect(superseded.takeChanged()).toEqual(entries.slice(1).map((remote) => ({ peer: first, remote })))
  })

  it('are forgotten, of every peer, once somebody tells what has seen them, but not what is the same', () => {
    const lost = fileEntry('c', { version: versionOf(0) })
    const concurrent = fileEntry('c', { version: versionOf(1) })
    const replacing = fileEntry('c', { version: versionOf(0, 2) })
    superseded.add(first, concurrent)
    superseded.add(first, lost)
    superseded.add(second, lost)
    superseded.handleTold(lost)
    superseded.handleTold({ ...replacing, path: 'a' })
    superseded.handleChange('c')
    expect(superseded.takeChanged()).toHaveLength(3)
    superseded.add(first, concurrent)
    superseded.add(first, lost)
    superseded.add(second, lost)
    superseded.handleTold(replacing)
    superseded.handleChange('c')
    expect(superseded.takeChanged()).toEqual([{ peer: first, remote: concurrent }])
  })

  it('are not forgotten for an entry that has not seen who may read them', () => {
    const { attributes } = versionOf(0, 1)
    const opened = fileEntry('c', { version: { ...versionOf(0), attributes, seen: versionOf(0, 1).seen } })
    superseded.add(first, opened)
    superseded.handleTold(fileEntry('c', { version: versionOf(0, 2) }))
    superseded.handleChange('c')
    expect(superseded.takeChanged()).toEqual([{ peer: first, remote: opened }])
  })

  it('are forgotten with their peer, and those of the others are not', () => {
    superseded.handlePeerGone(first)
    superseded.handleChange('a')
    superseded.handleChange('b')
    expect(superseded.takeChanged()).toEqual([{ peer: second, remote: a }])
  })

  it('that were taken do not come back when another loses at their path', () => {
    superseded.handleChange('a')
    superseded.takeChanged()
    superseded.add(second, a)
    expect(superseded.takeChanged()).toEqual([])
    superseded.handleChange('a')
    expect(superseded.takeChanged()).toEqual([{ peer: second, remote: a }])
  })
})
