import { Elysia } from 'elysia'
import type { Deps } from '../../deps.ts'
import { documented } from '../../http/documented.ts'
import { limited } from '../../http/rate-limit.ts'
import { requestInfo } from '../../http/request-info.ts'
import { assertOwnOrigin, readCookie, refreshCookie, requireUser } from '../../http/session.ts'
import { Message } from '../../http/wire-types.ts'
import * as errors from './auth.errors.ts'
import { Login, LoginAnswer, Refresh, Register, Tokens, toUser, UpdatePassword, UpdateUsername, User } from './auth.schema.ts'
import { changePassword, changeUsername, checkCredentials, getUser, registerUser } from './auth.service.ts'
import { clearSessionCookies, setSessionCookies } from './session-cookies.ts'
import { closeSession, openSession, refreshWithAny } from './sessions.ts'

export const authRoutes = (deps: Deps) =>
  new Elysia({ name: 'areas.auth', prefix: '/api/v1/auth' })
    .use(requireUser(deps))
    .use(limited(deps))
    .post('/register', async ({ body, request }) => toUser(await registerUser(deps, body, request)), {
      limit: 'rateLimitRegister',
      body: Register,
      response: User,
      detail: documented('Create an account; the first one is the administrator', errors.emailTaken, errors.usernameTaken, errors.registrationClosed),
    })
    .post(
      '/login',
      async ({ body, request, cookie }) => {
        deps.rateLimiter.take(`login:${requestInfo(request).address}:${body.email.trim().toLowerCase()}`, deps.config.rateLimitLogin)
        const user = await checkCredentials(deps, body, request)
        const tokens = await openSession(deps, user.id, request)
        setSessionCookies(cookie, request, tokens, deps.config)
        return { ...tokens, user: toUser(user) }
      },
      {
        limit: 'rateLimitLoginAddress',
        body: Login,
        response: LoginAnswer,
        detail: documented('Sign in: tokens in the body and as HttpOnly cookies', errors.wrongCredentials, errors.tooManyLogins),
      },
    )
    .post(
      '/refresh',
      async ({ body, request, cookie }) => {
        const fromCookie = readCookie(request, refreshCookie)
        if (fromCookie) assertOwnOrigin(request, deps.cors.isAllowed)
        const candidates = [fromCookie, body?.refresh_token].filter((token) => typeof token === 'string' && token !== '') as string[]
        try {
          const tokens = await refreshWithAny(deps, candidates, request)
          setSessionCookies(cookie, request, tokens, deps.config)
          return tokens
        } catch (error) {
          clearSessionCookies(cookie, request)
          throw error
        }
      },
      {
        limit: 'rateLimitRefresh',
        body: Refresh,
        response: Tokens,
        detail: documented('New tokens for a refresh token from the cookie or the body', errors.noRefreshToken, errors.badRefreshToken, errors.notRefreshToken, errors.refreshExpired, errors.refreshUserGone),
      },
    )
    .post(
      '/logout',
      ({ session, request, cookie }) => {
        closeSession(deps, session, request)
        clearSessionCookies(cookie, request)
        return { message: 'Successfully logged out' }
      },
      { user: true, response: Message, detail: documented('End this session at once') },
    )
    .get('/me', ({ user }) => toUser(getUser(deps, user.id)), { user: true, response: User, detail: documented('The signed-in user') })
    .put('/profile/username', ({ user, body }) => toUser(changeUsername(deps, user, body?.username)), {
      user: true,
      body: UpdateUsername,
      response: User,
      detail: documented('Change the user name', errors.usernameRequired, errors.usernameLength, errors.usernameTaken),
    })
    .put(
      '/profile/password',
      async ({ user, body, request }) => {
        await changePassword(deps, user, body ?? {}, request)
        return { message: 'Password updated successfully' }
      },
      {
        user: true,
        limit: 'rateLimitPassword',
        body: UpdatePassword,
        response: Message,
        detail: documented('Change the password; ends every session', errors.currentPasswordRequired, errors.newPasswordRequired, errors.currentPasswordWrong, errors.passwordMismatch, errors.passwordTooShort, errors.passwordTooLong),
      },
    )
