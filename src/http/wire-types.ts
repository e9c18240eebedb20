import { Kind, TypeRegistry } from '@sinclair/typebox'
import { t } from 'elysia'
import { parseIso } from '../shared/clock.ts'

/** Without `format`: Elysia would parse each date of an answer again to check it. */
export const Timestamp = t.String({ description: 'ISO 8601 UTC with milliseconds' })

export const Message = t.Object({ message: t.String() })

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
