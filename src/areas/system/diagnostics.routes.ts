import { Elysia } from 'elysia'
import type { Deps } from '../../deps.ts'
import { documented } from '../../http/documented.ts'
import { requireUser } from '../../http/session.ts'
import { Diagnostics } from './diagnostics.schema.ts'
import { diagnose } from './diagnostics.service.ts'

export const diagnosticsRoutes = (deps: Deps) =>
  new Elysia({ name: 'areas.system.diagnostics', prefix: '/api/v1' }).use(requireUser(deps)).get(
    '/diagnostics',
    ({ user, request }) => {
      const report = diagnose(deps, user.id)
      deps.audit({ type: 'admin.diagnostics_accessed', status: 'success', userId: user.id, request })
      return report
    },
    {
      admin: true,
      response: Diagnostics,
      detail: documented('Versions, database, plugins and the newest log lines, for administrators'),
    },
  )
