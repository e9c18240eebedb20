import { describe, expect, test } from 'bun:test'
import { migrations } from '../../src/db/migrate.ts'
import { testApp } from '../support/test-app.ts'
import manifest from '../../package.json'
import { commit } from '../../src/shared/version.ts'

const path = '/api/v1/diagnostics'

describe('GET /diagnostics', () => {
  test('200: every field, for an administrator', async () => {
    await using server = testApp({ env: { APP_NAME: 'Home', APP_ENV: 'prod' } })
    const { status, body } = await server.as('ada')('GET', path)
    const [sqlite] = server.database.sqlite.query('select sqlite_version()').values()[0] as [string]
    expect(status).toBe(200)
    expect(body).toEqual({
      app: { name: 'Home', environment: 'prod', version: manifest.version, commit },
      backend: { db: { type: 'sqlite', version: sqlite, migration_version: migrations.at(-1)?.tag } },
      plugins: { count: 0, modules: 0, items: [] },
      logs: { message: expect.any(String), lines: [] },
    })
  })

  test('the newest 80 log lines, oldest first, without secrets', async () => {
    await using server = testApp()
    for (let index = 0; index < 100; index++) server.deps.log.error(`line ${index}`)
    const token = await server.tokenOf('ada')
    server.deps.log.error('used', { header: `Bearer ${token}`, key: `sk-${'x'.repeat(30)}` })
    const { lines } = (await server.as('ada')('GET', path)).body.logs
    expect(lines).toHaveLength(80)
    expect(lines[0]).toContain('line 21')
    expect(lines.at(-1)).toContain('used')
    expect(lines.join('\n')).not.toContain(token)
    expect(lines.join('\n')).not.toContain('xxxxxxxxxx')
  })

  test('403 for everybody else, and both are in the audit log', async () => {
    await using server = testApp()
    await server.as('ada')('GET', path)
    expect(await server.as('bob')('GET', path)).toMatchObject({ status: 403, body: { code: 'auth.admin_required' } })
    const events = server.database.sqlite
      .query(`select event_type, status from audit_logs where path = '${path}' order by created_at, rowid`)
      .values()
    expect(events).toEqual([
      ['admin.diagnostics_accessed', 'success'],
      ['auth.forbidden', 'failure'],
    ])
  })
})
