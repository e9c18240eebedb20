import type { Deps } from '../../deps.ts'
import { inTransaction } from '../../db/transaction.ts'
import { readUserAgent, requestInfo } from '../../http/request-info.ts'
import { AppError } from '../../shared/app-error.ts'
import { newNonce, newUuid } from '../../shared/ids.ts'
import * as errors from './auth.errors.ts'
import type { Tokens } from './auth.schema.ts'
import {
  deleteSession,
  deleteSurplusSessions,
  findSessionRow,
  findUser,
  insertSession,
  updateSession,
} from './auth.store.ts'
import type { UserRow } from './auth.table.ts'
import type { RefreshClaims } from './session-tokens.ts'

type SessionDeps = Pick<Deps, 'db' | 'clock' | 'config' | 'tokens' | 'audit' | 'log'>

/** Tabs share their tokens and may refresh at the same moment: the token before the newest one stays good for so long. */
const graceMs = 60_000

const dayMs = 86_400_000

const issueTokens = async ({ clock, config, tokens }: SessionDeps, claims: RefreshClaims): Promise<Tokens> => ({
  access_token: await tokens.signAccess(claims.userId, claims.sessionId),
  token_type: 'bearer',
  refresh_token: await tokens.signRefresh(claims),
  expires_in: config.accessTokenMinutes * 60,
  refresh_expires_in: config.refreshTokenDays * 86_400,
  issued_at: Math.floor(clock() / 1000),
  user_id: claims.userId,
})

/** More devices than anybody has; a script that signs in every minute must not fill the table. */
const maxSessionsPerUser = 100

/** Checking the password took its time: meanwhile it may have been changed, or the account locked. */
const assertUnchanged = ({ db }: SessionDeps, user: UserRow) => {
  const now = findUser(db, user.id)
  if (!now?.isActive || now.passwordHash !== user.passwordHash) throw errors.wrongCredentials()
}

/** A new session: one per sign-in, so that a person may use several devices. `user` is the row whose password was checked. */
export const openSession = (deps: SessionDeps, user: UserRow, request: Request): Promise<Tokens> => {
  const now = deps.clock()
  const claims = { userId: user.id, sessionId: newUuid(), refreshId: newNonce() }
  inTransaction(deps.db, () => {
    assertUnchanged(deps, user)
    deleteSurplusSessions(deps.db, user.id, maxSessionsPerUser - 1)
    insertSession(deps.db, {
      id: claims.sessionId,
      userId: user.id,
      refreshId: claims.refreshId,
      previousRefreshId: null,
      rotatedAt: now,
      expiresAt: now + deps.config.refreshTokenDays * dayMs,
      ip: requestInfo(request).address,
      userAgent: readUserAgent(request),
      createdAt: now,
    })
  })
  deps.audit({ type: 'auth.login_success', status: 'success', userId: user.id, request })
  return issueTokens(deps, claims)
}

/** The claims of a well-signed token, or why it is none. */
const readClaims = async ({ tokens }: SessionDeps, token: string): Promise<RefreshClaims | AppError> => {
  const verdict = await tokens.verifyRefresh(token)
  if (verdict === 'invalid') return errors.badRefreshToken()
  if (verdict === 'expired') return errors.refreshExpired()
  return verdict === 'not_refresh' ? errors.notRefreshToken() : verdict
}

interface Rotation {
  /** What the new tokens say. */
  next?: RefreshClaims
  failure?: AppError
  /** An old token came back after the grace period: it was stolen from somebody. */
  isReplay?: boolean
}

/** Makes the next refresh token of the session that `claims` names. */
const rotate = ({ db, clock, config }: SessionDeps, claims: RefreshClaims): Rotation =>
  inTransaction(db, (): Rotation => {
    if (!findUser(db, claims.userId)?.isActive) return { failure: errors.refreshUserGone() }
    const session = findSessionRow(db, claims.sessionId)
    const now = clock()
    if (!session || session.userId !== claims.userId || session.expiresAt <= now)
      return { failure: errors.refreshExpired() }
    if (session.refreshId !== claims.refreshId) {
      const isInGrace = session.previousRefreshId === claims.refreshId && now - session.rotatedAt <= graceMs
      return isInGrace
        ? { next: { ...claims, refreshId: session.refreshId } }
        : { failure: errors.refreshExpired(), isReplay: true }
    }
    const refreshId = newNonce()
    updateSession(db, session.id, {
      refreshId,
      previousRefreshId: session.refreshId,
      rotatedAt: now,
      expiresAt: now + config.refreshTokenDays * dayMs,
    })
    return { next: { ...claims, refreshId } }
  })

const endReplayed = (deps: SessionDeps, { sessionId, userId }: RefreshClaims, request: Request) => {
  deleteSession(deps.db, sessionId)
  deps.log.warn('refresh token used twice, session ended', { user: userId, requestId: requestInfo(request).id })
  deps.audit({ type: 'auth.token_reused', status: 'failure', userId, request })
}

export interface RefreshCandidates {
  cookie: string | undefined
  body: string | undefined
}

/**
 * What may be tried, in this order. The cookie goes first, since a browser stores it even when the page was closed before
 * it read the answer. But cookies are shared by all clients on a host: somebody else's must not swap the account of the
 * client that names its own token in the body.
 */
const readCandidates = async (
  deps: SessionDeps,
  { cookie, body }: RefreshCandidates,
): Promise<(RefreshClaims | AppError)[]> => {
  const fromCookie = cookie ? await readClaims(deps, cookie) : undefined
  const fromBody = body ? await readClaims(deps, body) : undefined
  const isForeignCookie = isClaims(fromCookie) && isClaims(fromBody) && fromCookie.userId !== fromBody.userId
  return [isForeignCookie ? undefined : fromCookie, fromBody].filter((one) => one !== undefined)
}

const isClaims = (one: RefreshClaims | AppError | undefined): one is RefreshClaims =>
  one !== undefined && !(one instanceof AppError)

/**
 * Trades a refresh token for new tokens; a stale cookie does not block a good token in the body (auth.md 13, row 22). An
 * old token that comes back ends its session, unless the same request shows a good one of it.
 */
export const refreshSession = async (
  deps: SessionDeps,
  candidates: RefreshCandidates,
  request: Request,
): Promise<Tokens> => {
  const replayed: RefreshClaims[] = []
  let failure = errors.noRefreshToken()
  let next: RefreshClaims | undefined
  for (const claims of await readCandidates(deps, candidates)) {
    const rotation = isClaims(claims) ? rotate(deps, claims) : { failure: claims }
    next = rotation.next
    if (next) break
    if (rotation.isReplay && isClaims(claims)) replayed.push(claims)
    failure = rotation.failure ?? failure
  }
  for (const claims of replayed) if (claims.sessionId !== next?.sessionId) endReplayed(deps, claims, request)
  if (!next) throw failure
  deps.audit({ type: 'auth.token_refresh', status: 'success', userId: next.userId, request })
  return issueTokens(deps, next)
}

export const closeSession = (deps: SessionDeps, session: { id: string; user: { id: string } }, request: Request) => {
  deleteSession(deps.db, session.id)
  deps.audit({ type: 'auth.logout', status: 'success', userId: session.user.id, request })
}
