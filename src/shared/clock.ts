/** Milliseconds since the epoch. Injected, so that tests move time instead of sleeping. */
export type Clock = () => number

export const toIso = (ms: number): string => new Date(ms).toISOString()

const [minMs, maxMs] = [Date.parse('0001-01-01T00:00Z'), Date.parse('9999-12-31T23:59:59.999Z')]
const isoPattern = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?)(Z|[+-]\d\d:?\d\d)?)?$/i

/**
 * The instant of an ISO 8601 text; without an offset it is UTC. Undefined for anything else, such as a 30th of February,
 * and outside of the years 1 to 9999 in UTC, whose texts would have another form.
 */
export const parseIso = (text: string): number | undefined => {
  const [, date, time = '00:00', offset = 'Z'] = isoPattern.exec(text) ?? []
  const day = Date.parse(`${date}T00:00Z`)
  // Some days that do not exist would become days of the next month.
  if (date === undefined || Number.isNaN(day) || !toIso(day).startsWith(date)) return undefined
  const ms = Date.parse(`${date}T${time}${offset.toUpperCase().replace(/(\d\d)(\d\d)$/, '$1:$2')}`)
  return ms >= minMs && ms <= maxMs ? ms : undefined
}

/** Larger numbers than this are taken for milliseconds: as seconds it is the year 2603. */
const maxUnixSeconds = 20_000_000_000

/** The instant of an ISO 8601 text or of a Unix number, in seconds or milliseconds, also as text. Undefined for anything else. */
export const parseTime = (value: unknown): number | undefined => {
  const number = typeof value === 'string' && /^\s*-?\d+(\.\d+)?\s*$/.test(value) ? Number(value) : value
  if (typeof number !== 'number') return typeof number === 'string' ? parseIso(number) : undefined
  const ms = Math.round(Math.abs(number) > maxUnixSeconds ? number : number * 1000)
  return ms >= minMs && ms <= maxMs ? ms : undefined
}
