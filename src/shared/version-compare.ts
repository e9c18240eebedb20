const segmentsOf = (version: string) => version.trim().replace(/^v/i, '').split('.')

const isNumeric = (segment: string) => /^\d+$/.test(segment)

const compareSegments = (first: string, second: string): number => {
  if (first === second) return 0
  if (!isNumeric(first) || !isNumeric(second)) return first < second ? -1 : 1
  const [one, other] = [BigInt(first), BigInt(second)]
  if (one === other) return 0
  return one < other ? -1 : 1
}

/** Longer texts are no versions. */
const maxLength = 100

/**
 * Below zero when `first` is the older one (plugins.md A1): a leading `v` does not count, segments between dots are
 * numbers where both are, else texts; missing ones are 0.
 */
export const compareVersions = (first: string, second: string): number => {
  const ours = segmentsOf(first.slice(0, maxLength))
  const theirs = segmentsOf(second.slice(0, maxLength))
  for (let index = 0; index < Math.max(ours.length, theirs.length); index++) {
    const order = compareSegments(ours[index] ?? '0', theirs[index] ?? '0')
    if (order !== 0) return order
  }
  return 0
}
