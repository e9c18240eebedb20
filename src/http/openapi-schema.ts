/** JSON Schema as TypeBox writes it, or the dialect of OpenAPI 3.0.3. */
export interface Schema {
  type?: string | string[]
  const?: unknown
  enum?: unknown[]
  nullable?: boolean
  anyOf?: Schema[]
  oneOf?: Schema[]
  allOf?: Schema[]
  not?: Schema
  items?: Schema | Schema[]
  required?: string[]
  properties?: Record<string, Schema>
  patternProperties?: Record<string, Schema>
  additionalProperties?: Schema | boolean
  examples?: unknown[]
  [keyword: string]: unknown
}

/** Keywords that mean the same in both dialects and hold no schema. */
const plainKeywords = new Set(
  `$ref type format title description enum nullable default example deprecated readOnly writeOnly
  minLength maxLength pattern minimum maximum exclusiveMinimum exclusiveMaximum multipleOf
  minItems maxItems uniqueItems minProperties maxProperties`.split(/\s+/),
)

type Rewrite = (schema: Schema) => Schema

const isNull = (schema: Schema) => schema.type === 'null'
const isConstant = (schema: Schema) => 'const' in schema

/** Several types are a union of them. */
const rewriteTypes: Rewrite = (schema) => {
  const { type, ...rest } = schema
  return Array.isArray(type) ? { ...rest, anyOf: type.map((one) => ({ type: one })) } : schema
}

const flatten = (variants: Schema[]): Schema[] =>
  variants.map(rewriteTypes).flatMap((variant) => (variant.anyOf ? flatten(variant.anyOf) : [variant]))

/** Elysia adds these variants to what stands in a query or a path, to read it from text. */
const coercedFormats = new Set<unknown>(['integer', 'numeric', 'boolean', 'ObjectString', 'ArrayString'])
const isCoercion = ({ type, format }: Schema) => type === 'string' && coercedFormats.has(format)

/** Unions of unions become one, and `X | null` is a nullable X, since 3.0.3 has no null type. */
const rewriteUnion: Rewrite = (schema) => {
  if (isNull(schema)) return { ...schema, type: 'string', enum: [null], nullable: true }
  const { anyOf, ...rest } = schema
  if (!anyOf) return schema
  const variants = flatten(anyOf).filter((variant) => !isCoercion(variant))
  const others = variants.filter((variant) => !isNull(variant))
  const nullable = others.length < variants.length ? { nullable: true } : {}
  const [only] = others
  if (only && others.length === 1) return { ...only, ...rest, ...nullable }
  if (others.every(isConstant)) return { ...rest, ...nullable, anyOf: others }
  return { ...rest, anyOf: others.map((variant) => ({ ...variant, ...nullable })) }
}

/** A literal is an `enum` of one; a union of literals of one type is one `enum`. */
const rewriteConstants: Rewrite = (schema) => {
  const { anyOf: variants, const: value, ...rest } = schema
  const withNull = (values: unknown[]) => (schema.nullable ? [...values, null] : values)
  if (isConstant(schema)) return { ...rest, enum: withNull([value]) }
  const [type, ...otherTypes] = new Set(variants?.map((variant) => variant.type))
  if (!type || otherTypes.length > 0 || !variants?.every(isConstant)) return schema
  return { ...rest, type, enum: withNull(variants.map((variant) => variant.const)) }
}

/** A record is written with `patternProperties`, which 3.0.3 does not know. */
const rewriteRecord: Rewrite = (schema) => {
  const [values] = Object.values(schema.patternProperties ?? {})
  return values ? { ...schema, additionalProperties: values } : schema
}

const rewriteBounds: Rewrite = (schema) => {
  const { exclusiveMinimum, exclusiveMaximum } = schema
  return {
    ...schema,
    ...(typeof exclusiveMinimum === 'number' ? { minimum: exclusiveMinimum, exclusiveMinimum: true } : {}),
    ...(typeof exclusiveMaximum === 'number' ? { maximum: exclusiveMaximum, exclusiveMaximum: true } : {}),
  }
}

/** A tuple becomes an array of any of its items; an array without items takes anything. */
const rewriteItems: Rewrite = (schema) => {
  if (schema.type !== 'array') return schema
  return { ...schema, items: Array.isArray(schema.items) ? { anyOf: schema.items } : (schema.items ?? {}) }
}

const rewriteExample: Rewrite = (schema) => (schema.examples ? { ...schema, example: schema.examples[0] } : schema)

const rewrites = [
  rewriteTypes,
  rewriteUnion,
  rewriteConstants,
  rewriteRecord,
  rewriteBounds,
  rewriteItems,
  rewriteExample,
]

const mapProperties = (properties: Record<string, Schema>) =>
  Object.fromEntries(Object.entries(properties).map(([name, one]) => [name, toOpenApiSchema(one)]))

/** What has a default may be left out. Only requests have defaults. */
const withoutDefaults = (required: string[] = [], properties: Record<string, Schema> = {}): string[] =>
  required.filter((name) => properties[name]?.['default'] === undefined)

/** The members that hold schemas themselves. */
const innerSchemas = ({
  anyOf,
  oneOf,
  allOf,
  not,
  items,
  properties,
  additionalProperties,
  ...rest
}: Schema): Schema => {
  const required = withoutDefaults(rest.required, properties)
  return {
    ...(anyOf ? { anyOf: anyOf.map(toOpenApiSchema) } : {}),
    ...(oneOf ? { oneOf: oneOf.map(toOpenApiSchema) } : {}),
    ...(allOf ? { allOf: allOf.map(toOpenApiSchema) } : {}),
    ...(not ? { not: toOpenApiSchema(not) } : {}),
    ...(items && !Array.isArray(items) ? { items: toOpenApiSchema(items) } : {}),
    ...(properties ? { properties: mapProperties(properties) } : {}),
    ...(typeof additionalProperties === 'object'
      ? { additionalProperties: toOpenApiSchema(additionalProperties) }
      : {}),
    ...(typeof additionalProperties === 'boolean' ? { additionalProperties } : {}),
    ...(required.length > 0 ? { required } : {}),
  }
}

/** A schema of TypeBox in the dialect of OpenAPI 3.0.3; keywords that this does not know are left out. */
export const toOpenApiSchema = (schema: Schema): Schema => {
  const rewritten = rewrites.reduce((current, rewrite) => rewrite(current), schema)
  const plain = Object.entries(rewritten).filter(([keyword]) => plainKeywords.has(keyword))
  return { ...Object.fromEntries(plain), ...innerSchemas(rewritten) }
}
