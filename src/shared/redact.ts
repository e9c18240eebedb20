const secretName = /password|secret|token|key|auth|credential/i
const secretNames = new Set(['cookie', 'session', 'ssn', 'social_security', 'credit_card', 'card_number', 'cvv', 'pin'])
const maxDepth = 5

/** A text without tokens and keys. */
export const redactText = (text: string): string =>
  text
    .replaceAll(/\beyJ[\w-]+\.[\w-]+\.[\w-]*/g, '[REDACTED_JWT]')
    .replaceAll(/\b(?:sk-|gsk_)[\w-]{20,}/g, '[REDACTED_API_KEY]')
    .replaceAll(/\b(Bearer|Basic) +\S+/gi, '$1 [REDACTED]')

const secretParameter = /([?&#;][^=&#;\s]*(?:password|secret|token|key|auth|credential)[^=&#;\s]*=)[^&#;\s]*/gi

/**
 * An address, well-formed or not, without what may sign somebody in: all in front of its last `@` but the scheme and the
 * `git` of `git@host:path`, and the values of telling parameters.
 */
export const redactAddress = (address: string): string => {
  const [, scheme = '', rest = ''] = /^(\s*[a-z][a-z\d+.-]*:\/\/)?(.*)$/is.exec(address) ?? []
  const end = rest.lastIndexOf('@')
  const isSecret = end >= 0 && rest.slice(0, end) !== 'git'
  return redactText(scheme + (isSecret ? `[REDACTED]${rest.slice(end)}` : rest)).replaceAll(
    secretParameter,
    '$1[REDACTED]',
  )
}

const redactValue = (value: unknown, depth: number): unknown => {
  if (typeof value === 'string') return redactText(value)
  if (typeof value !== 'object' || value === null) return value
  if (depth === 0) return '[CUT]'
  if (Array.isArray(value)) return value.map((one) => redactValue(one, depth - 1))
  return redactFields(value, depth - 1)
}

const redactFields = (fields: object, depth: number): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(fields).map(([name, value]) => {
      const isSecret = secretName.test(name) || secretNames.has(name.toLowerCase())
      return [name, isSecret ? '[REDACTED]' : redactValue(value, depth)]
    }),
  )

/** The details of an audit event without what must never be written down (auth.md 11.1). */
export const redact = (details: Record<string, unknown>): Record<string, unknown> => redactFields(details, maxDepth - 1)
