import { describe, expect, it } from 'vitest'
import { freePlaces, freePorts, placeText } from '../../harness/peers/places.js'

describe('places for peers of one machine', () => {
  it('are as many as asked for, all different', async () => {
    const places = await freePlaces(3)
    expect(new Set(places.map(placeText)).size).toBe(3)
    for (const { host, port } of places) {
      expect(host).toMatch(/^127\.0\.0\.[123]$/)
      expect(port).toBeGreaterThan(0)
    }
  })

  it('can be had on one address', async () => {
    const places = await freePorts('127.0.0.1', 4)
    expect(new Set(places.map(placeText)).size).toBe(4)
    expect(places.every(({ host }) => host === '127.0.0.1')).toBe(true)
  })
})
