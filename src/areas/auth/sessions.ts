import type { Deps } from '../../deps.ts'
import { inTransaction } from '../../db/transaction.ts'
import { requestInfo } from '../../http/request-info.ts'
import { newNonce, newUuid } from '../../shared/ids.ts'
import * as errors from './auth.errors.ts'
import type { Tokens } from './auth.schema.ts'
import { deleteSession, findSessionRow, findUser, insertSession, updateSession } from './auth.store.ts'
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

/** A new session: one per sign-in, so that a person may use several devices. */
export const openSession = (deps: SessionDeps, userId: string, request: Request): Promise<Tokens> => {
  const now = deps.clock()
  const claims = { userId, sessionId: newUuid(), refreshId: newNonce() }
  insertSession(deps.db, {
    id: claims.sessionId,
    userId,
    refreshId: claims.refreshId,
    previousRefreshId: null,
    rotatedAt: now,
    expiresAt: now + deps.config.refreshTokenDays * dayMs,
    ip: requestInfo(request).address,
    userAgent: request.headers.get('user-agent')?.slice(0, 500) ?? null,
    createdAt: now,
  })
  deps.audit({ type: 'auth.login_success', status: 'success', userId, request })
  return issueTokens(deps, claims)
}

const verifyClaims = async (deps: SessionDeps, token: string): Promise<RefreshClaims> => {
  const verdict = await deps.tokens.verifyRefresh(token)
  if (verdict === 'invalid') throw errors.badRefreshToken()
  if (verdict === 'expired') throw errors.refreshExpired()
  if (verdict === 'not_refresh') throw errors.notRefreshToken()
  return verdict
}

/** The claims of the newest refresh token of this session, or why there is none. */
const rotate = ({ db, clock, config }: SessionDeps, claims: RefreshClaims): RefreshClaims | 'reused' =>
  inTransaction(db, () => {
    const user = findUser(db, claims.userId)
    if (!user?.isActive) throw errors.refreshUserGone()
    const session = findSessionRow(db, claims.sessionId)
    const now = clock()
    if (!session || session.userId !== claims.userId || session.expiresAt <= now) throw errors.refreshExpired()
    if (session.refreshId !== claims.refreshId) {
      const isInGrace = session.previousRefreshId === claims.refreshId && now - session.rotatedAt <= graceMs
      if (isInGrace) return { ...claims, refreshId: session.refreshId }
      deleteSession(db, session.id)
      return 'reused'
    }
    const refreshId = newNonce()
    updateSession(db, session.id, {
      refreshId,
      previousRefreshId: session.refreshId,
      rotatedAt: now,
      expiresAt: now + config.refreshTokenDays * dayMs,
    })
    return { ...claims, refreshId }
  })

/** Trades a refresh token for new tokens. An old one that comes back later was stolen from somebody: its session ends. */
export const refreshSession = async (deps: SessionDeps, token: string, request: Request): Promise<Tokens> => {
  const claims = await verifyClaims(deps, token)
  const rotated = rotate(deps, claims)
  if (rotated === 'reused') {
    deps.log.warn('refresh token used twice, session ended', { user: claims.userId, requestId: requestInfo(request).id })
    deps.audit({ type: 'auth.token_reused', status: 'failure', userId: claims.userId, request })
    throw errors.refreshExpired()
  }
  deps.audit({ type: 'auth.token_refresh', status: 'success', userId: claims.userId, request })
  return issueTokens(deps, rotated)
}

/** Tries the cookie first, then the body: a stale cookie of another instance on this host must not block a good token (auth.md 13, row 22). */
export const refreshWithAny = async (deps: SessionDeps, candidates: string[], request: Request): Promise<Tokens> => {
  let failure: unknown = errors.noRefreshToken()
  for (const token of candidates) {
    try {
      return await refreshSession(deps, token, request)
    } catch (error) {
      failure = error
    }
  }
  throw failure
}

export const closeSession = (deps: SessionDeps, session: { id: string; user: { id: string } }, request: Request) => {
  deleteSession(deps.db, session.id)
  deps.audit({ type: 'auth.logout', status: 'success', userId: session.user.id, request })
}
