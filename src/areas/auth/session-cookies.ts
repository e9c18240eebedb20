import type { Cookie } from 'elysia'
import type { Deps } from '../../deps.ts'
import { requestInfo } from '../../http/request-info.ts'
import { accessCookie, isOwnOrigin, originNotAllowed, readCookie, refreshCookie } from '../../http/session.ts'
import type { Tokens } from './auth.schema.ts'

type Jar = Record<string, Cookie<unknown>>
type CookieDeps = Pick<Deps, 'config' | 'cors'>

/** Lax, since every client of another site sends the bearer header; `Secure` whenever the request came by https. */
const attributes = ({ config }: CookieDeps, request: Request) =>
  ({ httpOnly: true, path: config.basePath || '/', sameSite: 'lax', secure: requestInfo(request).isHttps }) as const

/** A page of a foreign origin gets its tokens in the body, but may not sign this browser in or out. */
const mayTouch = ({ cors }: CookieDeps, request: Request) => isOwnOrigin(request, cors.isAllowed)

/**
 * The refresh cookie. One that a foreign page sends along does not count, and is refused when the request has no other
 * token: such a page could otherwise rotate the tokens of a visitor.
 */
export const readRefreshCookie = (deps: CookieDeps, request: Request, hasOtherToken: boolean): string | undefined => {
  const cookie = readCookie(request, refreshCookie)
  if (cookie === undefined || mayTouch(deps, request)) return cookie
  if (hasOtherToken) return undefined
  throw originNotAllowed()
}

export const setSessionCookies = (deps: CookieDeps, jar: Jar, request: Request, tokens: Tokens) => {
  if (!mayTouch(deps, request)) return
  const { accessTokenMinutes, refreshTokenDays } = deps.config
  jar[accessCookie]?.set({ ...attributes(deps, request), value: tokens.access_token, maxAge: accessTokenMinutes * 60 })
  jar[refreshCookie]?.set({
    ...attributes(deps, request),
    value: tokens.refresh_token,
    maxAge: refreshTokenDays * 86_400,
  })
}

/** A browser deletes a cookie only when path and attributes are those it was set with. */
export const clearSessionCookies = (deps: CookieDeps, jar: Jar, request: Request) => {
  if (!mayTouch(deps, request)) return
  for (const name of [accessCookie, refreshCookie]) {
    jar[name]?.set({ ...attributes(deps, request), value: '', maxAge: 0, expires: new Date(0) })
  }
}
