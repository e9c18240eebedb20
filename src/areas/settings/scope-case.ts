// Scopes are accepted in any case (workspace.md 2); their schema knows lower case only, so this runs before it.

const toLowerCase = (value: unknown): unknown => (typeof value === 'string' ? value.toLowerCase() : value)

export const lowerCaseQueryScope = ({ query }: { query: Record<string, unknown> }) => {
  if ('scope' in query) query['scope'] = toLowerCase(query['scope'])
}

export const lowerCaseBodyScopes = ({ body }: { body: unknown }) => {
  if (typeof body !== 'object' || body === null || !('allowed_scopes' in body)) return
  if (Array.isArray(body.allowed_scopes)) body.allowed_scopes = body.allowed_scopes.map(toLowerCase)
}
