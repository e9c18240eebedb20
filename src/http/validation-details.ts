import { ValueErrorType } from '@sinclair/typebox/errors'
import type { ValidationError } from 'elysia'
import { toInteger } from './wire-types.ts'

/** One fault, in the form that clients of the API know (auth.md 1.1) but without the value that was sent. */
export interface ValidationDetail {
  type: string
  loc: (string | number)[]
  msg: string
}

/** A fault that no schema can say. Answered as if the schema of the body had found it. */
export class FieldError extends Error {
  override name = 'FieldError'
  readonly detail: ValidationDetail

  constructor(path: string[], type: string, msg: string) {
    super(msg)
    this.detail = { type, loc: ['body', ...path], msg }
  }
}

interface SchemaFault {
  type: ValueErrorType
  path: string
  value?: unknown
  message: string
  schema: {
    type?: string | string[]
    minLength?: number
    maxLength?: number
    minimum?: number
    maximum?: number
    minItems?: number
    maxItems?: number
    anyOf?: { type?: string; format?: string; const?: unknown }[]
  }
  errors?: Iterable<SchemaFault>[]
}

const places: Record<string, string> = { params: 'path', headers: 'header' }

type Wording = (schema: SchemaFault['schema']) => [type: string, msg: string]

const wordings: Partial<Record<ValueErrorType, Wording>> = {
  [ValueErrorType.ObjectRequiredProperty]: () => ['missing', 'Field required'],
  [ValueErrorType.String]: () => ['string_type', 'Input should be a valid string'],
  [ValueErrorType.StringMinLength]: ({ minLength }) => [
    'string_too_short',
    `String should have at least ${minLength} characters`,
  ],
  [ValueErrorType.StringMaxLength]: ({ maxLength }) => [
    'string_too_long',
    `String should have at most ${maxLength} characters`,
  ],
  [ValueErrorType.StringPattern]: () => ['string_pattern_mismatch', 'String does not match the expected form'],
  [ValueErrorType.Integer]: () => ['int_parsing', 'Input should be a valid integer'],
  [ValueErrorType.Number]: () => ['float_parsing', 'Input should be a valid number'],
  [ValueErrorType.IntegerMinimum]: ({ minimum }) => [
    'greater_than_equal',
    `Input should be greater than or equal to ${minimum}`,
  ],
  [ValueErrorType.NumberMinimum]: ({ minimum }) => [
    'greater_than_equal',
    `Input should be greater than or equal to ${minimum}`,
  ],
  [ValueErrorType.IntegerMaximum]: ({ maximum }) => [
    'less_than_equal',
    `Input should be less than or equal to ${maximum}`,
  ],
  [ValueErrorType.NumberMaximum]: ({ maximum }) => [
    'less_than_equal',
    `Input should be less than or equal to ${maximum}`,
  ],
  [ValueErrorType.Boolean]: () => ['bool_parsing', 'Input should be a valid boolean'],
  [ValueErrorType.Object]: () => ['dict_type', 'Input should be a valid object'],
  [ValueErrorType.Array]: () => ['list_type', 'Input should be a valid list'],
  [ValueErrorType.ArrayMinItems]: ({ minItems }) => ['too_short', `List should have at least ${minItems} items`],
  [ValueErrorType.ArrayMaxItems]: ({ maxItems }) => ['too_long', `List should have at most ${maxItems} items`],
}

/** The fault of one of our own kinds of schema, as the kind of JSON that it stands for would have it. */
const ofOwnKind = ({ schema: { type, minimum = -Infinity }, value }: SchemaFault): ValueErrorType => {
  if (Array.isArray(type) && type.includes('object')) return ValueErrorType.Object
  if (type === 'boolean') return ValueErrorType.Boolean
  if (type !== 'integer') return ValueErrorType.Kind
  const number = toInteger(value)
  if (number === undefined) return ValueErrorType.Integer
  return number < minimum ? ValueErrorType.IntegerMinimum : ValueErrorType.IntegerMaximum
}

const toSegments = (pointer: string) =>
  pointer
    .split('/')
    .slice(1)
    .map((segment) => (/^\d+$/.test(segment) ? Number(segment) : segment.replaceAll('~1', '/').replaceAll('~0', '~')))

/** `null or X` fails as a union; what is wrong with X is what helps. */
const unwrap = (fault: SchemaFault): SchemaFault => {
  if (fault.type !== ValueErrorType.Union) return fault
  const variants = fault.schema.anyOf ?? []
  const wanted = variants.findIndex((variant) => variant.type !== 'null' && variant.const === undefined)
  const inner = fault.errors?.[wanted]?.[Symbol.iterator]().next().value as SchemaFault | undefined
  return inner ? unwrap(inner) : fault
}

const isChoice = ({ schema }: SchemaFault) => schema.anyOf?.some((variant) => variant.const !== undefined) ?? false

/**
 * Elysia drops unknown fields by copying the known ones: a missing field arrives here as undefined, and what is no list
 * as a list of nothing defined.
 */
const toKnownFault = (fault: SchemaFault): SchemaFault => {
  const { type, path, value } = fault
  if (value === undefined && /\/\d+$/.test(path))
    return { ...fault, type: ValueErrorType.Array, path: path.slice(0, path.lastIndexOf('/')) }
  if (value === undefined || (path === '' && value === null))
    return { ...fault, type: ValueErrorType.ObjectRequiredProperty }
  return type === ValueErrorType.Kind ? { ...fault, type: ofOwnKind(fault) } : fault
}

const toDetail = (place: string, outer: SchemaFault): ValidationDetail => {
  const fault = toKnownFault(unwrap(outer))
  const loc = [place, ...toSegments(fault.path)]
  const wording = wordings[fault.type]
  if (wording) {
    const [type, msg] = wording(fault.schema)
    return { type, loc, msg }
  }
  return {
    type: isChoice(fault) ? 'enum' : 'value_error',
    loc,
    msg: isChoice(fault) ? 'Input should be one of the allowed values' : 'Input is not valid',
  }
}

const maxDetails = 20

/** At most 20 faults, one for each place. */
export const toValidationDetails = (error: ValidationError): ValidationDetail[] => {
  const place = places[error.type] ?? error.type
  const details = new Map<string, ValidationDetail>()
  for (const fault of error.all as unknown as SchemaFault[]) {
    if (details.size >= maxDetails) break
    const detail = 'path' in fault ? toDetail(place, fault) : { type: 'missing', loc: [place], msg: 'Field required' }
    const key = detail.loc.join('/')
    if (!details.has(key)) details.set(key, detail)
  }
  return [...details.values()]
}
