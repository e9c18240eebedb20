import { describe, expect, test } from 'bun:test'
import { randomBytes } from 'node:crypto'
import { createJob } from '../../src/areas/jobs/create-job.service.ts'
import { findOwnJob } from '../../src/areas/jobs/jobs.service.ts'
import { collectPackages } from '../../src/areas/plugins/package-upkeep.service.ts'
import { hashAndFlush, hashOfTree } from '../../src/areas/plugins/packages/package-hash.ts'
import { listTree } from '../../src/areas/plugins/packages/package-tree.ts'
import { gitRegistry } from '../support/git-registry.ts'
import { hasGit } from '../support/git-server.ts'
import { pluginRows, settledFolders, storedFolders } from '../support/plugin-installs.ts'
import { until } from '../support/scripted-jobs.ts'
import { temporaryFolder } from '../support/server-process.ts'
import { startServerWithWorker, watchThreads } from '../support/worker-threads.ts'

const base = '/api/v1/plugins'

/** A server with a worker thread, and a registry of these plugins. */
const withThreads = async (slugs: string[]) => {
  const folder = temporaryFolder()
  const registry = await gitRegistry(slugs)
  const server = startServerWithWorker(folder.path, { env: { ...registry.env, MAX_JOBS_PER_USER: '1000' } })
  const { deps, database, dataPath } = server
  const isWhole = async (contentHash: string) => {
    const root = deps.packageStore.filesOf(contentHash)
    const { files } = await listTree(root)
    const hashed = await Promise.all(files.map(async (path) => ({ path, hash: await hashAndFlush(`${root}/${path}`) })))
    return hashOfTree(hashed) === contentHash
  }
  return {
    ...server,
    registry,
    /** Queues an installation or update, whose end `whenOver` waits for. */
    queue: async (user: string, payload: Record<string, unknown>, maxRetries = 10) => {
      const userId = await server.idOf(user)
      const { id } = createJob(deps, userId, { jobType: 'plugin_install', payload, maxRetries }).job
      const find = () => findOwnJob(deps, userId, id)
      const isOver = () => ['completed', 'failed', 'canceled'].includes(find()?.status ?? '')
      return {
        find,
        whenOver: async () => {
          await until(isOver, 60_000)
          return find()
        },
      }
    },
    /** Once nobody installs any more: all files that plugins need are there and whole, and no others. */
    checkStore: async () => {
      await until(() => storedFolders(dataPath).staging.length === 0)
      collectPackages(deps)
      const used = new Set(pluginRows(database).map(({ content_hash }) => content_hash))
      expect(await settledFolders(dataPath)).toEqual({ staging: [], trash: [], contents: [...used].toSorted() })
      for (const hash of used) expect(await isWhole(hash)).toBe(true)
      expect(database.sqlite.query('PRAGMA foreign_key_check').all()).toEqual([])
    },
    async [Symbol.asyncDispose]() {
      await server.stop()
      await registry[Symbol.asyncDispose]()
      folder[Symbol.dispose]()
    },
  }
}

