import { Kind, TypeRegistry } from '@sinclair/typebox'
import { t } from 'elysia'

const isObject = (value: unknown) => typeof value === 'object' && value !== null && !Array.isArray(value)

const objectKind = 'http.JsonObject'
const objectOrNullKind = 'http.JsonObjectOrNull'
TypeRegistry.Set(objectKind, (_, value) => isObject(value))
TypeRegistry.Set(objectOrNullKind, (_, value) => value === null || isObject(value))

/**
 * Any JSON object, untouched. Elysia's normalizer would turn an array or a string into an object before it checks an
 * ordinary open schema, and copies every object of an answer.
 */
export const JsonObject = (description?: string) =>
  t.Unsafe<Record<string, unknown>>({ [Kind]: objectKind, type: ['object'], ...(description ? { description } : {}) })

export const JsonObjectOrNull = (description?: string) =>
  t.Unsafe<Record<string, unknown> | null>({
    [Kind]: objectOrNullKind,
    type: ['object', 'null'],
    ...(description ? { description } : {}),
  })
