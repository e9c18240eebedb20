import type { FakeScript } from './fake-model-server.ts'
import { startFakeOllama } from './fake-ollama.ts'
import { type TestAppOptions, type TestServer, testApp } from './test-app.ts'

export const ollamaServers = (url: string, extra: Record<string, unknown> = {}) => ({
  servers: [{ id: 'srv1', serverName: 'Home', serverAddress: url, apiKey: '', connectionStatus: 'idle', ...extra }],
})

/** Saves a setting the way the web client does. */
export const saveSetting = (server: TestServer, name: string, definitionId: string, value: unknown) =>
  server.as(name)('POST', '/api/v1/settings/instances', {
    definition_id: definitionId,
    name: definitionId,
    value,
    scope: 'user',
    user_id: 'current',
  })

/** A chat body as the chat plugin sends it (ai.md 2.1). */
export const chatBody = (text: string, extra: Record<string, unknown> = {}) => ({
  provider: 'ollama',
  settings_id: 'ollama_servers_settings',
  server_id: 'srv1',
  model: 'llama3.2:3b',
  messages: [{ role: 'user', content: text }],
  params: { temperature: 0.7, max_tokens: 2048, mcp_tools_enabled: false },
  stream: true,
  user_id: 'current',
  conversation_id: null,
  conversation_type: 'chat',
  page_context: '{"pageName":"Chat","pageRoute":"chat","isStudioPage":false}',
  ...extra,
})

export const postChat = async (server: TestServer, name: string, body: unknown): Promise<Response> =>
  server.send('POST', '/api/v1/ai/providers/chat', body, { authorization: `Bearer ${await server.tokenOf(name)}` })

export const listMessages = async (server: TestServer, name: string, conversationId: string) =>
  (await server.as(name)('GET', `/api/v1/conversations/${conversationId}/with-messages`)).body.messages

/** A server whose user ada has one Ollama server, and that model server. `apiKey` is what ada saved for it. */
export const startChatSetup = async (script: Partial<FakeScript>, options: TestAppOptions = {}, apiKey = '') => {
  const server = testApp(options)
  const model = startFakeOllama(script)
  await saveSetting(server, 'ada', 'ollama_servers_settings', ollamaServers(model.url, { apiKey }))
  return {
    server,
    model,
    [Symbol.asyncDispose]: async () => {
      await model.stop()
      await server.stop()
    },
  }
}
