import { describe, expect, test } from 'bun:test'
import { chatBody, ollamaServers } from '../support/chat.ts'
import { startFakeOllama } from '../support/fake-ollama.ts'
import { pluginPackage, zipOf } from '../support/plugin-packages.ts'
import { findProgram, proxyRecipes, startProxy } from '../support/reverse-proxies.ts'
import { account, startFromSource, temporaryFolder } from '../support/server-process.ts'
import { followSse } from '../support/sse.ts'

// The README's recipes, word by word, with the real programs.

for (const program of new Set(proxyRecipes.map((one) => one.program)))
  if (!findProgram(program)) console.log(`The README's recipe for ${program} is not tested: it is not installed`)

const noise = (size: number) => {
  const bytes = new Uint8Array(size)
  for (let start = 0; start < size; start += 65_536) crypto.getRandomValues(bytes.subarray(start, start + 65_536))
  return bytes
}

/** An upload of 8 MB: more than nginx takes unless it is told to. */
const uploadForm = () => {
  const form = new FormData()
  form.set('method', 'local-file')
  form.set('file', new File([zipOf(pluginPackage({ files: { 'dist/noise.bin': noise(8_000_000) } }))], 'plugin.zip'))
  return form
}

for (const recipe of proxyRecipes) {
  const base = recipe.isBelowPath ? '/brain' : ''
  describe.skipIf(!findProgram(recipe.program))(`${recipe.program} in front of the server, at ${base || '/'}`, () => {
    test('cookies are Secure, a reply comes as it is made, a plugin of 8 MB is taken', async () => {
      using folder = temporaryFolder()
      const model = startFakeOllama({ pieces: ['first ', 'never'], fault: { kind: 'hang', after: 1 } })
      await using server = await startFromSource(folder.path, { TRUSTED_PROXIES: '127.0.0.1', BASE_PATH: base })
      await using proxy = await startProxy(recipe, folder.path, server.url)
      let authorization = ''
      const post = (path: string, body: unknown) =>
        proxy.send(`${base}/api/v1${path}`, {
          method: 'POST',
          headers: { 'content-type': 'application/json', ...(authorization ? { authorization } : {}) },
          body: JSON.stringify(body),
        })
      expect((await post('/auth/register', account)).status).toBe(200)
      const login = await post('/auth/login', account)
      for (const cookie of login.headers.getSetCookie()) expect(cookie).toContain('; Secure')
      authorization = `Bearer ${((await login.json()) as { access_token: string }).access_token}`

      const setting = { definition_id: 'ollama_servers_settings', name: 'Ollama', scope: 'user', user_id: 'current' }
      expect((await post('/settings/instances', { ...setting, value: ollamaServers(model.url) })).status).toBe(200)
      const stream = followSse(await post('/ai/providers/chat', chatBody('Hi')))
      await stream.until(({ text }) => text === 'first ')
      await stream.leave()

      const upload = { method: 'POST', headers: { authorization }, body: uploadForm() }
      expect((await proxy.send(`${base}/api/v1/plugins/install`, upload)).status).toBe(200)
      await model.stop()
    }, 60_000)

    test('the page at its address leads to the API, also without the slash at the end', async () => {
      using folder = temporaryFolder()
      await using server = await startFromSource(folder.path, { TRUSTED_PROXIES: '127.0.0.1', BASE_PATH: base })
      await using proxy = await startProxy(recipe, folder.path, server.url)
      const page = await proxy.send(base || '/')
      expect(page.headers.get('content-type')).toContain('text/html')
      expect(await page.text()).toContain(`"${base}/api/v1/docs"`)
      expect(await (await proxy.send(`${base}/health`)).json()).toMatchObject({ status: 'healthy' })
    }, 60_000)
  })
}
