interface Schema {
  type?: string | string[]
  anyOf?: Schema[]
  properties?: Record<string, Schema>
  items?: Schema
}

const variantsOf = (schema: Schema): Schema[] => schema.anyOf?.flatMap(variantsOf) ?? [schema]

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const accepts = (variants: Schema[], type: string) =>
  variants.some((one) => [one.type ?? 'object'].flat().includes(type))

/** Whether a schema has a list somewhere: most bodies have none and need no look at all. */
export const hasLists = (schema: Schema): boolean =>
  variantsOf(schema).some((one) => one.type === 'array' || Object.values(one.properties ?? {}).some(hasLists))

/**
 * `value`, in which `false` replaces every object that stands where a list belongs.
 *
 * Elysia copies what a schema knows before it checks it, and counts the items of a list by `length`, which an object may
 * have too: forty bytes with a length of four billion would take all memory. No list accepts `false`, not even one
 * that may be null, so the check that follows refuses it.
 */
export const dropFalseLists = (schema: Schema, value: unknown): unknown => {
  const variants = variantsOf(schema)
  if (isObject(value)) {
    if (accepts(variants, 'array') && !accepts(variants, 'object')) return false
    for (const [name, inner] of variants.flatMap(({ properties = {} }) => Object.entries(properties))) {
      if (Object.hasOwn(value, name) && hasLists(inner)) value[name] = dropFalseLists(inner, value[name])
    }
  } else if (Array.isArray(value)) {
    for (const { items } of variants) {
      if (items && hasLists(items))
        for (const [index, item] of value.entries()) value[index] = dropFalseLists(items, item)
    }
  }
  return value
}
