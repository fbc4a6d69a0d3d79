/** The first of several deadlines; undefined stands for one that never comes. */
export function earliest(...dues: readonly (number | undefined)[]): number | undefined {
  let firstMs: number | undefined
  for (const dueMs of dues)
    if (dueMs !== undefined && (firstMs === undefined || dueMs < firstMs)) firstMs = dueMs
  return firstMs
}
