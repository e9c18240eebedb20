import { readFileSync } from 'node:fs'

/** One environment variable: the README's table, `--help` and the reader are all made from it. */
export interface ConfigField<T> {
  /** First name wins; further names are what existing installations use. */
  names: [string, ...string[]]
  doc: string
  /** Text shown as the default. */
  defaultText: string
  isSecret: boolean
  fallback: T
  /** Throws an Error whose message completes the sentence "NAME …". */
  parse(text: string): T
}

type Names = string | [string, ...string[]]
const asNames = (names: Names): [string, ...string[]] => (typeof names === 'string' ? [names] : names)

const field = <T>(names: Names, fallback: T, doc: string, parse: (text: string) => T): ConfigField<T> => ({
  names: asNames(names),
  doc,
  defaultText: fallback === undefined ? '' : Array.isArray(fallback) ? fallback.join(',') : String(fallback),
  isSecret: false,
  fallback,
  parse,
})

export const text = <T extends string | undefined>(names: Names, fallback: T, doc: string) =>
  field<string | T>(names, fallback, doc, (value) => value)

/** Also read from the file that `NAME_FILE` names (systemd credentials, Docker secrets). */
export const secret = (names: Names, doc: string): ConfigField<string | undefined> => ({
  ...field<string | undefined>(names, undefined, doc, (value) => {
    if (knownPlaceholders.has(value))
      throw new Error('is the placeholder of a published template; set a value of your own')
    return value
  }),
  isSecret: true,
})

/** A key that protects the installation: a short one would be guessable. */
export const masterSecret = (names: Names, doc: string): ConfigField<string | undefined> => {
  const base = secret(names, doc)
  return {
    ...base,
    parse(value) {
      const parsed = base.parse(value)
      if (value.length < 16) throw new Error('must have at least 16 characters')
      return parsed
    },
  }
}

export const integer = (names: Names, fallback: number, [min, max]: [number, number], doc: string) =>
  field(names, fallback, doc, (value) => {
    const number = Number(value)
    if (!/^-?\d+$/.test(value) || number < min || number > max)
      throw new Error(`must be an integer from ${min} to ${max}`)
    return number
  })

export const choice = <const T extends string>(names: Names, fallback: T, choices: readonly T[], doc: string) =>
  field<T>(names, fallback, doc, (value) => {
    const found = choices.find((one) => one === value.toLowerCase())
    if (!found) throw new Error(`must be one of ${choices.join(', ')}`)
    return found
  })

const yes = new Set(['true', '1', 'yes', 'on'])
const no = new Set(['false', '0', 'no', 'off', ''])

export const flag = (names: Names, fallback: boolean, doc: string) =>
  field(names, fallback, doc, (value) => {
    const word = value.toLowerCase()
    if (!yes.has(word) && !no.has(word)) throw new Error('must be true or false')
    return yes.has(word)
  })

/** Accepts a JSON array, a comma-separated list or an empty value. */
export const list = (names: Names, fallback: string[], doc: string) =>
  field(names, fallback, doc, (value) => {
    if (!value.trim().startsWith('['))
      return value
        .split(',')
        .map((item) => item.trim())
        .filter(Boolean)
    const parsed: unknown = JSON.parse(value)
    if (!Array.isArray(parsed) || !parsed.every((item) => typeof item === 'string'))
      throw new Error('must be a list of strings')
    return parsed.map((item: string) => item.trim()).filter(Boolean)
  })

export interface RateLimit {
  max: number
  windowSeconds: number
}

/** `max/seconds`, e.g. `5/300`. */
export const rateLimit = (name: string, fallback: string, doc: string) => {
  const parse = (value: string): RateLimit => {
    const match = /^(\d{1,7})\/(\d{1,6})$/.exec(value)
    if (!match || Number(match[1]) < 1 || Number(match[2]) < 1)
      throw new Error('must look like 100/60 (requests/seconds)')
    return { max: Number(match[1]), windowSeconds: Number(match[2]) }
  }
  return { ...field(name, parse(fallback), doc, parse), defaultText: fallback }
}

export const httpUrl = (names: Names, fallback: string, doc: string) =>
  field(names, fallback, doc, (value) => {
    const url = URL.canParse(value) ? new URL(value) : undefined
    if (!url || !['http:', 'https:'].includes(url.protocol)) throw new Error('must be an http or https URL')
    if (url.username || url.password) throw new Error('must not contain a user name or password')
    return value.replace(/\/+$/, '')
  })

/** Where our own paths begin: below such a path nobody could tell whether it was taken off already. */
const ownPaths = new Set(['api', 'health', 'metrics', 'openapi.json'])

/** A path such as `/brain` without a slash at its end; the empty text for the root. */
export const urlPath = (name: string, doc: string) =>
  field(name, '', doc, (value) => {
    const path = value.replace(/\/+$/, '')
    if (path === '') return ''
    const names = path.split('/').slice(1)
    if (!/^(\/[\w.~-]+)+$/.test(path) || names.some((one) => /^\.+$/.test(one)))
      throw new Error('must be a path such as /brain')
    if (ownPaths.has(names[0] ?? '')) throw new Error(`must not begin with /${names[0]}, which is a path of the server`)
    return path
  })

/** Values that shipped templates of existing installations contain (auth.md 11.2). */
const knownPlaceholders = new Set(['your-secret-key-here', 'your-encryption-master-key-here', 'changeme', 'secret'])

type Environment = Record<string, string | undefined>

/** Where a value came from: `default`, or the variable, or the variable that named its file. */
export interface FieldValue<T> {
  value: T
  origin: string
}

/** `problems` collects what is wrong, for all fields at once. */
export const readField = <T>(one: ConfigField<T>, environment: Environment, problems: string[]): FieldValue<T> => {
  for (const name of one.names) {
    const raw = readRaw(one, name, environment, problems)
    if (raw === undefined) continue
    try {
      return { value: one.parse(raw.text), origin: raw.origin }
    } catch (error) {
      problems.push(`${name} ${error instanceof SyntaxError ? 'is not valid JSON' : (error as Error).message}`)
    }
  }
  return { value: one.fallback, origin: 'default' }
}

const readRaw = (one: ConfigField<unknown>, name: string, environment: Environment, problems: string[]) => {
  const isList = Array.isArray(one.fallback)
  const direct = environment[name]
  // An empty value means "none" for a list and "not set" for everything else.
  if (direct !== undefined && (direct !== '' || isList)) return { text: direct, origin: name }
  const file = one.isSecret ? environment[`${name}_FILE`] : undefined
  if (!file) return undefined
  try {
    // Editors end a file with a line break; spaces belong to the secret, as they would in the variable.
    const content = readFileSync(file, 'utf8').replace(/[\r\n]+$/, '')
    if (content === '') problems.push(`${name}_FILE names an empty file`)
    return content === '' ? undefined : { text: content, origin: `${name}_FILE` }
  } catch (error) {
    problems.push(`${name}_FILE cannot be read: ${(error as Error).message}`)
    return undefined
  }
}
