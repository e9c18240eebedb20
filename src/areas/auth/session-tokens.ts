import { jwt } from '@elysiajs/jwt'
import type { Config } from '../../config.ts'
import type { Session } from '../../deps.ts'
import { createBoundedMap } from '../../shared/bounded-map.ts'
import type { Clock } from '../../shared/clock.ts'

export interface AccessClaims {
  userId: string
  sessionId: string
  /** Epoch ms. */
  expiresAt: number
}

export interface RefreshClaims {
  userId: string
  sessionId: string
  refreshId: string
}

export type RefreshVerdict = RefreshClaims | 'invalid' | 'expired' | 'not_refresh'

export interface SessionTokens {
  signAccess(userId: string, sessionId: string): Promise<string>
  signRefresh(claims: RefreshClaims): Promise<string>
  /** Undefined for anything but a live access token of ours. Synchronous for a token that was verified before. */
  verifyAccess(token: string): AccessClaims | undefined | Promise<AccessClaims | undefined>
  verifyRefresh(token: string): Promise<RefreshVerdict>
}

const algorithms = ['HS256']
const maxTokenLength = 2048

/**
 * HS256 tokens by @elysiajs/jwt (auth.md 3.2). An access token names its session and has no `refresh` claim, a refresh
 * token has `refresh: true` and a `jti`; neither is accepted as the other.
 */
export const createSessionTokens = (config: Config, secretKey: string, clock: Clock): SessionTokens => {
  const signer = jwt({ name: 'jwt', secret: secretKey }).decorator.jwt
  // Checking a signature costs more than the rest of a small request; whether the session lives is still read each time.
  const verified = createBoundedMap<string, AccessClaims>(10_000)
  const inSeconds = (ms: number) => Math.floor(ms / 1000)
  const now = () => new Date(clock())

  const verifySlowly = async (token: string): Promise<AccessClaims | undefined> => {
    const claims = await signer.verify(token, { algorithms, currentDate: now(), requiredClaims: ['exp', 'sub', 'sid'] })
    if (!claims || 'refresh' in claims || typeof claims.sub !== 'string' || typeof claims['sid'] !== 'string')
      return undefined
    const access = { userId: claims.sub, sessionId: claims['sid'], expiresAt: (claims.exp ?? 0) * 1000 }
    verified.set(token, access)
    return access
  }
  return {
    signAccess: (userId, sessionId) =>
      signer.sign({ sub: userId, sid: sessionId, exp: inSeconds(clock()) + config.accessTokenMinutes * 60 }),
    signRefresh: ({ userId, sessionId, refreshId }) =>
      signer.sign({
        sub: userId,
        sid: sessionId,
        jti: refreshId,
        refresh: true,
        exp: inSeconds(clock()) + config.refreshTokenDays * 86_400,
      }),
    verifyAccess(token) {
      if (token.length > maxTokenLength) return undefined
      const known = verified.get(token)
      if (!known) return verifySlowly(token)
      if (known.expiresAt > clock()) return known
      verified.delete(token)
      return undefined
    },
    async verifyRefresh(token) {
      if (token.length > maxTokenLength) return 'invalid'
      const claims = await signer.verify(token, {
        algorithms,
        currentDate: now(),
        requiredClaims: ['exp', 'sub', 'sid'],
      })
      if (!claims) {
        // Well signed but too old? Then the person is told so.
        const old = await signer.verify(token, { algorithms, currentDate: new Date(0), requiredClaims: ['exp'] })
        const isOld = old && old['refresh'] === true && (old.exp ?? 0) * 1000 <= clock()
        return isOld ? 'expired' : 'invalid'
      }
      if (claims['refresh'] !== true) return 'not_refresh'
      const { sub, sid, jti } = claims as Record<string, unknown>
      if (typeof sub !== 'string' || typeof sid !== 'string' || typeof jti !== 'string') return 'invalid'
      return { userId: sub, sessionId: sid, refreshId: jti }
    },
  }
}

export type FindSession = (token: string) => Session | undefined | Promise<Session | undefined>
