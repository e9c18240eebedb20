import { describe, expect, test } from 'bun:test'
import { cancelJob, retryJob } from '../../src/areas/jobs/jobs.service.ts'
import type { NewJob } from '../../src/areas/jobs/create-job.service.ts'
import { GitError } from '../../src/adapters/git/types.ts'
import { installPlugin } from '../../src/areas/plugins/install/install.service.ts'
import { jobTypes } from '../../src/background/job-types.ts'
import { fakeGithub } from '../support/fake-github.ts'
import { gitRegistry } from '../support/git-registry.ts'
import { hasGit } from '../support/git-server.ts'
import { jobsPath, setJob } from '../support/jobs.ts'
import { pluginRows, storedFolders } from '../support/plugin-installs.ts'
import { jobServer, until } from '../support/scripted-jobs.ts'
import type { TestAppOptions } from '../support/test-app.ts'

const types = [...jobTypes.values()]

const installJob = (payload: Record<string, unknown>, more: Partial<NewJob> = {}) => ({
  jobType: 'plugin_install',
  payload,
  ...more,
})

const withRegistry = async (slugs: string[], options: TestAppOptions = {}) => {
  const registry = await gitRegistry(slugs)
  const server = jobServer(types, { ...options, env: { ...registry.env, ...options.env } })
  return {
    registry,
    server,
    async [Symbol.asyncDispose]() {
      await server.stop()
      await registry[Symbol.asyncDispose]()
    },
  }
}

/** A server whose repositories fail in this way. */
const withoutGit = (failure: () => Error) =>
  jobServer(types, { overrides: { git: { checkOut: () => Promise.reject(failure()) } } })

const somewhere = { repo_url: 'https://git.home.test/lamp' }

describe.skipIf(!hasGit)('a job that installs a plugin', () => {
  test('from a repository, tells its steps, and the designer knows the plugin afterwards', async () => {
    await using one = await withRegistry(['Lamp'])
    const { server, registry } = one
    const created = await server.as('ada')('POST', jobsPath, {
      job_type: 'plugin_install',
      payload: { repo_url: ` ${registry.urlOf('Lamp')}.git?token=hidden `, version: 'v1.0.0' },
    })
    expect(created).toMatchObject({ status: 202, body: { job_type: 'plugin_install', status: 'pending' } })
    const job = { id: created.body.id, userId: await server.idOf('ada') }
    await server.whenStatus(job, 'completed')
    const { body } = await server.as('ada')('GET', `${jobsPath}/${job.id}`)
    const id = `${job.userId}_Lamp`
    expect(body.result).toEqual({
      operation: 'install',
      plugin_id: id,
      plugin_slug: 'Lamp',
      plugin_name: 'Lamp plugin',
      version: '1.0.0',
      modules_created: [`${id}_LampOn`, `${id}_LampOff`],
      source: 'github',
      repo_url: registry.urlOf('Lamp'),
    })
    const events = server.events(job)
    const percents = events.flatMap(({ data }) => data.progress_percent ?? [])
    expect(percents).toEqual(percents.toSorted((a: number, b: number) => a - b))
    expect(events.map(({ data }) => data.stage).filter(Boolean)).toEqual([
      'started',
      'started',
      'url_parsing',
      'release_lookup',
      'download_and_extract',
      'plugin_validation',
      'setup_and_copy',
      'lifecycle_manager_install',
    ])
    const manifest = (await server.as('ada')('GET', '/api/v1/plugins/manifest/designer')).body
    expect(manifest.Lamp.modules).toHaveLength(2)
    const stored = JSON.stringify(server.database.sqlite.query('SELECT * FROM jobs').all())
    expect(stored).toContain(registry.urlOf('Lamp'))
    expect(stored + JSON.stringify(events) + server.logged()).not.toContain('hidden')
  })

  test('of the registry; the package must hold that plugin', async () => {
    await using one = await withRegistry(['Lamp', 'Fan'])
    await one.registry.publish('Fan', '2.0.0', { slug: 'Other' })
    const { server } = one
    const good = await server.add('ada', installJob({ plugin_slug: 'lamp' }))
    const bad = await server.add('ada', installJob({ plugin_slug: 'Fan' }))
    await server.whenStatus(good, 'completed')
    expect(JSON.parse(server.find(good).result ?? '')).toMatchObject({ plugin_slug: 'Lamp', source: 'marketplace' })
    await server.whenStatus(bad, 'failed')
    expect(server.find(bad)).toMatchObject({
      errorCode: 'plugins.plugin_validation_failed',
      errorMessage: 'Plugin validation failed: The package holds another plugin: Other',
      message: 'Plugin validation failed: The package holds another plugin: Other',
    })
    expect(pluginRows(server.database).map(({ plugin_slug }) => plugin_slug)).toEqual(['Lamp'])
  })

  test('that is not in the registry, or was there before, fails at once', async () => {
    await using one = await withRegistry(['Lamp'])
    const { server, registry } = one
    await installPlugin(server.deps, await server.idOf('ada'), {
      kind: 'repository',
      url: registry.urlOf('Lamp'),
      version: 'latest',
    })
    server.clock.now += 1000
    const again = await server.add('ada', installJob({ plugin_slug: 'Lamp' }))
    const unknown = await server.add('ada', installJob({ plugin_slug: 'Nothing' }))
    for (const job of [again, unknown]) await server.whenStatus(job, 'failed')
    expect(server.find(again)).toMatchObject({
      errorMessage: 'Plugin installation failed: Plugin already installed for user',
      attempts: 1,
    })
    expect(server.find(unknown)).toMatchObject({
      errorCode: 'plugins.not_in_registry',
      errorMessage: 'Plugin directory not found for slug: Nothing',
      attempts: 1,
    })
  })

  test('whose first run was cut off after the commit completes, without fetching anything again', async () => {
    await using one = await withRegistry(['Lamp', 'Fan'])
    const { server, registry } = one
    const later = { scheduledFor: server.clock.now + 60_000 }
    const jobs = [
      await server.add('ada', installJob({ plugin_slug: 'Lamp' }, later)),
      await server.add('ada', installJob({ repo_url: registry.urlOf('Fan'), version: '1.0.0' }, later)),
    ]
    const ada = await server.idOf('ada')
    for (const slug of ['Lamp', 'Fan']) {
      await installPlugin(server.deps, ada, { kind: 'repository', url: registry.urlOf(slug), version: 'latest' })
    }
    for (const { id } of jobs) setJob(server, id, { status: 'running', worker_id: 'gone', lease_until: 1, attempts: 1 })
    registry.requests.length = 0
    for (const job of jobs) await until(() => server.find(job).status === 'completed', 8000)
    expect(
      jobs.map((job) => JSON.parse(server.find(job).result ?? '')).map((result) => result.modules_created),
    ).toEqual([
      [`${ada}_Lamp_LampOn`, `${ada}_Lamp_LampOff`],
      [`${ada}_Fan_LampOn`, `${ada}_Fan_LampOff`],
    ])
    expect(registry.requests).toEqual([])
  }, 15_000)
})

