import { expect } from 'bun:test'
import { copyFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { toUuid } from '../../src/shared/ids.ts'
import { addModule, addPlugin } from '../support/plugins-rows.ts'
import { tempFolder } from '../support/temp-folder.ts'
import { startFakeOllama } from '../support/fake-ollama.ts'
import { ollamaServers, saveSetting } from '../support/chat.ts'
import { type Call, testApp, type TestServer } from '../support/test-app.ts'

/** Stands in everything that bob owns: it must never be seen by others. */
export const marker = 'only bob knows'

/** What bob has one of, by the names of the route parameters; `eve…` are eve's own, to be mixed with bob's. */
export interface Ids {
  [name: string]: string
}

const post = async (call: Call, path: string, body: unknown) => {
  const answer = await call('POST', `/api/v1${path}`, body)
  expect(answer.status).toBeLessThan(300)
  return answer.body
}

const createThings = async (call: Call, prefix: string, userId: string): Promise<Ids> => {
  const { id: personaId } = await post(call, '/personas', { name: marker, system_prompt: marker })
  const conversation = { title: marker, conversation_type: 'chat', persona_id: personaId }
  const { id: conversationId } = await post(call, '/conversations', conversation)
  await post(call, `/conversations/${conversationId}/messages`, { sender: 'user', message: marker })
  const { id: tagId } = await post(call, '/tags', { name: `${marker} ${prefix}`, user_id: userId })
  await post(call, `/conversations/${conversationId}/tags`, { tag_id: tagId })
  const navigation = { name: marker, route: `${prefix}-route` }
  const { id: routeId } = await post(call, '/navigation-routes', navigation)
  const page = { name: marker, route: `${prefix}-page`, is_parent_page: true, content: { text: marker } }
  const { id: pageId, route: pageRoute } = await post(call, '/pages', page)
  await post(call, `/pages/${pageId}/backup`, { create_backup: true })
  const state = { plugin_id: 'Chat', state_key: prefix, state_data: { text: marker } }
  const { id: stateId } = await post(call, '/plugin-state', state)
  const provider = {
    provider: 'openai',
    instance_id: 'mine',
    name: marker,
    config: { api_key: `sk-${'b'.repeat(30)}` },
  }
  await post(call, '/ai/settings/providers', provider)
  const settings = (await call('GET', '/api/v1/settings/instances?scope=user&user_id=current')).body
  const { id: instanceId } = settings.find((one: { definition_id: string }) => one.definition_id === 'theme_settings')
  return { userId, personaId, conversationId, tagId, routeId, pageId, pageRoute, stateId, instanceId }
}

const createPlugin = (server: TestServer, userId: string, slug: string): Ids => {
  const plugin = addPlugin(server, userId, slug, { name: marker, description: marker, sourceUrl: null, modules: [] })
  const module = addModule(server, plugin, 'Main', { description: marker, category: marker, tags: `["${marker}"]` })
  return { pluginId: plugin.id, moduleId: module.id }
}

/** One that is over, with an event. */
const createJob = async (server: TestServer, call: Call, key: string): Promise<Ids> => {
  const job = { job_type: 'system.sleep', payload: { seconds: 1 }, idempotency_key: key }
  const { id: jobId } = await post(call, '/jobs', job)
  await post(call, `/jobs/${jobId}/cancel`, {})
  const { sqlite } = server.database
  sqlite.run('UPDATE jobs SET message = ?, result = ? WHERE id = ?', [marker, JSON.stringify({ text: marker }), jobId])
  sqlite.run(`UPDATE job_events SET event_type = 'log', data = ? WHERE job_id = ?`, [
    JSON.stringify({ message: marker }),
    jobId,
  ])
  return { jobId }
}

/** An installation of a model that was canceled, so that its stream ends. */
const createTask = async (call: Call): Promise<Ids> => {
  const { task_id: taskId } = await post(call, '/ollama/install', { name: marker, server_url: 'http://127.0.0.1:1' })
  await call('DELETE', `/api/v1/ollama/install/${taskId}`)
  return { taskId }
}

/** Bob, eve and the administrator root, made once; each test gets a copy of the database. */
export const createTemplate = async () => {
  const folder = await tempFolder()
  const databasePath = join(folder.path, 'template.db')
  const model = startFakeOllama({})
  const server = testApp({ databasePath })
  const [root, bob, eve] = [server.as('root'), server.as('bob'), server.as('eve')]
  await server.tokenOf('root')
  const [bobId, eveId] = [await server.idOf('bob'), await server.idOf('eve')]
  for (const name of ['root', 'bob', 'eve']) {
    await saveSetting(server, name, 'ollama_servers_settings', ollamaServers(model.url))
  }
  const ids = {
    ...(await createThings(bob, 'bob', bobId)),
    ...createPlugin(server, bobId, 'BobsPlugin'),
    ...(await createJob(server, bob, 'bob')),
    ...(await createTask(bob)),
  }
  await post(root, '/components', { name: marker, component_id: 'bobs', user_id: bobId })
  await post(root, '/settings/definitions', {
    id: 'house_rules',
    name: 'House rules',
    category: 'test',
    type: 'object',
    allowed_scopes: ['user'],
  })
  const eves = {
    ...(await createThings(eve, 'eve', eveId)),
    ...createPlugin(server, eveId, 'EvesPlugin'),
    ...(await createJob(server, eve, 'eve')),
    ...(await createTask(eve)),
  }
  for (const [name, id] of Object.entries(eves)) ids[`eve${name[0]?.toUpperCase()}${name.slice(1)}`] = id
  const tokens = new Map<string, string>()
  for (const name of ['root', 'bob', 'eve']) tokens.set(name, await server.tokenOf(name))
  server.clock.now -= 7_200_000
  const account = { email: 'bob@home.test', password: 'password of bob' }
  tokens.set('expired', (await server.call('POST', '/api/v1/auth/login', account)).body.access_token)
  await server.stop()
  return {
    databasePath,
    folder,
    tokens,
    bobId,
    ids: { ...ids, componentId: 'bobs', definitionId: 'house_rules', ollamaUrl: model.url } as Ids,
    [Symbol.asyncDispose]: async () => {
      await model.stop()
      await folder[Symbol.asyncDispose]()
    },
  }
}
export type Template = Awaited<ReturnType<typeof createTemplate>>

export type Caller = 'stranger' | 'expired' | 'root' | 'bob' | 'eve'

/** Ids of plugins and modules begin with that of their owner. */
const leadingId = /^[0-9a-f-]{32,36}(?=_|$)/

export const openWorld = ({ databasePath, folder, tokens, bobId, ids }: Template) => {
  const copy = join(folder.path, `${crypto.randomUUID()}.db`)
  copyFileSync(databasePath, copy)
  const server = testApp({ databasePath: copy })
  return {
    server,
    bobId,
    /** With dashes where `isDashed`, without otherwise: both name the same thing. */
    idsAs: (isDashed: boolean): Ids =>
      Object.fromEntries(
        Object.entries(ids).map(([name, id]) => [
          name,
          id.replace(leadingId, (one) => (isDashed ? toUuid(one) : one.replaceAll('-', ''))),
        ]),
      ),
    as:
      (caller: Caller): Call =>
      (method, path, body) => {
        const token = tokens.get(caller)
        return server.call(method, path, body, token === undefined ? {} : { authorization: `Bearer ${token}` })
      },
    [Symbol.asyncDispose]: async () => {
      await server.stop()
      rmSync(copy)
    },
  }
}
export type World = ReturnType<typeof openWorld>

/** What every request may write: who came, and that they came. */
const logs = new Set(['sessions', 'audit_logs', 'schema_migrations', 'sqlite_sequence'])

/** Where the owner is of rows that only refer to such a row. */
const parents: Record<string, string> = { conversation_id: 'conversations', job_id: 'jobs' }

/** The whole database as text, but for logs; of bob alone when `ownerId` is his. */
export const dump = ({ server }: World, ownerId?: string): string => {
  const { sqlite } = server.database
  const tables = sqlite.query<{ name: string }, []>(`select name from sqlite_master where type = 'table'`).all()
  return tables
    .filter(({ name }) => !logs.has(name))
    .map(({ name }) => {
      const columns = sqlite
        .query<{ name: string }, []>(`pragma table_info(${name})`)
        .all()
        .map((one) => one.name)
      const owner = ['user_id', 'creator_id'].find((one) => columns.includes(one))
      const link = Object.keys(parents).find((one) => columns.includes(one))
      const parent = link ? `${link} in (select id from ${parents[link]} where user_id = '${ownerId}')` : 'false'
      const own = name === 'users' ? `id = '${ownerId}'` : owner ? `${owner} = '${ownerId}'` : parent
      const condition = ownerId === undefined ? 'true' : own
      return JSON.stringify(sqlite.query(`select * from ${name} where ${condition} order by rowid`).values())
    })
    .join('\n')
}
