import type { Deps, Session } from '../../deps.ts'
import { findLiveSession } from './auth.store.ts'
import type { AccessClaims, FindSession } from './session-tokens.ts'

/** Who an access token speaks for. The session row is read each time: a revoked session ends with its next request. */
export const createFindSession = ({ db, clock, tokens }: Pick<Deps, 'db' | 'clock' | 'tokens'>): FindSession => {
  const load = (claims: AccessClaims | undefined): Session | undefined => {
    const row = claims && findLiveSession(db, claims.sessionId, clock())
    if (!row || row.userId !== claims.userId) return undefined
    return { id: row.id, user: { id: row.userId, username: row.username, isAdmin: row.role === 'admin' } }
  }
  return (token) => {
    const claims = tokens.verifyAccess(token)
    return claims instanceof Promise ? claims.then(load) : load(claims)
  }
}
