import { describe, expect, test } from 'bun:test'
import { reportUnknownDefaults } from '../../src/areas/plugins/default-plugins.service.ts'
import { GitError } from '../../src/adapters/git/types.ts'
import { jobTypes } from '../../src/background/job-types.ts'
import { gitRegistry } from '../support/git-registry.ts'
import { hasGit } from '../support/git-server.ts'
import { jobsPath } from '../support/jobs.ts'
import { pluginRows } from '../support/plugin-installs.ts'
import { jobServer, until } from '../support/scripted-jobs.ts'
import { testApp, type TestServer } from '../support/test-app.ts'

const types = [...jobTypes.values()]
const account = { username: 'ada', email: 'ada@home.test', password: 'password of ada' }

interface ListedJob {
  id: string
  job_type: string
  status: string
  retry_count: number
}

const listJobs = async (server: Pick<TestServer, 'as'>, user: string): Promise<ListedJob[]> =>
  (await server.as(user)('GET', jobsPath)).body.jobs

const payloads = ({ database }: Pick<TestServer, 'database'>) =>
  database.sqlite
    .query<{ payload: string }, []>('SELECT payload FROM jobs ORDER BY rowid')
    .all()
    .map(({ payload }) => JSON.parse(payload).plugin_slug)

describe.skipIf(!hasGit)('a new account', () => {
  test('gets the default plugins in the background, each account its own', async () => {
    await using registry = await gitRegistry(['Lamp', 'Fan'])
    await using server = jobServer(types, { env: { ...registry.env, DEFAULT_PLUGINS: 'Lamp,Fan' } })
    for (const user of ['ada', 'eve']) {
      const jobs = await listJobs(server, user)
      expect(jobs.map(({ job_type }) => job_type)).toEqual(['plugin_install', 'plugin_install'])
    }
    await until(() => pluginRows(server.database).length === 4)
    for (const user of ['ada', 'eve']) {
      const manifest = (await server.as(user)('GET', '/api/v1/plugins/manifest/designer')).body
      expect(Object.keys(manifest).toSorted()).toEqual(['Fan', 'Lamp'])
      for (const { id } of await listJobs(server, user)) {
        await server.whenStatus({ id, userId: await server.idOf(user) }, 'completed')
      }
    }
    // Removed by their owner: they do not come back with the next login.
    await server.as('ada')('DELETE', '/api/v1/plugins/Lamp/uninstall')
    for (const { id } of await listJobs(server, 'ada')) await server.as('ada')('DELETE', `${jobsPath}/${id}`)
    expect((await server.call('POST', '/api/v1/auth/login', account)).status).toBe(200)
    expect(await listJobs(server, 'ada')).toEqual([])
  })

  test('whose owner was quicker than the job keeps what is there', async () => {
    await using registry = await gitRegistry(['Lamp'])
    await using server = testApp({ env: { ...registry.env, DEFAULT_PLUGINS: 'Lamp' } })
    expect((await server.as('ada')('POST', '/api/v1/plugins/Lamp/install')).status).toBe(200)
    const [job] = await listJobs(server, 'ada')
    const ran = await jobTypes.get('plugin_install')?.run(
      server.deps,
      { plugin_slug: 'Lamp' },
      {
        jobId: job?.id ?? '',
        userId: await server.idOf('ada'),
        attempt: 1,
        signal: new AbortController().signal,
        report: () => undefined,
      },
    )
    expect(ran).toMatchObject({ plugin_slug: 'Lamp', version: '1.0.0' })
  })
})

describe('a registration', () => {
  test('without a network makes a complete account at once; its jobs can be tried again', async () => {
    const checkOut = () => Promise.reject(new GitError('unreachable', 'No network.'))
    const github = { findRelease: () => Promise.resolve(undefined) }
    await using server = jobServer(types, {
      env: { DEFAULT_PLUGINS: 'BrainDriveSettings,BrainDriveChat,BrainDriveOllama' },
      overrides: { git: { checkOut }, github },
    })
    expect((await server.as('ada')('GET', '/api/v1/pages')).body.total).toBe(1)
    const userId = await server.idOf('ada')
    const jobs = await listJobs(server, 'ada')
    expect(jobs).toHaveLength(3)
    for (let runs = 0; runs < 3; runs++) {
      await until(() => jobs.every(({ id }) => server.find({ id, userId }).attempts === runs + 1))
      await until(() => jobs.every(({ id }) => server.find({ id, userId }).status === 'queued'))
      server.pass(60_000)
    }
    for (const { id } of jobs) await server.whenStatus({ id, userId }, 'failed')
    const tokens = (await server.call('POST', '/api/v1/auth/login', account)).body
    const headers = { authorization: `Bearer ${tokens.access_token}` }
    const again = await server.call('POST', `${jobsPath}/${jobs[0]?.id}/retry`, undefined, headers)
    expect(again.status).toBeLessThan(300)
  })

  test('that fails queues nothing', async () => {
    await using server = testApp({ env: { DEFAULT_PLUGINS: 'BrainDriveChat' } })
    server.database.sqlite.run(`create trigger fail before insert on jobs begin select raise(rollback, 'no'); end`)
    expect((await server.call('POST', '/api/v1/auth/register', account)).status).toBe(500)
    expect(server.database.sqlite.query('SELECT count(*) FROM users').values()).toEqual([[0]])
  })

  test('does not fail because of its plugins', async () => {
    const defaults = { DEFAULT_PLUGINS: `BrainDriveChat,${'x'.repeat(300)},braindrivechat,Nothing` }
    await using server = testApp({ env: { ...defaults, MAX_JOBS: '3' } })
    await server.tokenOf('ada')
    expect(payloads(server)).toEqual(['BrainDriveChat', 'Nothing'])
    await server.tokenOf('eve')
    expect(payloads(server)).toEqual(['BrainDriveChat', 'Nothing', 'BrainDriveChat'])
    expect(server.logged()).toContain('a default plugin was not queued')
    expect((await server.as('eve')('GET', '/api/v1/pages')).body.total).toBe(1)
  })

  test('queues nothing where no default plugins are named', async () => {
    await using server = testApp()
    await server.tokenOf('ada')
    expect(payloads(server)).toEqual([])
  })
})

test('default plugins that the registry does not know are told of at the start', async () => {
  await using server = testApp({ env: { DEFAULT_PLUGINS: 'braindrivechat,Nothing' }, logLevel: 'warn' })
  await reportUnknownDefaults(server.deps)
  const lines = server
    .logged()
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  expect(lines).toMatchObject([{ level: 'warn', plugin: 'Nothing' }])
})
