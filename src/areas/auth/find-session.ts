import type { Deps, Session } from '../../deps.ts'
import { findSessionUser } from './auth.store.ts'
import type { AccessClaims, FindSession } from './session-tokens.ts'

/** Who an access token speaks for. The session row is read each time: a revoked session ends with its next request. */
export const createFindSession = ({ db, clock, tokens }: Pick<Deps, 'db' | 'clock' | 'tokens'>): FindSession => {
  const load = (claims: AccessClaims | undefined): Session | undefined => {
    const user = claims && findSessionUser(db, claims.sessionId, clock())
    if (!user || user.id !== claims.userId) return undefined
    return { id: claims.sessionId, user: { id: user.id, username: user.username, isAdmin: user.role === 'admin' } }
  }
  return (token) => {
    const claims = tokens.verifyAccess(token)
    return claims instanceof Promise ? claims.then(load) : load(claims)
  }
}
