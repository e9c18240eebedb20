/** The value below which the given share (0 to 1) of the samples lies. Throws without samples: no figure is better than NaN. */
export const percentile = (samples: number[], share: number): number => {
  const sorted = samples.toSorted((left, right) => left - right)
  const value = sorted[Math.min(Math.floor(sorted.length * share), sorted.length - 1)]
  if (value === undefined) throw new Error('nothing was measured')
  return value
}

export const median = (samples: number[]): number => percentile(samples, 0.5)

export const spread = (samples: number[]): string =>
  `${Math.min(...samples).toFixed(2)}..${Math.max(...samples).toFixed(2)}`
