import type { Budget } from './budget.ts'
import { type PythonValue, Unresolved, concatenated, joined } from './values.ts'

/** A name or item whose own value could not be read tells no more than one that is not there. */
export const known = (value: PythonValue | undefined) => (value instanceof Unresolved ? undefined : value)

/** A text, or a number, which is a text as a key in JSON. */
export const toKey = (value: PythonValue): string | undefined =>
  typeof value === 'string' || Number.isSafeInteger(value) ? String(value) : undefined

/** Texts, lists or numbers, all of a kind. */
export const sumOf = (budget: Budget, values: PythonValue[]): PythonValue | undefined => {
  if (values.every((value) => typeof value === 'string')) return joined(budget, values)
  if (values.every((value) => Array.isArray(value))) return concatenated(budget, values)
  if (!values.every((value) => typeof value === 'number')) return undefined
  const total = values.reduce((sum, value) => sum + value, 0)
  return Number.isFinite(total) ? total : undefined
}

/** `container[key]`. */
export const itemOf = (container: PythonValue, key: PythonValue): PythonValue | undefined => {
  if (container instanceof Map && typeof key === 'string') return known(container.get(key))
  return Array.isArray(container) && Number.isSafeInteger(key) ? known(container.at(Number(key))) : undefined
}

/** `owner.get(key, fallback)`, also where nothing is known about the owner (plugins.md B1.4 point 5). */
export const getFrom = (owner: PythonValue, key?: PythonValue, fallback?: PythonValue): PythonValue | undefined => {
  if (!(owner instanceof Map)) return fallback
  if (typeof key !== 'string') return undefined
  return owner.has(key) ? known(owner.get(key)) : (fallback ?? null)
}

/** As `str()` would show it inside of an f-string; undefined for what has a form of Python's own. */
export const showInText = (value: PythonValue): string | undefined => {
  if (typeof value === 'string') return value
  if (value === null) return 'None'
  if (typeof value === 'boolean') return value ? 'True' : 'False'
  return Number.isSafeInteger(value) ? String(value) : undefined
}
