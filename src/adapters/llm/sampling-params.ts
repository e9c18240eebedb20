import { numberAt } from '../../shared/json-fields.ts'

/** Sampling parameters as clients send them: unchecked (ai.md 2.3). */
export type SamplingParams = Record<string, unknown>

/** Those of `names` that hold a finite number; zero counts, null and junk do not. */
export const pickNumbers = (params: SamplingParams, names: readonly string[]): Record<string, number> => {
  const picked: Record<string, number> = {}
  for (const name of names) {
    const value = numberAt(params, name)
    if (value !== undefined) picked[name] = value
  }
  return picked
}

const toStops = (value: unknown): string[] => {
  const list: unknown[] = Array.isArray(value) ? value : [value]
  return list.filter((item): item is string => typeof item === 'string' && item.trim() !== '')
}

/** `stop_sequences`, else `stop`, as a list of usable texts; both may be a single text. Often empty: leave it out then. */
export const pickStops = (params: SamplingParams): string[] => {
  const stops = toStops(params.stop_sequences)
  return stops.length > 0 ? stops : toStops(params.stop)
}
