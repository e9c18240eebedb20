import { describe, expect, test } from 'bun:test'
import { chatBody, listMessages, postChat, startChatSetup } from '../support/chat.ts'
import { readSse } from '../support/sse.ts'

describe('a persona in a chat', () => {
  test('its settings reach the model as numbers, also those that were stored as text', async () => {
    await using setup = await startChatSetup({ pieces: ['Arr'] })
    const { server, model } = setup
    const settings = { temperature: '0.3', top_p: 0.5, context_window: '4000', max_tokens: '77', seed: 'x', stop: '5' }
    const body = { name: 'Pirate', system_prompt: 'You are a pirate.', model_settings: settings }
    const { body: persona } = await server.as('ada')('POST', '/api/v1/personas', body)
    // As the chat plugin does it: what it read comes back.
    const sent = {
      persona_id: persona.id,
      persona_system_prompt: persona.system_prompt,
      persona_model_settings: persona.model_settings,
    }
    const { events } = await readSse(await postChat(server, 'ada', chatBody('Hi', sent)))
    const { options } = model.requests[0]!.body as { options: object }
    expect(options).toMatchObject({ temperature: 0.3, top_p: 0.5, num_ctx: 4000, num_predict: 77, stop: ['5'] })
    expect(Object.keys(options)).not.toContain('seed')
    const conversationId = events[0].conversation_id
    const reply = (await listMessages(server, 'ada', conversationId)).at(-1)
    expect(reply.message_metadata).toMatchObject({ temperature: 0.3, persona_model_settings_applied: settings })
    const path = `/api/v1/conversations/${conversationId}/with-persona`
    expect((await server.as('ada')('GET', path)).body).toMatchObject({ persona_id: persona.id, persona })
    expect((await server.as('ada')('DELETE', `/api/v1/personas/${persona.id}`)).status).toBe(204)
    expect((await server.as('ada')('GET', path)).body).toMatchObject({ persona_id: null, persona: null })
  })

  test("400 and 404: settings out of range, more than 64 KB of them, and somebody else's persona", async () => {
    await using setup = await startChatSetup({ pieces: ['Arr'] })
    const { server } = setup
    const persona = { name: 'P', system_prompt: 'x' }
    const { id } = (await server.as('bob')('POST', '/api/v1/personas', persona)).body
    const chat = (extra: object) =>
      server.as('ada')('POST', '/api/v1/ai/providers/chat', {
        ...chatBody('Hi', { stream: false, persona_system_prompt: 'x', ...extra }),
      })
    for (const persona_model_settings of [{ temperature: '3' }, { note: 'x'.repeat(65_536) }]) {
      expect(await chat({ persona_id: id, persona_model_settings })).toMatchObject({
        status: 400,
        body: { detail: expect.stringContaining('Invalid model settings: ') },
      })
    }
    expect(await chat({ persona_id: id })).toMatchObject({ status: 404, body: { detail: 'Persona not found' } })
  })
})
