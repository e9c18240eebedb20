import { type Budget, PythonRefusedError } from './budget.ts'
import type { PythonSource } from './syntax.ts'

/** An expression outside of the subset: a call, a condition, a name that nobody assigned. */
export class Unresolved {
  readonly from: number
  readonly to: number

  constructor(from: number, to: number) {
    this.from = from
    this.to = to
  }
}

/** Values are never changed: an assignment to an item makes a new dict. So there are no cycles. */
export type PythonValue = string | number | boolean | null | Unresolved | PythonValue[] | PythonDict
/** A key that cannot be read stands for its whole entry. */
export type PythonDict = Map<string | Unresolved, PythonValue>

export type JsonValue = string | number | boolean | null | JsonValue[] | { [key: string]: JsonValue }

/** A value counts 20 and its characters: at most 50,000 values, at most a megabyte of text, counted wherever it is referred to. */
const maxSize = 1_000_000
const sizeOfOne = 20
const maxDepth = 64

interface Measure {
  size: number
  depth: number
}

/** Of each list and dict, so that `b = [a, a]`, `c = [b, b]` and so on is noticed without walking through it. */
const measures = new WeakMap<object, Measure>()

const measureOf = (value: PythonValue): Measure => {
  if (typeof value === 'string') return { size: sizeOfOne + value.length, depth: 0 }
  const known = typeof value === 'object' && value !== null ? measures.get(value) : undefined
  return known ?? { size: sizeOfOne, depth: 0 }
}

/** The list or dict itself, once it is known to be small enough. Throws {@link PythonRefusedError}. */
export const measured = <Container extends PythonValue[] | PythonDict>(
  budget: Budget,
  container: Container,
): Container => {
  budget.spend(container instanceof Map ? container.size : container.length)
  let size = sizeOfOne
  let depth = 0
  for (const value of container.values()) {
    const one = measureOf(value)
    size += one.size
    depth = Math.max(depth, one.depth)
  }
  if (container instanceof Map) for (const key of container.keys()) size += measureOf(key).size
  if (size > maxSize) throw new PythonRefusedError('a value is too large')
  if (depth >= maxDepth) throw new PythonRefusedError(`a value is nested more than ${maxDepth} levels deep`)
  measures.set(container, { size, depth: depth + 1 })
  return container
}

/** Texts are cheaper to make than values, but stay in memory. */
const charactersPerWork = 16

/** Joined texts, once they are known to be small enough. Throws {@link PythonRefusedError}. */
export const joined = (budget: Budget, texts: string[]): string => {
  const length = texts.reduce((sum, text) => sum + text.length, 0)
  if (length > maxSize) throw new PythonRefusedError('a text is too long')
  budget.spend(Math.ceil(length / charactersPerWork))
  return texts.join('')
}

/** Lists, one after the other. Throws {@link PythonRefusedError} before it would make too long a list. */
export const concatenated = (budget: Budget, lists: PythonValue[][]): PythonValue[] => {
  const length = lists.reduce((sum, list) => sum + list.length, 0)
  if (length * sizeOfOne > maxSize) throw new PythonRefusedError('a value is too large')
  return measured(budget, lists.flat<PythonValue[][]>(1))
}

const maxNotes = 50
const excerptLength = 60

/** Where a value could not be read, and what stands there. */
const describe = (source: PythonSource, path: string, unresolved: Unresolved): string => {
  const code = source
    .textOf(unresolved)
    .slice(0, excerptLength + 1)
    .replaceAll(/\s+/g, ' ')
    .toWellFormed()
  const excerpt = code.length > excerptLength ? `${code.slice(0, excerptLength)}…` : code
  return `${path}: line ${source.lineOf(unresolved.from)} holds no plain value: ${excerpt}`
}

/** The value as JSON: what could not be read is null, an entry with such a key is left out, and `notes` says where. */
export const toJson = (source: PythonSource, value: PythonValue, path: string, notes: string[]): JsonValue => {
  const note = (at: string, unresolved: Unresolved) => {
    if (notes.length < maxNotes) notes.push(describe(source, at, unresolved))
  }
  const convert = (inner: PythonValue, at: string): JsonValue => {
    source.budget.spend(1)
    if (inner instanceof Unresolved) {
      note(at, inner)
      return null
    }
    if (Array.isArray(inner)) return inner.map((one, index) => convert(one, `${at}[${index}]`))
    if (!(inner instanceof Map)) return typeof inner === 'string' ? inner.toWellFormed() : inner
    const entries: [string, JsonValue][] = []
    for (const [key, one] of inner) {
      if (key instanceof Unresolved) note(at, key)
      else entries.push([key.toWellFormed(), convert(one, `${at}.${key.slice(0, excerptLength)}`)])
    }
    // Not by assignment: `__proto__` is a key like any other.
    return Object.fromEntries(entries)
  }
  return convert(value, path)
}
