import { expect, test } from 'bun:test'
import { chatBody, ollamaServers, postChat, saveSetting } from '../support/chat.ts'
import { startFakeOllama } from '../support/fake-ollama.ts'
import { testApp } from '../support/test-app.ts'

test('a silent stream gets a comment of one line every 15 s, and is not cut', async () => {
  await using server = testApp()
  const model = startFakeOllama({ fault: { kind: 'hang', after: 0 } })
  await saveSetting(server, 'ada', 'ollama_servers_settings', ollamaServers(model.url))
  const response = await postChat(server, 'ada', chatBody('Hi'))
  const decoder = new TextDecoder()
  let text = ''
  for await (const bytes of response.body ?? []) {
    text += decoder.decode(bytes, { stream: true })
    if (text.includes(':')) text = text.replace(/^data: \{.*\}\n\n/, '')
    if (text !== '') break
  }
  // A second line break would dispatch an empty message in the web client.
  expect(text).toBe(': ping\n')
  await model.stop()
}, 30_000)
