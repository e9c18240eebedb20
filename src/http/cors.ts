import type { Config } from '../config.ts'

export interface Cors {
  isAllowed(origin: string): boolean
  /** Headers of an ordinary answer to an allowed origin. */
  answerHeaders(origin: string): Record<string, string>
  /** The whole answer to a preflight (auth.md 2.2). */
  preflight(request: Request, origin: string, headers: Record<string, string>): Response
}

const methods = ['DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT']
/** What a page may send without `APP_ENV=dev`; `Last-Event-ID` lets event streams resume. */
const requestHeaders = [
  'accept',
  'accept-language',
  'authorization',
  'content-language',
  'content-type',
  'last-event-id',
  'x-request-id',
  'x-requested-with',
]
const devOrigin = /^https?:\/\/(\[[0-9a-f:.]+\]|[^/:?#@\s]+)(?::\d{1,5})?$/i

/** Cross-origin rules: in `dev` any port of the configured hosts, else the listed origins. `*` is never sent: answers carry credentials. */
export const createCors = (config: Config): Cors => {
  const isDev = config.appEnv === 'dev'
  const devHosts = new Set(config.corsDevHosts.map((host) => host.toLowerCase()))
  const origins = new Set(config.corsOrigins.map((origin) => new URL(origin).origin))
  const isAllowed = (origin: string) => {
    if (origins.has(origin)) return true
    const host = isDev ? devOrigin.exec(origin)?.[1] : undefined
    return host !== undefined && devHosts.has(host.toLowerCase())
  }
  const common = (origin: string): Record<string, string> => ({
    'access-control-allow-origin': origin,
    ...(config.corsAllowCredentials ? { 'access-control-allow-credentials': 'true' } : {}),
  })
  const exposed = ['x-request-id', 'retry-after', ...config.corsExposeHeaders.filter((name) => name !== '*')].join(', ')
  return {
    isAllowed,
    answerHeaders: (origin) => ({ ...common(origin), 'access-control-expose-headers': exposed }),
    preflight(request, origin, headers) {
      const asked = (request.headers.get('access-control-request-headers') ?? '').toLowerCase()
      const names = asked
        .split(',')
        .map((name) => name.trim())
        .filter(Boolean)
      const failures = [
        ...(isAllowed(origin) ? [] : ['origin']),
        ...(methods.includes(request.headers.get('access-control-request-method') ?? '') ? [] : ['method']),
        ...(isDev || names.every((name) => requestHeaders.includes(name)) ? [] : ['headers']),
      ]
      const text = { ...headers, 'content-type': 'text/plain; charset=utf-8', vary: 'Origin' }
      if (failures.length > 0)
        return new Response(`Disallowed CORS ${failures.join(', ')}`, { status: 400, headers: text })
      return new Response('OK', {
        headers: {
          ...text,
          ...common(origin),
          'access-control-allow-methods': methods.join(', '),
          'access-control-allow-headers': isDev && asked ? asked : requestHeaders.join(', '),
          'access-control-max-age': String(config.corsMaxAgeSeconds),
        },
      })
    },
  }
}
