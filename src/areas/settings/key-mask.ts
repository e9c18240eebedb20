import { type Fields, isFields, parseJsonText } from './json-value.ts'
import { maskedKey } from './settings.errors.ts'

interface KeyFormat {
  prefix: string
  minLength: number
  /** How many characters a mask shows. */
  head: number
  tail: number
}

/** Definitions whose API keys no answer shows (workspace.md 3, "Masking"). */
const keyFormats = new Map<string, KeyFormat>([
  ['openai_api_keys_settings', { prefix: 'sk-', minLength: 23, head: 7, tail: 4 }],
  ['openrouter_api_keys_settings', { prefix: 'sk-or-', minLength: 26, head: 7, tail: 4 }],
  ['claude_api_keys_settings', { prefix: 'sk-ant-', minLength: 26, head: 7, tail: 4 }],
  ['groq_api_keys_settings', { prefix: 'gsk_', minLength: 24, head: 4, tail: 4 }],
])

/** Any spelling: `api_key`, `apiKey`, `API-KEY`, `openaiApiKey`. */
const isKeyName = (name: string) =>
  name
    .toLowerCase()
    .replaceAll(/[_\- ]/g, '')
    .endsWith('apikey')

const isValidKey = (text: string, { prefix, minLength }: KeyFormat) =>
  text.startsWith(prefix) && text.length >= minLength

/** No real key looks so. */
const looksMasked = (text: string) => /\.\.\.|…|^[*•]+$/.test(text)

/** The mask of a valid key: it is recognised in any field. */
const isMaskOfValid = (text: string, { prefix, head, tail }: KeyFormat) =>
  text.startsWith(prefix) && text.length === head + 3 + tail && text.slice(head, -tail) === '...'

const maskKey = (key: string, { head, tail }: KeyFormat): string => {
  if (key.length > head + tail) return `${key.slice(0, head)}...${key.slice(-tail)}`
  return key.length > 1 ? `${key[0]}...${key.at(-1)}` : '***'
}

/** Maps each text inside `value`; `isKey` says that it stands where a key stands. */
const mapTexts = (value: unknown, map: (text: string, isKey: boolean) => string, isKey: boolean): unknown => {
  if (typeof value === 'string') return map(value, isKey)
  if (Array.isArray(value)) return value.map((item) => mapTexts(item, map, isKey))
  if (!isFields(value)) return value
  // `fromEntries` keeps a field named `__proto__` a plain field.
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [name, mapTexts(inner, map, isKey || isKeyName(name))]),
  )
}

/** Maps the objects and bare texts at the top of `value`, JSON inside a string and lists included. */
const mapTop = (value: unknown, mapFields: (fields: Fields) => unknown, mapText: (text: string) => string): unknown => {
  if (Array.isArray(value)) return value.map((item) => mapTop(item, mapFields, mapText))
  if (isFields(value)) return mapFields(value)
  if (typeof value !== 'string') return value
  const inner = parseJsonText(value)
  if (inner === undefined) return mapText(value)
  const before = JSON.stringify(inner)
  const after = JSON.stringify(mapTop(inner, mapFields, mapText))
  return after === before ? value : after
}

const collectKeys = (value: unknown, format: KeyFormat): string[] => {
  const keys: string[] = []
  const collect = (text: string, isKey: boolean) => {
    if (text !== '' && (isKey || isValidKey(text, format))) keys.push(text)
    return text
  }
  mapTop(
    value,
    (fields) => mapTexts(fields, collect, false),
    (text) => collect(text, true),
  )
  return keys
}

/** Whether the value holds an API key of a definition whose keys are masked. */
export const holdsKey = (definitionId: string, value: unknown): boolean => {
  const format = keyFormats.get(definitionId)
  return format !== undefined && collectKeys(value, format).length > 0
}

/** The value as answers show it: keys masked, and in objects that have one `_has_key` and `_key_valid`. */
export const maskKeys = (definitionId: string, value: unknown): unknown => {
  const format = keyFormats.get(definitionId)
  if (!format) return value
  const maskText = (text: string, isKey: boolean) =>
    text !== '' && (isKey || isValidKey(text, format)) ? maskKey(text, format) : text
  const maskFields = (fields: Fields) => {
    const keys = collectKeys(fields, format)
    const masked = mapTexts(fields, maskText, false)
    if (!isFields(masked) || keys.length === 0) return masked
    return {
      ...masked,
      _has_key: keys.some((key) => key.trim() !== ''),
      _key_valid: keys.some((key) => isValidKey(key, format)),
    }
  }
  return mapTop(value, maskFields, (text) => maskText(text, true))
}

const withoutHints = (fields: unknown): unknown => {
  if (!isFields(fields)) return fields
  const { _has_key: _, _key_valid: __, ...rest } = fields
  return rest
}

/**
 * The value as it is to be stored: a key that equals the mask of a stored one is that key again, whatever the spelling
 * of its field, and what `maskKeys` added is dropped. A mask of no stored key is refused: it would overwrite a key.
 */
export const unmaskKeys = (definitionId: string, value: unknown, stored: unknown): unknown => {
  const format = keyFormats.get(definitionId)
  if (!format) return value
  const keys = collectKeys(stored, format)
  const unmaskText = (text: string, isKey: boolean) => {
    const key = keys.find((one) => maskKey(one, format) === text && (isKey || isValidKey(one, format)))
    const isMask = isKey ? looksMasked(text) : isMaskOfValid(text, format)
    if (key === undefined && isMask) throw maskedKey()
    return key ?? text
  }
  return mapTop(
    value,
    (fields) => withoutHints(mapTexts(fields, unmaskText, false)),
    (text) => unmaskText(text, true),
  )
}
