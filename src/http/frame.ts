import { Elysia } from 'elysia'
import type { Deps } from '../deps.ts'
import { defineError } from '../shared/app-error.ts'
import { newUuid } from '../shared/ids.ts'
import { addressGroup, clientAddress, createProxyTrust, rememberRequest } from './request-info.ts'

const badHost = defineError(400, 'http.bad_host', 'The Host header is not usable')
const requestIdPattern = /^[A-Za-z0-9_-]{1,64}$/

/** Safe for every answer; a route that serves something else than JSON sets its own. */
const securityHeaders = {
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cache-control': 'no-store',
}

/** The first entry is what the outermost proxy was asked with. */
const isForwardedHttps = (headers: Headers) =>
  headers.get('x-forwarded-proto')?.split(',')[0]?.trim().toLowerCase() === 'https'

type FrameDeps = Pick<Deps, 'config' | 'cors' | 'rateLimiter' | 'clock'>

/**
 * What every request gets before it is routed: an id, the client's address, CORS and security headers (which stay on
 * errors, too), the limit of its address, and the whole answer when it is a preflight.
 */
export const frame = ({ config, cors, rateLimiter, clock }: FrameDeps) => {
  const trust = createProxyTrust(config.trustedProxies)
  const isTls = config.tlsCertFile !== undefined
  return new Elysia({ name: 'http.frame' }).onRequest(({ request, set, server }) => {
    const asked = request.headers.get('x-request-id')
    const peer = server?.requestIP(request)?.address ?? 'unknown'
    const info = {
      id: asked && requestIdPattern.test(asked) ? asked : newUuid(),
      address: clientAddress(peer, request.headers, trust),
      isHttps: isTls || (trust.isPeer(peer) && isForwardedHttps(request.headers)),
      startedAt: clock(),
      beganAt: performance.now(),
      peer,
    }
    rememberRequest(request, info)
    // An unusable `Host` makes an unusable URL: nothing behind this line has to fear one.
    if (!URL.canParse(request.url)) throw badHost()
    Object.assign(set.headers, securityHeaders, { 'x-request-id': info.id })
    if (info.isHttps) set.headers['strict-transport-security'] = 'max-age=31536000'
    const origin = request.headers.get('origin')
    if (origin !== null) {
      set.headers['vary'] = 'Origin'
      if (request.method === 'OPTIONS' && request.headers.has('access-control-request-method')) {
        return cors.preflight(request, origin, { ...securityHeaders, 'x-request-id': info.id })
      }
      if (cors.isAllowed(origin)) Object.assign(set.headers, cors.answerHeaders(origin))
    }
    rateLimiter.take(`peer:${addressGroup(info.address)}`, config.rateLimitAddress)
    return undefined
  })
}
