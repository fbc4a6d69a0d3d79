// How much of a test that could go on for ever is run: some in `npm test`, more in `npm run test:long`.

/** Whether this is `npm run test:long` (vitest.long.config.ts sets it). */
export const isLong = process.env.LEFT_TEST_LONG !== undefined

/** The first of them, in `npm test`. */
export function someOf<Item>(items: readonly Item[], quickCount = 1): readonly Item[] {
  return isLong ? items : items.slice(0, quickCount)
}
