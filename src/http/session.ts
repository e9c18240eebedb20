import { Elysia } from 'elysia'
import type { Deps, Session } from '../deps.ts'
import { defineError } from '../shared/app-error.ts'

export const notAuthenticated = defineError(401, 'auth.not_authenticated', 'Not authenticated')
export const invalidToken = defineError(401, 'auth.invalid_token', 'Invalid token')
export const adminRequired = defineError(403, 'auth.admin_required', 'Admin required')
export const originNotAllowed = defineError(403, 'auth.origin_not_allowed', 'This origin may not use your cookies')

export const accessCookie = 'access_token'
export const refreshCookie = 'refresh_token'

/** The value of one cookie, without parsing the others. */
export const readCookie = (request: Request, name: string): string | undefined => {
  const header = request.headers.get('cookie')
  if (!header) return undefined
  const pair = header.split(/;\s*/).find((one) => one.startsWith(`${name}=`))
  const value = pair?.slice(name.length + 1).replaceAll('"', '')
  return value === '' ? undefined : value
}

/** The credential of a request: header first, then cookie (contract decision 1). */
export const readAccessToken = (request: Request): { token: string; isCookie: boolean } | undefined => {
  const header = request.headers.get('authorization')
  if (header && /^bearer\s/i.test(header)) return { token: header.slice(7).trim(), isCookie: false }
  const token = readCookie(request, accessCookie)
  return token === undefined ? undefined : { token, isCookie: true }
}

/** Adds `session`, or undefined for strangers. Never rejects: what needs a user says so with `user: true`. */
export const identity = ({ findSession }: Pick<Deps, 'findSession'>) =>
  new Elysia({ name: 'http.identity' }).derive(
    { as: 'global' },
    async ({ request }): Promise<{ session: Session | undefined }> => {
      const credential = readAccessToken(request)
      return { session: credential && (await findSession(credential.token)) }
    },
  )

const isSafe = (method: string) => method === 'GET' || method === 'HEAD' || method === 'OPTIONS'

/**
 * Browsers attach cookies to what foreign pages send, too. An unsafe request that lives on a cookie must come from an
 * allowed origin, from our own host, or from a program (which sends no `Origin`).
 */
export const isOwnOrigin = (request: Request, isAllowed: (origin: string) => boolean): boolean => {
  const origin = request.headers.get('origin')
  if (isSafe(request.method) || origin === null || isAllowed(origin)) return true
  return URL.canParse(origin) && new URL(origin).hostname === new URL(request.url).hostname
}

type GuardDeps = Pick<Deps, 'findSession' | 'cors' | 'audit'>

/**
 * Adds the options `user: true` and `admin: true`, which hand the route a `user`, and `adminUnless`. Checked in `transform`, which runs
 * before the body is validated: strangers get 401, not 422.
 */
export const requireUser = (deps: GuardDeps) => {
  const check = (request: Request, session: Session | undefined): Session => {
    const credential = readAccessToken(request)
    if (!credential) {
      deps.audit({ type: 'auth.unauthorized', status: 'failure', request })
      throw notAuthenticated()
    }
    if (!session) {
      deps.audit({ type: 'auth.token_invalid', status: 'failure', request })
      throw invalidToken()
    }
    if (credential.isCookie && !isOwnOrigin(request, deps.cors.isAllowed)) throw originNotAllowed()
    return session
  }
  const checkAdmin = (request: Request, session: Session | undefined): Session => {
    const known = check(request, session)
    if (known.user.isAdmin) return known
    deps.audit({ type: 'auth.forbidden', status: 'failure', userId: known.user.id, request })
    throw adminRequired()
  }
  return new Elysia({ name: 'http.require-user' }).use(identity(deps)).macro({
    user: {
      transform({ request, session }: { request: Request; session: Session | undefined }) {
        check(request, session)
      },
      resolve({ session }) {
        if (!session) throw notAuthenticated()
        return { user: session.user, session }
      },
    },
    admin: {
      transform({ request, session }: { request: Request; session: Session | undefined }) {
        checkAdmin(request, session)
      },
      resolve({ session }) {
        if (!session?.user.isAdmin) throw adminRequired()
        return { user: session.user }
      },
    },
    /** For routes that some programs may ask without an account. */
    adminUnless: (isExempt: (request: Request) => boolean) => ({
      transform({ request, session }: { request: Request; session: Session | undefined }) {
        if (!isExempt(request)) checkAdmin(request, session)
      },
      resolve({ request, session }: { request: Request; session: Session | undefined }) {
        if (!session?.user.isAdmin && !isExempt(request)) throw adminRequired()
      },
    }),
  })
}
