import { Kind, TypeRegistry } from '@sinclair/typebox'
import { t } from 'elysia'
import { parseIso, parseTime } from '../shared/clock.ts'

/** Without `format`: Elysia would parse each date of an answer again to check it. */
export const Timestamp = t.String({ description: 'ISO 8601 UTC with milliseconds' })

export const Message = t.Object({ message: t.String() })

/** Option of a body's schema: its length in bytes, where that is less than `MAX_REQUEST_SIZE`. A longer one is not parsed. */
export const maxBodyBytes = 'x-max-bytes'

/** `X | null` in an answer. */
export const Nullable = <Schema extends Parameters<typeof t.Union>[0][number]>(schema: Schema) =>
  t.Union([schema, t.Null()])

/** A text that a client may send, leave out or send as null. */
export const OptionalText = (maxLength: number, description?: string) =>
  t.Optional(Nullable(t.String({ maxLength, ...(description ? { description } : {}) })))

const timeKind = 'http.TimeText'
TypeRegistry.Set(timeKind, (_, value) => typeof value === 'string' && parseIso(value) !== undefined)

/** A time that a client sends, for `parseIso`. */
export const TimeText = (description: string) =>
  t.Unsafe<string>({ [Kind]: timeKind, type: 'string', description: `${description}. ISO 8601; UTC without an offset` })

const instantKind = 'http.Instant'
TypeRegistry.Set(instantKind, (_, value) => parseTime(value) !== undefined)

/** The same, or a Unix number, for `parseTime`. */
export const TimeInput = (description: string) =>
  t.Unsafe<string | number>({
    [Kind]: instantKind,
    type: ['string', 'number'],
    description: `${description}. ISO 8601 (UTC without an offset), or a Unix number in seconds or milliseconds`,
  })

const integerPattern = /^\s*[+-]?\d+(\.0*)?\s*$/

/** The whole number that a client means: in a query, every number is text. Undefined for anything else. */
export const toInteger = (value: unknown): number | undefined => {
  const number = typeof value === 'string' && integerPattern.test(value) ? Number(value) : value
  return Number.isInteger(number) ? (number as number) : undefined
}

interface IntegerOptions {
  minimum: number
  maximum: number
  default?: number
  description?: string
}

const integerKind = 'http.Integer'
TypeRegistry.Set(integerKind, ({ minimum, maximum }: IntegerOptions, value) => {
  const number = toInteger(value)
  return number !== undefined && number >= minimum && number <= maximum
})

/**
 * A whole number that a client sends, as a number or as text. `t.Integer` judges the bounds of a text apart from its
 * request, and so cannot say which field is wrong.
 */
export const IntegerInput = (options: IntegerOptions) =>
  t
    .Transform(t.Unsafe<number>({ [Kind]: integerKind, type: 'integer', ...options }))
    .Decode(Number)
    .Encode((value) => value)

const flags = new Map<unknown, boolean | undefined>([
  ...['true', '1', 'yes', 'on'].map((word) => [word, true] as const),
  ...['false', '0', 'no', 'off'].map((word) => [word, false] as const),
  ['', undefined],
])
const flagKind = 'http.QueryFlag'
TypeRegistry.Set(flagKind, (_, value) => typeof value === 'string' && flags.has(value.toLowerCase()))

/** Yes or no in a query, in the words of several programming languages; an empty one counts as left out. */
export const QueryFlag = (description?: string) =>
  t.Optional(
    t
      .Transform(t.Unsafe<string>({ [Kind]: flagKind, type: 'boolean', ...(description ? { description } : {}) }))
      .Decode((word) => flags.get(word.toLowerCase()))
      .Encode(String),
  )
