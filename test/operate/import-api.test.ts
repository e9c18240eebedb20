import { expect, test } from 'bun:test'
import { importOld, rowsOf, signInOld } from '../support/import-old.ts'
import { chatContent, ids, lampId, oldHousehold, openAiKey } from '../support/old-household.ts'
import { startFakeOpenAi } from '../support/fake-openai.ts'
import { ada, dashed } from '../support/old-installation.ts'
import { testApp } from '../support/test-app.ts'

const importHousehold = async () => {
  const model = startFakeOpenAi({ pieces: ['Arr', '!'] })
  const server = testApp({ env: { PRIVATE_HOSTS: new URL(model.url).host } })
  using old = await oldHousehold(model.url)
  const report = await importOld(server, old, { plugins: old.plugins })
  return {
    server,
    model,
    report,
    ...(await signInOld(server, 'ada@home.local')),
    [Symbol.asyncDispose]: async () => {
      await model.stop()
      await server.stop()
    },
  }
}

test('an imported household lives on: everything of it opens through the API with the old password', async () => {
  await using home = await importHousehold()
  const { call, status } = home
  expect(status).toBe(200)
  expect((await call('GET', '/api/v1/auth/me')).body).toMatchObject({
    id: ada,
    username: 'ada',
    full_name: 'Ada Lovelace',
    version: '0.6.5',
  })
  expect((await call('GET', '/api/v1/diagnostics')).status).toBe(200)
  // Nothing but the tables of roles has no place here, and a default was somebody's key.
  expect(home.report.findings.map(({ table, kind }) => `${table} ${kind}`).toSorted()).toEqual([
    'settings_definitions changed',
    'tenant_users dropped',
    'tenants dropped',
    'user_roles dropped',
  ])

  const page = (await call('GET', `/api/v1/pages/${ids.chatPage}`)).body
  expect(page).toMatchObject({
    name: 'AI Chat',
    content: chatContent,
    navigation_route_id: ids.route,
    is_published: true,
  })
  expect(page.publish_date).toBe('2025-01-02T03:04:05.123Z')
  const tree = (await call('GET', '/api/v1/navigation-routes/tree')).body
  const dashboard = tree.find(({ id }: { id: string }) => id === ids.dashboard)
  expect(dashboard.children).toContainEqual(
    expect.objectContaining({ id: ids.route, default_page_id: dashed(ids.chatPage), order: 7 }),
  )
  expect((await call('GET', `/api/v1/personas/${ids.persona}`)).body).toMatchObject({
    name: 'Pirate',
    tags: ['sea', '⚓'],
  })
  expect((await call('GET', '/api/v1/personas?search=pirate')).body.personas).toHaveLength(1)

  const conversation = (await call('GET', `/api/v1/conversations/${ids.conversation}/with-messages`)).body
  expect(conversation).toMatchObject({
    title: 'Ahoy',
    page_id: dashed(ids.chatPage),
    updated_at: '2025-01-02T03:04:07.000Z',
  })
  expect(conversation.messages.map(({ message }: { message: string }) => message)).toEqual(['Ahoy', 'Arr ⚓'])
  expect(conversation.tags).toEqual([expect.objectContaining({ name: 'sea' })])
  expect((await call('GET', `/api/v1/users/current/conversations?page_id=${ids.chatPage}`)).body).toHaveLength(1)

  expect((await call('GET', `/api/v1/plugin-state/${ids.state}`)).body).toMatchObject({
    state_data: { on: true },
    version: 3,
  })
  expect((await call('GET', `/api/v1/jobs/${ids.job}`)).body).toMatchObject({
    status: 'completed',
    result: { model_name: 'llama3' },
  })
  expect((await call('GET', `/api/v1/jobs/${ids.job}/events`)).body).toHaveLength(1)
  expect((await call('GET', '/api/v1/components/dashboard')).body).toMatchObject({ is_system: true })
})

test('the imported plugin is served, and knows its repository', async () => {
  await using home = await importHousehold()
  const { call, server } = home
  const manifest = (await call('GET', '/api/v1/plugins/manifest/designer')).body
  expect(manifest['Lamp'].modules[0]).toMatchObject({ id: `${lampId}_LampOn`, name: 'LampOn', props: { a: 1 } })
  const bundle = await server.send('GET', `/api/v1/public/plugins/${lampId}/dist/remoteEntry.js`)
  expect(bundle.status).toBe(200)
  expect(await bundle.text()).toContain('var Lamp')
  expect(rowsOf(server, 'plugins')[0]).toMatchObject({
    package_source: 'github',
    package_url: 'https://github.com/ada/lamp',
    package_ref: 'v1.0.0',
    config_fields: '{"watts":60}',
  })
})

test('the imported API key is masked in answers, sealed at rest, and chats', async () => {
  await using home = await importHousehold()
  const { call, server, model } = home
  const [instance] = (
    await call('GET', '/api/v1/settings/instances?definition_id=openai_api_keys_settings&scope=user&user_id=current')
  ).body
  expect(instance).toMatchObject({ id: 'openai_settings_of_ada', value: { api_key: 'sk-0123...mnop' } })
  expect(JSON.stringify(rowsOf(server, 'settings_instances'))).not.toContain(openAiKey)
  expect((await call('GET', '/api/v1/settings/definitions')).body).toContainEqual(
    expect.objectContaining({
      id: 'openai_api_keys_settings',
      default_value: null,
      allowed_scopes: ['system', 'user'],
    }),
  )
  const reply = await call('POST', '/api/v1/ai/providers/chat', {
    provider: 'openai',
    settings_id: 'openai_api_keys_settings',
    server_id: 'openai_default_server',
    model: 'gpt-4o-mini',
    messages: [{ role: 'user', content: 'Ahoy' }],
    stream: false,
    user_id: 'current',
    conversation_id: ids.conversation,
  })
  expect(reply.status).toBe(200)
  expect(model.requests.at(-1)?.headers.authorization).toBe(`Bearer ${openAiKey}`)
  const { messages } = (await call('GET', `/api/v1/conversations/${ids.conversation}/with-messages`)).body
  expect(messages.map(({ message }: { message: string }) => message)).toEqual(['Ahoy', 'Arr ⚓', 'Ahoy', 'Arr!'])
})

test('a login replaces the bcrypt hash, and completes the account without touching what was imported', async () => {
  await using home = await importHousehold()
  const [user] = rowsOf(home.server, 'users')
  expect(user.password_hash).toStartWith('$argon2id$')
  expect((await signInOld(home.server, 'ada@home.local')).status).toBe(200)
  expect((await signInOld(home.server, 'ada@home.local', 'another password')).status).toBe(401)
  const { body } = await home.call('GET', '/api/v1/navigation-routes')
  expect(body.filter(({ route }: { route: string }) => route === 'dashboard')).toHaveLength(1)
  expect((await home.call('GET', '/api/v1/pages')).body.pages).toHaveLength(1)
})
