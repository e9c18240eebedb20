import { Elysia } from 'elysia'
import type { RateLimit } from '../config-fields.ts'
import type { Config } from '../config.ts'
import type { Deps, Session } from '../deps.ts'
import { AppError } from '../shared/app-error.ts'
import type { Clock } from '../shared/clock.ts'
import { addressGroup, requestInfo } from './request-info.ts'
import { identity } from './session.ts'

export interface RateLimiter {
  /** Counts one request. Throws 429 with `Retry-After`; a refused request does not count. */
  take(key: string, limit: RateLimit): void
}

const maxKeys = 100_000
/** Room made at once when full, so that the search for old windows is paid for by many requests, not by each. */
const roomKeys = maxKeys / 10

interface Window {
  count: number
  endsAt: number
}

const makeRoom = (windows: Map<string, Window>, now: number) => {
  for (const [key, { endsAt }] of windows) if (endsAt <= now) windows.delete(key)
  // Still full of live windows: someone is inventing keys. The oldest ones go.
  for (const key of windows.keys()) {
    if (windows.size <= maxKeys - roomKeys) break
    windows.delete(key)
  }
}

/** A window starts with a key's first request and ends `windowSeconds` later. Keys name the endpoint, so that limits never share a count (auth.md 13, row 13). */
export const createRateLimiter = (clock: Clock, isEnabled: boolean): RateLimiter & { readonly size: number } => {
  const windows = new Map<string, Window>()
  return {
    take(key, limit) {
      if (!isEnabled) return
      const now = clock()
      const window = windows.get(key)
      if (!window || window.endsAt <= now) {
        if (windows.size >= maxKeys) makeRoom(windows, now)
        windows.delete(key)
        windows.set(key, { count: 1, endsAt: now + limit.windowSeconds * 1000 })
        return
      }
      if (window.count >= limit.max) throw rateLimited(Math.ceil((window.endsAt - now) / 1000))
      window.count++
    },
    get size() {
      return windows.size
    },
  }
}

const rateLimited = (retryAfterSeconds: number) =>
  new AppError(
    { status: 429, code: 'http.rate_limited', message: 'Rate limit exceeded. Please try again later.' },
    { headers: { 'retry-after': String(retryAfterSeconds) } },
  )

type RateLimitDeps = Pick<Deps, 'config' | 'rateLimiter' | 'findSession'>

const addressKey = (request: Request) => `address:${addressGroup(requestInfo(request).address)}`

const callerKey = (request: Request, session: Session | undefined) =>
  session ? `user:${session.user.id}` : addressKey(request)

/** The default limit of every endpoint: per user, or per address for who is not signed in. */
export const defaultRateLimit = ({ config, rateLimiter, findSession }: RateLimitDeps) =>
  new Elysia({ name: 'http.rate-limit' })
    .use(identity({ findSession }))
    .onTransform({ as: 'global' }, ({ request, session }) => {
      rateLimiter.take(callerKey(request, session), config.rateLimitDefault)
    })

/** Names of the limits in `Config` that routes can ask for. */
type LimitName = { [Name in keyof Config]: Config[Name] extends RateLimit ? Name : never }[keyof Config]

/** These guard passwords and accounts: being signed in as somebody must not buy further attempts. */
const perAddress: ReadonlySet<LimitName> = new Set<LimitName>([
  'rateLimitRegister',
  'rateLimitLoginAddress',
  'rateLimitRefresh',
])

/** Adds the option `limit: '<name in Config>'`: a stricter limit for this route alone, counted before the body is validated. */
export const limited = ({ config, rateLimiter, findSession }: RateLimitDeps) =>
  new Elysia({ name: 'http.limited' }).use(identity({ findSession })).macro({
    limit: (name: LimitName) => ({
      transform({ request, session }: { request: Request; session: Session | undefined }) {
        const who = perAddress.has(name) ? addressKey(request) : callerKey(request, session)
        rateLimiter.take(`${name}:${who}`, config[name])
      },
    }),
  })