describe.skipIf(!hasGit)('a job that updates a plugin', () => {
  test('brings the newest version, by slug or id', async () => {
    await using one = await withRegistry(['Lamp'])
    const { server, registry } = one
    const ada = await server.idOf('ada')
    await server.whenStatus(await server.add('ada', installJob({ plugin_slug: 'Lamp' })), 'completed')
    await registry.publish('Lamp', '1.1.0', { modules: ['LampNew'] })
    const first = await server.add('ada', installJob({ operation: 'update', plugin_slug: 'Lamp' }))
    await server.whenStatus(first, 'completed')
    expect(JSON.parse(server.find(first).result ?? '')).toEqual({
      operation: 'update',
      plugin_id: `${ada}_Lamp`,
      plugin_slug: 'Lamp',
      plugin_name: 'Lamp plugin',
      version: '1.1.0',
      modules_created: [`${ada}_Lamp_LampNew`],
      previous_version: '1.0.0',
      new_version: '1.1.0',
    })
    const second = await server.add('ada', installJob({ operation: 'update', plugin_slug: `${ada}_Lamp` }))
    await server.whenStatus(second, 'completed')
  })

  test('of somebody else, or of nobody, fails', async () => {
    await using one = await withRegistry(['Lamp'])
    const { server } = one
    await server.whenStatus(await server.add('ada', installJob({ plugin_slug: 'Lamp' })), 'completed')
    const slugs = ['Lamp', `${await server.idOf('ada')}_Lamp`]
    for (const slug of slugs) {
      const job = await server.add('eve', installJob({ operation: 'update', plugin_slug: slug }))
      await server.whenStatus(job, 'failed')
      expect(server.find(job)).toMatchObject({ errorMessage: `Plugin '${slug}' not found`, attempts: 1 })
    }
  })
})

