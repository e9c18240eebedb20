import { describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import { Value } from '@sinclair/typebox/value'
import type { GuardedFetch } from '../../src/adapters/web/types.ts'
import { knownPlugins } from '../../src/areas/plugins/registry/known-plugins.ts'
import { createPluginRegistry } from '../../src/areas/plugins/registry/plugin-registry.ts'
import { RegistryIndex } from '../../src/areas/plugins/registry/plugin-registry.schema.ts'
import { createLog } from '../../src/shared/log.ts'
import { parseRepositoryUrl } from '../../src/shared/repository-url.ts'
import { plainFetch } from '../support/fake-fetch.ts'
import { tempFolder } from '../support/temp-folder.ts'
import { testApp } from '../support/test-app.ts'

const lamp = {
  slug: 'Lamp',
  name: 'Lamp',
  repo_url: 'https://git.home.test/lamp',
  description: 'Lights up',
  author: 'Ada',
}
const indexOf = (...plugins: unknown[]) => JSON.stringify({ plugins })

const openRegistry = (
  pluginRegistry: string | undefined,
  fetch: GuardedFetch = plainFetch,
  privateHosts: string[] = [],
) => {
  const clock = { now: 1_000_000 }
  const logged: string[] = []
  const log = createLog({ level: 'debug', format: 'json', write: (text) => logged.push(text) })
  const config = { pluginRegistry, privateHosts }
  const registry = createPluginRegistry({ fetch, clock: () => clock.now, log, config })
  return {
    ...registry,
    clock,
    slugs: async () => (await registry.list()).map(({ slug }) => slug),
    logged: () => {
      log.flush()
      return logged.join('')
    },
  }
}

const builtIn = knownPlugins.map(({ slug }) => slug)

describe('the built-in registry', () => {
  test('has the form of a registry, and repositories that can be installed from', () => {
    expect([...Value.Errors(RegistryIndex, { plugins: knownPlugins })]).toEqual([])
    for (const { repo_url } of knownPlugins) {
      expect(parseRepositoryUrl(repo_url)).toMatchObject({ isGithub: true, url: repo_url })
    }
    expect(new Set(builtIn.map((slug) => slug.toLowerCase())).size).toBe(builtIn.length)
    expect(builtIn).toContain('BrainDriveSettings')
  })

  test('is found by slug in any letter case, and asks nobody', async () => {
    const registry = openRegistry(undefined, () => Promise.reject(new Error('asked')))
    expect(await registry.find('BRAINDRIVEchat')).toMatchObject({ slug: 'BrainDriveChat' })
    expect(await registry.find('__proto__')).toBeUndefined()
    expect(await registry.find('')).toBeUndefined()
    expect(registry.logged()).toBe('')
  })
})

describe('a file', () => {
  test('replaces the built-in registry, and is read again after 10 s', async () => {
    await using folder = await tempFolder()
    const path = join(folder.path, 'plugins.json')
    await Bun.write(path, indexOf({ ...lamp, more: 1 }, { ...lamp, slug: 'LAMP', name: 'Second' }))
    const registry = openRegistry(path)
    expect(await registry.list()).toEqual([lamp])
    await Bun.write(path, indexOf({ ...lamp, slug: 'Other', official: true, version: '2.0.0' }))
    expect(await registry.slugs()).toEqual(['Lamp'])
    registry.clock.now += 10_000
    expect(await registry.find('other')).toMatchObject({ slug: 'Other', official: true, version: '2.0.0' })
    expect(registry.logged()).toBe('')
  })

  test('that is missing or broken leaves the built-in one and a line in the log', async () => {
    await using folder = await tempFolder()
    const path = join(folder.path, 'plugins.json')
    const broken = [
      '',
      '{',
      '[]',
      'null',
      '{"plugins":{}}',
      indexOf({}),
      indexOf(lamp, null),
      indexOf({ ...lamp, slug: '../x' }),
      indexOf({ ...lamp, slug: '__proto__' }),
      indexOf({ ...lamp, repo_url: 'file:///etc/passwd' }),
      indexOf({ ...lamp, repo_url: 'javascript:alert(1)' }),
      indexOf({ ...lamp, name: 'two\nlines' }),
      indexOf({ ...lamp, official: 'yes' }),
      indexOf(...Array.from({ length: 1001 }, (_, index) => ({ ...lamp, slug: `L${index}` }))),
      ' '.repeat(2_097_153),
    ]
    for (const text of broken) {
      await Bun.write(path, text)
      const registry = openRegistry(path)
      expect(await registry.slugs()).toEqual(builtIn)
      expect(registry.logged().match(/the plugin registry cannot be used/g)).toHaveLength(1)
    }
    expect(await openRegistry(join(folder.path, 'none.json')).slugs()).toEqual(builtIn)
    expect(await openRegistry(folder.path).slugs()).toEqual(builtIn)
    expect(await openRegistry('http://').slugs()).toEqual(builtIn)
  })

  test('that breaks later leaves what was read last; a minute later it is tried again', async () => {
    await using folder = await tempFolder()
    const path = join(folder.path, 'plugins.json')
    await Bun.write(path, indexOf(lamp))
    const registry = openRegistry(path)
    await registry.list()
    await Bun.write(path, 'broken')
    registry.clock.now += 10_000
    expect(await registry.slugs()).toEqual(['Lamp'])
    await Bun.write(path, indexOf({ ...lamp, slug: 'Back' }))
    registry.clock.now += 59_999
    expect(await registry.slugs()).toEqual(['Lamp'])
    registry.clock.now += 1
    expect(await registry.slugs()).toEqual(['Back'])
  })
})

describe('an address', () => {
  const serve = (answer: () => Response | Promise<Response>) => {
    const requests: Request[] = []
    const server = Bun.serve({
      port: 0,
      hostname: '127.0.0.1',
      fetch: (request) => {
        requests.push(request)
        return answer()
      },
    })
    const host = `127.0.0.1:${server.port}`
    return { url: `http://${host}/plugins.json`, host, requests, [Symbol.asyncDispose]: () => server.stop(true) }
  }

  test('is asked once an hour, however many want to know', async () => {
    await using site = serve(() => new Response(indexOf(lamp)))
    const registry = openRegistry(site.url, plainFetch, [site.host])
    const lists = await Promise.all(Array.from({ length: 20 }, () => registry.slugs()))
    expect(lists.every((slugs) => slugs[0] === 'Lamp')).toBe(true)
    registry.clock.now += 3_599_999
    await registry.list()
    expect(site.requests).toHaveLength(1)
    registry.clock.now += 1
    await Promise.all(Array.from({ length: 20 }, () => registry.list()))
    for (let tries = 0; tries < 300 && site.requests.length < 2; tries++) await Bun.sleep(10)
    expect(site.requests).toHaveLength(2)
  })

  test('that was read before keeps nobody waiting: the old index answers until the new one is there', async () => {
    const next = Promise.withResolvers<Response>()
    const answers = [new Response(indexOf(lamp)), next.promise]
    await using site = serve(() => answers.shift() ?? new Response('no', { status: 500 }))
    const registry = openRegistry(site.url, plainFetch, [site.host])
    expect(await registry.slugs()).toEqual(['Lamp'])
    registry.clock.now += 3_600_000
    expect(await registry.slugs()).toEqual(['Lamp'])
    next.resolve(new Response(indexOf({ ...lamp, slug: 'Next' })))
    for (let tries = 0; tries < 300 && (await registry.slugs())[0] === 'Lamp'; tries++) await Bun.sleep(10)
    expect(await registry.slugs()).toEqual(['Next'])
    expect(site.requests).toHaveLength(2)
  })

  test('must be https, unless an administrator listed the host', async () => {
    await using site = serve(() => new Response(indexOf(lamp)))
    const registry = openRegistry(site.url)
    expect(await registry.slugs()).toEqual(builtIn)
    expect(registry.logged()).toContain('must begin with https://')
    expect(site.requests).toEqual([])
  })

  test('that fails leaves the built-in registry', async () => {
    const endless = () => {
      const piece = new Uint8Array(65_536)
      return new Response(new ReadableStream({ pull: (controller) => controller.enqueue(piece) }))
    }
    const answers = [
      () => new Response('no', { status: 500 }),
      () => new Response(indexOf(lamp), { status: 404 }),
      () => new Response('<html>'),
      () => Response.redirect('http://127.0.0.1:1/'),
      endless,
    ]
    for (const answer of answers) {
      await using site = serve(answer)
      const registry = openRegistry(site.url, plainFetch, [site.host])
      expect(await registry.slugs()).toEqual(builtIn)
      expect(registry.logged()).toContain('the plugin registry cannot be used')
    }
  })

  test('reaches no private network but what is listed', async () => {
    await using site = serve(() => new Response(indexOf(lamp)))
    await using closed = testApp({ env: { PLUGIN_REGISTRY_URL: site.url.replace('http:', 'https:') } })
    const { body } = await closed.as('ada')('GET', '/api/v1/plugins/available')
    expect(Object.keys(body.data.available_plugins)).toContain('braindrivechat')
    expect(site.requests).toEqual([])
    await using open = testApp({ env: { PLUGIN_REGISTRY_URL: site.url, PRIVATE_HOSTS: site.host } })
    expect((await open.as('ada')('GET', '/api/v1/plugins/available')).body.data).toEqual({
      available_plugins: {
        lamp: {
          ...lamp,
          directory: 'Lamp',
          has_lifecycle_manager: true,
          category: null,
          icon: null,
          official: false,
          installed: false,
        },
      },
      total_count: 1,
    })
  })
})
