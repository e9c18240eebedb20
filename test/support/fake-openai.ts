import {
  startFakeModelServer,
  type FakeModelServer,
  type FakeScript,
  type FakeWire,
  type RecordedRequest,
} from './fake-model-server.ts'

const HEAD = { id: 'chatcmpl-1', created: 1_735_689_600, model: 'gpt-4o-mini' }

const event = (fields: object) => `data: ${JSON.stringify({ ...HEAD, object: 'chat.completion.chunk', ...fields })}\n\n`

const choice = (delta: object, finishReason: string | null = null) => ({
  choices: [{ index: 0, delta, finish_reason: finishReason }],
})

const counts = ({ usage }: FakeScript) => ({
  prompt_tokens: usage.promptTokens,
  completion_tokens: usage.completionTokens,
  total_tokens: usage.promptTokens + usage.completionTokens,
})

const wantsUsage = ({ body }: RecordedRequest) =>
  typeof body === 'object' && body !== null && 'stream_options' in body && body.stream_options !== undefined

const finish = (request: RecordedRequest, script: FakeScript): string[] => {
  const usage = wantsUsage(request) ? [event({ choices: [], usage: counts(script) })] : []
  return [event(choice({}, script.finishReason)), ...usage, 'data: [DONE]\n\n']
}

const lookUp = (path: string, { models }: FakeScript): unknown => {
  if (path.endsWith('/models')) return { object: 'list', data: models }
  // OpenRouter's check of a key.
  return path.endsWith('/key') ? { data: { label: 'fake', usage: 0, limit: null } } : undefined
}

const toError = (message: string, code: string | null = null) => ({
  error: { message, type: 'invalid_request_error', param: null, code },
})

const wire: FakeWire = {
  basePath: '/v1',
  streamType: 'text/event-stream; charset=utf-8',
  linePrefix: 'data: ',
  findKey: (headers) => headers.authorization?.replace(/^Bearer /, ''),
  // OpenAI quotes the key, in part; here it is the whole key, to show that it goes no further.
  unauthorized: (key) => toError(`Incorrect API key provided: ${key ?? ''}.`, 'invalid_api_key'),
  isChat: (path) => path.endsWith('/chat/completions'),
  lookUp,
  start: () => [event(choice({ role: 'assistant', content: '' }))],
  piece: (text) => event(choice({ content: text })),
  error: (message) => `data: ${JSON.stringify(toError(message))}\n\n`,
  finish,
  complete: (_, script) => ({
    ...HEAD,
    object: 'chat.completion',
    choices: [
      {
        index: 0,
        message: { role: 'assistant', content: script.pieces.join('') },
        finish_reason: script.finishReason,
      },
    ],
    usage: counts(script),
  }),
}

const models = [{ id: 'gpt-4o-mini', object: 'model', created: 1_721_172_741, owned_by: 'system' }]

/** OpenAI, Groq, OpenRouter: `POST …/chat/completions`, `GET …/models`, `GET …/key`. `url` ends with `/v1`. */
export const startFakeOpenAi = (script: Partial<FakeScript> = {}): FakeModelServer =>
  startFakeModelServer(wire, { models, ...script })
