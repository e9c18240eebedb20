import { afterAll, beforeAll, expect, test } from 'bun:test'
import { storedFolders } from '../support/plugin-installs.ts'
import { withReleases } from '../support/plugin-source.ts'

const base = '/api/v1/plugins'
const slugs = ['Desk', 'Fan', 'Lamp']
const home = withReleases(Object.fromEntries(slugs.map((slug) => [`home/${slug}`, { slug, versions: ['1.9.0'] }])))
const { server, github } = home
afterAll(home.stop)

const call = (user: string, method: string, path: string, body?: unknown) => server.as(user)(method, base + path, body)

const listed = async (user: string) => {
  const { body } = await call(user, 'GET', '/updates/available')
  expect(body.data.total_count).toBe(body.data.available_updates.length)
  return body.data.available_updates as { plugin_id: string; current_version: string; latest_version: string }[]
}

/** What the dashboard of the web client does with an entry: it knows the plugin by the end of its id. */
const update = (user: string, { plugin_id }: { plugin_id: string }) =>
  call(user, 'POST', `/${plugin_id.slice(plugin_id.indexOf('_') + 1)}/update`)

const versionsOf = async (user: string) => {
  const manifest: Record<string, { version: string }> = (await call(user, 'GET', '/manifest/designer')).body
  return Object.fromEntries(Object.entries(manifest).map(([slug, { version }]) => [slug, version]))
}

/** An hour later. Moving the clock would end the sessions. */
const anHourLater = () =>
  server.database.sqlite.run('UPDATE plugins SET last_update_check = last_update_check - 3600001')

beforeAll(async () => {
  for (const user of ['ada', 'bob']) {
    for (const slug of slugs) {
      const { status } = await call(user, 'POST', '/install-from-url', { repo_url: `https://github.com/home/${slug}` })
      expect(status).toBe(200)
    }
  }
  expect(await listed('ada')).toEqual([])
})

test('what is listed is taken one after the other, as by the dashboard; one that fails stays in the list', async () => {
  home.publish('home/Desk', '1.10.0')
  home.publish('home/Lamp', '2.0.0')
  home.publish('home/Fan', '1.8.9')
  anHourLater()
  const updates = await listed('ada')
  expect(updates).toMatchObject([
    { plugin_id: `${await server.idOf('ada')}_Desk`, current_version: '1.9.0', latest_version: '1.10.0' },
    { plugin_id: `${await server.idOf('ada')}_Lamp`, current_version: '1.9.0', latest_version: '2.0.0' },
  ])
  const [desk, lamp] = updates
  if (!desk || !lamp) throw new Error('no updates')

  github.answerNext(() => new Response('{}', { status: 500 }))
  expect(await update('ada', desk)).toMatchObject({
    status: 400,
    body: { detail: 'No release found for version: latest. GitHub answered with status 500.' },
  })
  expect(await update('ada', lamp)).toMatchObject({
    status: 200,
    body: { data: { plugin_slug: 'Lamp', previous_version: '1.9.0' } },
  })
  expect(await listed('ada')).toEqual([desk])
  expect(await versionsOf('ada')).toEqual({ Desk: '1.9.0', Fan: '1.9.0', Lamp: '2.0.0' })

  expect((await update('ada', desk)).status).toBe(200)
  expect(await listed('ada')).toEqual([])
  expect(await versionsOf('ada')).toEqual({ Desk: '1.10.0', Fan: '1.9.0', Lamp: '2.0.0' })
})

test('the other user is not concerned: the old files are served until that user updates', async () => {
  const bob = await server.idOf('bob')
  expect(await versionsOf('bob')).toEqual({ Desk: '1.9.0', Fan: '1.9.0', Lamp: '1.9.0' })
  const bundle = `/api/v1/public/plugins/${bob}_Lamp/dist/remoteEntry.js`
  expect((await server.call('GET', bundle)).status).toBe(200)
  anHourLater()
  const updates = await listed('bob')
  expect(updates.map(({ plugin_id }) => plugin_id)).toEqual([`${bob}_Desk`, `${bob}_Lamp`])
  const answers = await Promise.all(updates.map((one) => update('bob', one)))
  expect(answers.map(({ status }) => status)).toEqual([200, 200])
  expect(await versionsOf('bob')).toEqual(await versionsOf('ada'))
  expect(await listed('bob')).toEqual([])
  expect((await server.call('GET', bundle)).status).toBe(200)
})

test('a disabled plugin is listed and updated too, and stays disabled', async () => {
  const fan = `/${await server.idOf('ada')}_Fan`
  expect((await call('ada', 'PATCH', fan, { enabled: false })).status).toBe(200)
  home.publish('home/Fan', '3.0.0')
  anHourLater()
  const [update3, ...more] = await listed('ada')
  expect(more).toEqual([])
  if (!update3) throw new Error('no update')
  expect((await update('ada', update3)).status).toBe(200)
  expect(await versionsOf('ada')).not.toHaveProperty('Fan')
  expect((await call('ada', 'GET', '/by-slug/Fan')).body).toMatchObject({ version: '3.0.0', enabled: false })
})

test('an uninstalled plugin is not listed any more', async () => {
  home.publish('home/Lamp', '4.0.0')
  anHourLater()
  expect(await listed('ada')).toHaveLength(1)
  expect((await call('ada', 'DELETE', '/Lamp/uninstall')).status).toBe(200)
  expect(await listed('ada')).toEqual([])
  expect(await call('ada', 'POST', '/Lamp/update')).toMatchObject({
    status: 404,
    body: { detail: "Plugin 'Lamp' not found" },
  })
  expect(storedFolders(server.dataPath).staging).toEqual([])
})
