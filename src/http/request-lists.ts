interface Schema {
  type?: string | string[]
  maxItems?: number
  anyOf?: Schema[]
  properties?: Record<string, Schema>
  items?: Schema
}

const variantsOf = (schema: Schema): Schema[] => schema.anyOf?.flatMap(variantsOf) ?? [schema]

/** Whether one of them takes a type of JSON; a schema without a type takes anything. */
const accepts = (variants: Schema[], type: string) =>
  variants.some((one) => one.type === undefined || [one.type].flat().includes(type))

/** Whether a schema has a list somewhere: most bodies have none and need no look at all. */
export const hasLists = (schema: Schema): boolean =>
  variantsOf(schema).some((one) => one.type === 'array' || Object.values(one.properties ?? {}).some(hasLists))

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null

const maxItemsOf = (variants: Schema[]): number => {
  const limits = variants.filter(({ type }) => type === 'array').map(({ maxItems }) => maxItems ?? Infinity)
  return limits.length > 0 ? Math.max(...limits) : Infinity
}

/** Numbers and truth values have no length, and fail the check as they are. */
const hasLength = (value: unknown) => isObject(value) || typeof value === 'string'

/**
 * `value`, changed in place where a list belongs: `false` replaces what is none, and of a list that is too long one item
 * more stays than it may have.
 *
 * Elysia copies what a schema knows before it checks it, item by item, and counts the items by `length`. Texts have
 * millions of them and objects may claim billions: forty bytes would take all memory. No list accepts `false`, not even
 * one that may be null, nor an item too many: the check that follows refuses both.
 */
export const boundLists = (schema: Schema, value: unknown): unknown => {
  const variants = variantsOf(schema)
  if (Array.isArray(value)) {
    value.length = Math.min(value.length, maxItemsOf(variants) + 1)
    for (const { items } of variants) {
      if (items && hasLists(items)) for (const [index, item] of value.entries()) value[index] = boundLists(items, item)
    }
    return value
  }
  if (hasLength(value) && accepts(variants, 'array') && !accepts(variants, typeof value)) return false
  if (isObject(value)) {
    for (const [name, inner] of variants.flatMap(({ properties = {} }) => Object.entries(properties))) {
      if (Object.hasOwn(value, name) && hasLists(inner)) value[name] = boundLists(inner, value[name])
    }
  }
  return value
}
