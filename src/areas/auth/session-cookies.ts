import type { Cookie } from 'elysia'
import type { Config } from '../../config.ts'
import { requestInfo } from '../../http/request-info.ts'
import { accessCookie, refreshCookie } from '../../http/session.ts'
import type { Tokens } from './auth.schema.ts'

type Jar = Record<string, Cookie<unknown>>

/** Lax, since every client of another site sends the bearer header; `Secure` whenever the request came by https. */
const attributes = (request: Request) =>
  ({ httpOnly: true, path: '/', sameSite: 'lax', secure: requestInfo(request).isHttps }) as const

export const setSessionCookies = (jar: Jar, request: Request, tokens: Tokens, config: Config) => {
  jar[accessCookie]?.set({ ...attributes(request), value: tokens.access_token, maxAge: config.accessTokenMinutes * 60 })
  jar[refreshCookie]?.set({ ...attributes(request), value: tokens.refresh_token, maxAge: config.refreshTokenDays * 86_400 })
}

/** A browser deletes a cookie only when path and attributes are those it was set with. */
export const clearSessionCookies = (jar: Jar, request: Request) => {
  for (const name of [accessCookie, refreshCookie]) jar[name]?.set({ ...attributes(request), value: '', maxAge: 0, expires: new Date(0) })
}
