import { createHash, timingSafeEqual } from 'node:crypto'
import { Elysia, t } from 'elysia'
import type { Deps } from '../../deps.ts'
import { documented } from '../../http/documented.ts'
import { isFromLoopback } from '../../http/request-info.ts'
import { readAccessToken, requireUser } from '../../http/session.ts'
import { countStreams } from '../../http/sse-heartbeats.ts'
import { createGauges, type GaugeDeps } from './gauges.ts'
import { createMetricsText, metricsType } from './metrics-text.ts'

const digest = (text: string) => createHash('sha256').update(text).digest()

/** Who may read without being an administrator. */
const createExemption = ({ metricsToken, metricsLoopback }: Deps['config']) => {
  const expected = metricsToken === undefined ? undefined : digest(metricsToken)
  return (request: Request): boolean => {
    if (metricsLoopback && isFromLoopback(request)) return true
    const credential = expected && readAccessToken(request)
    return (
      credential !== undefined && !credential.isCookie && timingSafeEqual(digest(credential.token), expected as Buffer)
    )
  }
}

type MetricsDeps = GaugeDeps & Pick<Deps, 'config' | 'metrics'> & Parameters<typeof requireUser>[0]

/** Closed to strangers, since numbers of requests tell what people do, and when. */
export const metricsRoutes = (deps: MetricsDeps) => {
  const writeText = createMetricsText([...deps.metrics.families, ...createGauges(deps, countStreams)])
  return new Elysia({ name: 'areas.system.metrics' }).use(requireUser(deps)).get(
    '/metrics',
    async ({ set }) => {
      set.headers['content-type'] = metricsType
      return writeText()
    },
    {
      adminUnless: createExemption(deps.config),
      response: t.String({ description: 'The text format of Prometheus' }),
      detail: documented('Numbers for Prometheus, for administrators and whoever has `METRICS_TOKEN`'),
    },
  )
}
