import { isDeeperThan } from '../../../shared/json-depth.ts'

/** As for bodies: clients would not be let write deeper ones either. */
const maxDepth = 64

export type Fields = Record<string, unknown>

export const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** What Python writes for numbers that JSON does not have. */
const notFinite = /"(?:\\.|[^"\\])*"|-?\bInfinity\b|\bNaN\b/g

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return JSON.parse(text.replaceAll(notFinite, (match) => (match.startsWith('"') ? match : 'null')))
  }
}

/** A JSON text in a pair of quotes that nobody escaped for. */
const inQuotes = /^\s*"\s*([[{].*[\]}])\s*"\s*$/s

/** What a text holds, also where it was made JSON twice. Undefined for what is no JSON, or nested too deeply. */
export const parseLooseJson = (text: string): unknown => {
  let value: unknown
  try {
    value = parse(text)
  } catch {
    const inner = inQuotes.exec(text)?.[1]
    return inner === undefined ? undefined : parseLooseJson(inner)
  }
  if (isDeeperThan(value, maxDepth)) return undefined
  if (typeof value !== 'string' || !/^\s*["[{]/.test(value)) return value
  const inner = parseLooseJson(value)
  return inner === undefined ? value : inner
}

/** The text itself if it is JSON as it stands: writing it anew would round large numbers. */
export const toJsonText = (text: string, value: unknown): string => {
  try {
    return typeof JSON.parse(text) === 'string' ? JSON.stringify(value) : text
  } catch {
    return JSON.stringify(value)
  }
}
