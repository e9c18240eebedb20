type Kind = 'object' | 'array'

const kindOf = (value: unknown): Kind | undefined => {
  if (typeof value !== 'object' || value === null) return undefined
  return Array.isArray(value) ? 'array' : 'object'
}

/** What a JSON column of a plugin or module must hold. */
const kinds = {
  props: 'object',
  configFields: 'object',
  messages: 'object',
  requiredServices: 'object',
  layout: 'object',
  dependencies: 'array',
  permissions: 'array',
  requiredServicesRuntime: 'array',
  backendDependencies: 'array',
  tags: 'array',
} satisfies Record<string, Kind>
export type JsonColumn = keyof typeof kinds

/** What is read most: nobody needs to parse it. */
const empty: Record<Kind, string> = { object: '{}', array: '[]' }

/** Whether a stored text is JSON of the kind that its column is for. Imported rows may hold anything. */
export const isSound = (column: JsonColumn, text: string): boolean => {
  const kind = kinds[column]
  if (text === empty[kind]) return true
  try {
    return kindOf(JSON.parse(text)) === kind
  } catch {
    return false
  }
}

/** The stored text as it may stand in an answer; `fallback`, or else an empty object or list, for what is broken. */
export const soundJson = (column: JsonColumn, text: string, fallback = empty[kinds[column]]): string =>
  isSound(column, text) ? text : fallback
