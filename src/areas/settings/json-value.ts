import { isDeeperThan } from '../../shared/json-depth.ts'

export type Fields = Record<string, unknown>

export const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const maxDepth = 64

/** The object, list or text that a JSON text holds, or undefined: some clients store JSON inside a string (ai.md 1.1). */
export const parseJsonText = (text: string): unknown => {
  if (!/^\s*["[{]/.test(text)) return undefined
  try {
    const value: unknown = JSON.parse(text)
    // The body's own depth was checked on arrival, but not that of a text inside it.
    return isDeeperThan(value, maxDepth) ? undefined : value
  } catch {
    return undefined
  }
}

/** What a text holds, however often it was wrapped; anything else as it is. */
export const unwrapJsonText = (value: unknown): unknown => {
  const inner = typeof value === 'string' ? parseJsonText(value) : undefined
  return inner === undefined ? value : unwrapJsonText(inner)
}
