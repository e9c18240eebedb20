import { Kind, TypeRegistry } from '@sinclair/typebox'
import { t } from 'elysia'

const kind = 'conversations.JsonObjectOrNull'

TypeRegistry.Set(kind, (_, value) => value === null || (typeof value === 'object' && !Array.isArray(value)))

/**
 * Any JSON object, or null, untouched. Elysia's normalizer would turn an array or a string into an object before it
 * checks one, and copies every object of an answer.
 */
export const JsonObjectOrNull = t.Unsafe<Record<string, unknown> | null>({ [Kind]: kind, type: ['object', 'null'] })
