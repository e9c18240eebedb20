const encodings = ['br', 'gzip'] as const
type Encoding = (typeof encodings)[number]

/** `q` of what a client names, e.g. `br;q=0.5, *;q=0`; what it does not name is undefined. */
const readWeights = (header: string): Map<string, number> =>
  new Map(
    header
      .toLowerCase()
      .split(',')
      .map((item) => {
        const [name = '', ...parameters] = item.split(';').map((part) => part.trim())
        const q = parameters.find((one) => one.startsWith('q='))
        const weight = q === undefined ? 1 : Number(q.slice(2))
        return [name === 'x-gzip' ? 'gzip' : name, weight >= 0 && weight <= 1 ? weight : 0] as const
      }),
  )

/** The encodings that a client takes at least as gladly as none, best first; of two that it likes the same, the smaller one. */
export const wantedEncodings = (header: string | null): Encoding[] => {
  if (!header) return []
  const weights = readWeights(header)
  const weightOf = (encoding: string) => weights.get(encoding) ?? weights.get('*') ?? 0
  const ofIdentity = weights.get('identity') ?? 0
  return encodings
    .filter((encoding) => weightOf(encoding) > 0 && weightOf(encoding) >= ofIdentity)
    .toSorted((one, other) => weightOf(other) - weightOf(one))
}