describe.skipIf(!hasGit)('the server and the worker thread', () => {
  test('install the same plugin at once: one does, the other one finds it there', async () => {
    await using server = await withThreads(['Lamp'])
    const ada = server.as('ada')
    const outcomes = new Set<string>()
    for (let round = 0; round < 20; round++) {
      const job = await server.queue('ada', { repo_url: server.registry.urlOf('Lamp') })
      await Bun.sleep(round * 3)
      const { status, body } = await ada('POST', `${base}/install-from-url`, {
        repo_url: server.registry.urlOf('Lamp'),
      })
      const ended = await job.whenOver()
      const outcome = `${status} ${ended?.status}`
      outcomes.add(outcome)
      if (status === 400) expect(body.detail.details.error).toBe('Plugin already installed for user')
      if (ended?.status === 'failed') expect(ended.errorMessage).toContain('Plugin already installed for user')
      expect(['200 failed', '200 completed', '400 completed']).toContain(outcome)
      expect(pluginRows(server.database)).toHaveLength(1)
      await server.checkStore()
      expect((await ada('DELETE', `${base}/Lamp/uninstall`)).status).toBe(200)
    }
    expect(outcomes.size).toBeGreaterThan(1)
  }, 60_000)

  test('one removes what the other one installs for another user: the files stay', async () => {
    await using server = await withThreads(['Lamp'])
    const eve = server.as('eve')
    for (let round = 0; round < 20; round++) {
      expect((await eve('POST', `${base}/Lamp/install`)).status).toBe(200)
      const job = await server.queue('ada', { plugin_slug: 'Lamp' })
      await Bun.sleep(round * 4)
      expect((await eve('DELETE', `${base}/Lamp/uninstall`)).status).toBe(200)
      expect(await job.whenOver()).toMatchObject({ status: 'completed' })
      await server.checkStore()
      expect(pluginRows(server.database).map(({ user_id }) => user_id)).toEqual([await server.idOf('ada')])
      await server.as('ada')('DELETE', `${base}/Lamp/uninstall`)
    }
  }, 60_000)

  test('an update does not undo what the other thread did meanwhile', async () => {
    await using server = await withThreads(['Lamp', 'Other'])
    const { registry } = server
    await registry.publish('Other', '3.0.0', { slug: 'Lamp', modules: ['LampThree'] })
    const ada = server.as('ada')
    // Takes longer than all that the other thread does.
    const slow = { 'dist/large.js': randomBytes(700_000).toString('hex') }
    const outcomes = new Set<string>()
    for (let round = 0; round < 8; round++) {
      await ada('POST', `${base}/install-from-url`, { repo_url: registry.urlOf('Lamp') })
      await registry.publish('Lamp', `1.0.${round + 1}`, { files: slow })
      const job = await server.queue('ada', { operation: 'update', plugin_slug: 'Lamp' }, 0)
      await Bun.sleep(round * 10)
      await ada('DELETE', `${base}/Lamp/uninstall`)
      await ada('POST', `${base}/install-from-url`, { repo_url: registry.urlOf('Other') })
      outcomes.add((await job.whenOver())?.status ?? '')
      expect(pluginRows(server.database)).toMatchObject([{ version: '3.0.0', package_url: registry.urlOf('Other') }])
      await server.checkStore()
      await ada('DELETE', `${base}/Lamp/uninstall`)
    }
    expect([...outcomes].toSorted()).toEqual(['completed', 'failed'])
  }, 60_000)

  test('in a hundred random orders, with a thread that dies now and then: nothing is lost or left over', async () => {
    using watched = watchThreads()
    await using server = await withThreads(['Lamp', 'Fan', 'Bell'])
    const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000)
    const random = createRandom(seed)
    const pick = <T>(choices: T[]): T => choices[Math.floor(random() * choices.length)] as T
    const jobs: Awaited<ReturnType<typeof server.queue>>[] = []
    const calls: Promise<{ status: number }>[] = []
    for (const user of ['ada', 'eve']) await server.tokenOf(user)
    for (let step = 0; step < 100; step++) {
      const [user, slug] = [pick(['ada', 'eve']), pick(['Lamp', 'Fan', 'Bell'])]
      const call = server.as(user)
      const actions = [
        async () => jobs.push(await server.queue(user, { plugin_slug: slug })),
        async () => jobs.push(await server.queue(user, { repo_url: server.registry.urlOf(slug) })),
        async () => jobs.push(await server.queue(user, { operation: 'update', plugin_slug: slug })),
        () => calls.push(call('POST', `${base}/${slug}/install`)),
        () => calls.push(call('POST', `${base}/${slug}/update`)),
        () => calls.push(call('DELETE', `${base}/${slug}/uninstall`)),
        () => calls.push(call('DELETE', `${base}/${slug}/uninstall`)),
        () => server.registry.publish(slug, `2.${step}.0`),
      ]
      await pick(actions)()
      if (step % 20 === 10) watched.endLatest()
      await Bun.sleep(random() * 40)
    }
    const statuses = (await Promise.all(calls)).map(({ status }) => status)
    expect(
      statuses.filter((status) => ![200, 400, 404, 429].includes(status)),
      `seed ${seed}`,
    ).toEqual([])
    for (const job of jobs) {
      const ended = await job.whenOver()
      expect(ended?.errorCode ?? '', `seed ${seed}`).toMatch(/^(?:$|plugins\.|interrupted)/)
    }
    expect(watched.threads.length).toBeGreaterThan(1)
    await server.checkStore()
  }, 180_000)
})

/** Numbers from 0 to 1, the same for the same seed. */
const createRandom = (seed: number) => {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
