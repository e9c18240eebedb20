import type { Static, TObject, TSchema } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'

export type RawFields = Record<string, unknown>

/** Why a manifest is refused; `field` is the one that is missing. */
export class ManifestRefusedError extends Error {
  readonly field: string | undefined

  constructor(message: string, field?: string) {
    super(message)
    this.field = field
  }
}

/** What one manifest's fields are read with: `path` says in warnings and reasons where the fields stand. */
export interface FieldReader {
  raw: RawFields
  path: string
  warnings: string[]
}

const maxWarnings = 100

export const warn = ({ warnings, path }: Pick<FieldReader, 'warnings' | 'path'>, text: string) => {
  if (warnings.length < maxWarnings) warnings.push(path ? `${path}: ${text}` : text)
}

export const isFields = (value: unknown): value is RawFields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** A field that is there: what a prototype has is none, and null is as good as absent. */
const ownValue = (raw: RawFields, name: string): unknown =>
  Object.hasOwn(raw, name) ? (raw[name] ?? undefined) : undefined

const explain = (schema: TSchema, value: unknown) =>
  schema.description ?? Value.Errors(schema, value).First()?.message ?? 'not as expected'

/** The fields that must be there. Throws {@link ManifestRefusedError} with the name and the rule of the first that is not. */
export const readRequired = <Schema extends TObject>(schema: Schema, { raw, path }: FieldReader): Static<Schema> => {
  const at = path ? `${path}.` : ''
  const entries = Object.entries(schema.properties).map(([name, one]) => {
    const value = ownValue(raw, name)
    if (value === undefined || value === '') {
      throw new ManifestRefusedError(`Missing required field: ${at}${name}`, `${at}${name}`)
    }
    if (!Value.Check(one, value)) throw new ManifestRefusedError(`Invalid ${at}${name}: ${explain(one, value)}`)
    return [name, value]
  })
  return Object.fromEntries(entries)
}

/** The fields that have a default: what is missing takes it silently, what does not fit its schema with a warning. */
export const readOptional = <Schema extends TObject>(
  schema: Schema,
  reader: FieldReader,
  defaults: Required<Static<Schema>>,
): Required<Static<Schema>> => {
  const fallbacks: RawFields = defaults
  const entries = Object.entries(schema.properties).map(([name, one]) => {
    const value = ownValue(reader.raw, name)
    if (value !== undefined && Value.Check(one, value)) return [name, value]
    if (value !== undefined) warn(reader, `${name} is left out: ${explain(one, value)}`)
    return [name, structuredClone(fallbacks[name])]
  })
  return Object.fromEntries(entries)
}

type Camel<Name> = Name extends `${infer First}_${infer Rest}` ? `${First}${Capitalize<Camel<Rest>>}` : Name
export type Camelized<Fields> = { [Name in keyof Fields as Camel<Name>]: Fields[Name] }

/** `bundle_location` → `bundleLocation`: the names of the tables. Only the fields themselves, nothing inside of them. */
export const camelize = <Fields extends object>(fields: Fields): Camelized<Fields> =>
  Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [
      name.replaceAll(/_(\w)/g, (_, letter: string) => letter.toUpperCase()),
      value,
    ]),
  ) as Camelized<Fields>

interface ListRules<One> {
  limit: number
  path: string
  warnings: string[]
  read: (reader: FieldReader) => One
  keyOf: (one: One) => string
}

/** Parts that a plugin can do without: of the first `limit` those that can be read, the first of each key. Else a warning. */
export const readList = <One>(values: unknown[], { limit, path, warnings, read, keyOf }: ListRules<One>): One[] => {
  if (values.length > limit) warn({ warnings, path }, `only the first ${limit} are used`)
  const found = new Map<string, One>()
  for (const [index, value] of values.slice(0, limit).entries()) {
    const reader = { raw: isFields(value) ? value : {}, path: `${path}[${index}]`, warnings }
    try {
      const one = read(reader)
      if (found.has(keyOf(one))) warn(reader, `${keyOf(one)} is there already`)
      else found.set(keyOf(one), one)
    } catch (error) {
      if (!(error instanceof ManifestRefusedError)) throw error
      warn({ warnings, path: '' }, error.message)
    }
  }
  return [...found.values()]
}
