import { Elysia } from 'elysia'
import type { Deps } from '../../deps.ts'
import { documented } from '../../http/documented.ts'
import { limited } from '../../http/rate-limit.ts'
import { addressGroup, requestInfo } from '../../http/request-info.ts'
import { originNotAllowed, requireUser } from '../../http/session.ts'
import { Message } from '../../http/wire-types.ts'
import { AppError } from '../../shared/app-error.ts'
import * as errors from './auth.errors.ts'
import {
  Login,
  LoginAnswer,
  Refresh,
  Register,
  Tokens,
  toUser,
  UpdatePassword,
  UpdateUsername,
  User,
} from './auth.schema.ts'
import { changePassword, changeUsername, checkCredentials, getUser, registerUser } from './auth.service.ts'
import { readPasswordChange, readLogin, readRegister, readText } from './request-bodies.ts'
import { clearSessionCookies, readRefreshCookie, setSessionCookies } from './session-cookies.ts'
import { closeSession, openSession, refreshSession } from './sessions.ts'

export const authRoutes = (deps: Deps) =>
  new Elysia({ name: 'areas.auth', prefix: '/api/v1/auth' })
    .use(requireUser(deps))
    .use(limited(deps))
    .post('/register', async ({ body, request }) => toUser(await registerUser(deps, readRegister(body), request)), {
      limit: 'rateLimitRegister',
      body: Register,
      response: User,
      detail: documented(
        'Create an account; the first one is the administrator',
        errors.emailTaken,
        errors.usernameTaken,
        errors.registerMismatch,
        errors.registrationClosed,
      ),
    })
    .post(
      '/login',
      async ({ body, request, cookie }) => {
        const credentials = readLogin(body)
        deps.rateLimiter.take(
          `login:${addressGroup(requestInfo(request).address)}:${credentials.email.toLowerCase()}`,
          deps.config.rateLimitLogin,
        )
        const user = await checkCredentials(deps, credentials, request)
        const tokens = await openSession(deps, user, request)
        setSessionCookies(deps, cookie, request, tokens)
        return { ...tokens, user: toUser(user) }
      },
      {
        limit: 'rateLimitLoginAddress',
        body: Login,
        response: LoginAnswer,
        detail: documented(
          'Sign in: tokens in the body and as HttpOnly cookies',
          errors.wrongCredentials,
          errors.tooManyLogins,
        ),
      },
    )
    .post(
      '/refresh',
      async ({ body, request, cookie }) => {
        const fromBody = readText(body, 'refresh_token')
        const candidates = { cookie: readRefreshCookie(deps, request, Boolean(fromBody)), body: fromBody }
        try {
          const tokens = await refreshSession(deps, candidates, request)
          setSessionCookies(deps, cookie, request, tokens)
          return tokens
        } catch (error) {
          if (error instanceof AppError) clearSessionCookies(deps, cookie, request)
          throw error
        }
      },
      {
        limit: 'rateLimitRefresh',
        body: Refresh,
        response: Tokens,
        detail: documented(
          'New tokens for a refresh token from the cookie or the body',
          errors.noRefreshToken,
          errors.badRefreshToken,
          errors.notRefreshToken,
          errors.refreshExpired,
          errors.refreshUserGone,
          originNotAllowed,
        ),
      },
    )
    .post(
      '/logout',
      ({ session, request, cookie }) => {
        closeSession(deps, session, request)
        clearSessionCookies(deps, cookie, request)
        return { message: 'Successfully logged out' }
      },
      { user: true, response: Message, detail: documented('End this session at once') },
    )
    .get('/me', ({ user }) => toUser(getUser(deps, user.id)), {
      user: true,
      response: User,
      detail: documented('The signed-in user'),
    })
    .put(
      '/profile/username',
      ({ user, body, request }) => toUser(changeUsername(deps, user, readText(body, 'username'), request)),
      {
        user: true,
        body: UpdateUsername,
        response: User,
        detail: documented(
          'Change the user name',
          errors.usernameRequired,
          errors.usernameLength,
          errors.usernameUnusable,
          errors.usernameTaken,
        ),
      },
    )
    .put(
      '/profile/password',
      async ({ user, body, request, cookie }) => {
        await changePassword(deps, user, readPasswordChange(body), request)
        clearSessionCookies(deps, cookie, request)
        return { message: 'Password updated successfully' }
      },
      {
        user: true,
        limit: 'rateLimitPassword',
        body: UpdatePassword,
        response: Message,
        detail: documented(
          'Change the password; ends every session',
          errors.currentPasswordRequired,
          errors.newPasswordRequired,
          errors.confirmationRequired,
          errors.currentPasswordWrong,
          errors.passwordMismatch,
          errors.passwordTooShort,
          errors.passwordTooLong,
          errors.passwordUnusable,
        ),
      },
    )
