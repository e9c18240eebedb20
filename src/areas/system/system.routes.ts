import { Elysia, t } from 'elysia'
import type { Deps } from '../../deps.ts'
import { documented } from '../../http/documented.ts'

const Health = t.Object({ status: t.Literal('healthy') })
const Check = t.Union([t.Literal('ok'), t.Literal('failed')])
const Readiness = t.Object({
  status: t.Union([t.Literal('ready'), t.Literal('not_ready')]),
  checks: t.Object({ database: Check, migrations: Check, worker: Check }),
})

export const systemRoutes = (deps: Deps) =>
  new Elysia({ name: 'areas.system' })
    .get('/health', () => ({ status: 'healthy' as const }), {
      response: Health,
      detail: documented('Whether the process answers'),
    })
    .get(
      '/health/ready',
      ({ status }) => {
        const checks = deps.readiness()
        const isReady = Object.values(checks).every((check) => check === 'ok')
        return isReady ? { status: 'ready' as const, checks } : status(503, { status: 'not_ready' as const, checks })
      },
      {
        response: { 200: Readiness, 503: Readiness },
        detail: documented('Whether database, schema and worker are in order'),
      },
    )