describe('a failure', () => {
  const refused = [
    ['not_found', 'There is no such repository.'],
    ['refused', 'The address is not allowed.'],
    ['too_large', 'Too large.'],
  ] as const
  test.each(refused)('that will not pass (%s) ends the job', async (reason, message) => {
    await using server = withoutGit(() => new GitError(reason, message))
    const job = await server.add('ada', installJob(somewhere))
    await server.whenStatus(job, 'failed')
    expect(server.find(job)).toMatchObject({ attempts: 1, errorMessage: `Download failed: ${message}` })
    expect(server.find(job).errorCode).toBe('plugins.download_and_extract_failed')
  })

  test('of the network is tried again, and the job completes or fails in the end; a person may try again', async () => {
    await using server = withoutGit(() => new GitError('unreachable', 'No network.'))
    const job = await server.add('ada', installJob(somewhere, { maxRetries: 1 }))
    await until(() => server.find(job).message === 'Download failed: No network. It is tried again')
    expect(server.find(job)).toMatchObject({ status: 'queued', attempts: 1 })
    server.pass(10_000)
    await server.whenStatus(job, 'failed')
    expect(server.find(job)).toMatchObject({ attempts: 2, errorMessage: 'Download failed: No network.' })
    retryJob(server.deps, job.userId, job.id)
    await until(() => server.find(job).message?.endsWith('tried again'))
    expect(storedFolders(server.dataPath)).toMatchObject({ staging: [], contents: [] })
  })

  test('because of GitHub’s limit of requests is tried again', async () => {
    await using github = fakeGithub({})
    github.answerNext(() => Response.json({}, { status: 429, headers: { 'retry-after': '60' } }))
    await using server = jobServer(types, { env: { GITHUB_API_URL: github.url, PRIVATE_HOSTS: github.host } })
    const job = await server.add('ada', installJob({ repo_url: 'github.com/home/lamp' }))
    await until(() => server.find(job).message?.endsWith('tried again'))
    expect(server.find(job).status).toBe('queued')
  })

  test('cancel ends a job that waits for a repository at once, and leaves nothing', async () => {
    const { promise: begun, resolve } = Promise.withResolvers<void>()
    const checkOut = ({ signal }: { signal?: AbortSignal }) => {
      resolve()
      return new Promise<never>((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason)))
    }
    await using server = jobServer(types, { overrides: { git: { checkOut } } })
    const job = await server.add('ada', installJob(somewhere))
    await begun
    cancelJob(server.deps, job.userId, job.id)
    await server.whenStatus(job, 'canceled')
    await until(() => storedFolders(server.dataPath).staging.length === 0)
  })
})

describe('what is asked for is checked when the job is created', () => {
  const rejected: [number, string, Record<string, unknown>][] = [
    [400, 'Either plugin_slug or repo_url', {}],
    [400, 'Either plugin_slug or repo_url', { plugin_slug: ' ', repo_url: null }],
    [400, 'Either plugin_slug or repo_url', { plugin_slug: 'Lamp', ...somewhere }],
    [400, 'An update takes a plugin_slug', { operation: 'update', ...somewhere }],
    [400, 'An update takes a plugin_slug', { operation: 'update', plugin_slug: 'Lamp', version: '1.0.0' }],
    [400, 'Invalid repository URL format', { repo_url: 'lamp' }],
    [400, 'Invalid repository URL format', { repo_url: 'ssh://git.home.test/lamp' }],
    [400, 'Invalid repository URL format', { repo_url: 'file:///etc/passwd' }],
    [400, 'Invalid repository URL format', { repo_url: 'https://ada:hidden@git.home.test/lamp' }],
    [400, 'must begin with https://', { repo_url: 'http://git.home.test/lamp' }],
    [422, 'plugin_slug', { plugin_slug: 7 }],
    [422, 'plugin_slug', { plugin_slug: 'x'.repeat(201) }],
    [422, 'plugin_slug', { plugin_slug: 'https://ada@git.home.test/lamp' }],
    [422, 'repo_url', { repo_url: `https://git.home.test/${'x'.repeat(500)}` }],
    [422, 'version', { plugin_slug: 'Lamp', version: 'x'.repeat(251) }],
    [422, 'operation', { operation: 'remove', plugin_slug: 'Lamp' }],
  ]
  test.each(rejected)('%i %s', async (status, text, payload) => {
    await using server = jobServer(types)
    const answer = await server.as('ada')('POST', jobsPath, { job_type: 'plugin_install', payload })
    expect(answer.status).toBe(status)
    expect(JSON.stringify(answer.body.detail)).toContain(text)
    if (status === 400) expect(JSON.stringify(answer.body) + server.logged()).not.toContain('hidden')
    expect(server.database.sqlite.query('SELECT count(*) FROM jobs').values()).toEqual([[0]])
  })
})
