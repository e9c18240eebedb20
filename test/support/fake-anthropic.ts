import { startFakeModelServer, type FakeModelServer, type FakeScript, type FakeWire } from './fake-model-server.ts'

const event = (fields: { type: string; [field: string]: unknown }) =>
  `event: ${fields.type}\ndata: ${JSON.stringify(fields)}\n\n`

const message = ({ usage }: FakeScript, outputTokens: number) => ({
  id: 'msg_01',
  type: 'message',
  role: 'assistant',
  model: 'claude-sonnet-4-20250514',
  content: [] as object[],
  stop_reason: null as string | null,
  stop_sequence: null,
  usage: { input_tokens: usage.promptTokens, output_tokens: outputTokens },
})

const start = (script: FakeScript): string[] => [
  event({ type: 'message_start', message: message(script, 1) }),
  event({ type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } }),
  event({ type: 'ping' }),
]

const finish = ({ finishReason, usage }: FakeScript): string[] => [
  event({ type: 'content_block_stop', index: 0 }),
  event({
    type: 'message_delta',
    delta: { stop_reason: finishReason, stop_sequence: null },
    usage: { output_tokens: usage.completionTokens },
  }),
  event({ type: 'message_stop' }),
]

const toError = (type: string, text: string) => ({ type: 'error', error: { type, message: text } })

const lookUp = (path: string, { models }: FakeScript): unknown =>
  path.startsWith('/v1/models') ? { data: models, has_more: false, first_id: null, last_id: null } : undefined

const wire: FakeWire = {
  basePath: '',
  streamType: 'text/event-stream; charset=utf-8',
  linePrefix: 'data: ',
  findKey: (headers) => headers['x-api-key'],
  unauthorized: () => toError('authentication_error', 'invalid x-api-key'),
  isChat: (path) => path === '/v1/messages',
  lookUp,
  start: (_, script) => start(script),
  piece: (text) => event({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } }),
  error: (text) => event(toError('overloaded_error', text)),
  finish: (_, script) => finish(script),
  complete: (_, script) => ({
    ...message(script, script.usage.completionTokens),
    content: [{ type: 'text', text: script.pieces.join('') }],
    stop_reason: script.finishReason,
  }),
}

const models = [
  {
    type: 'model',
    id: 'claude-sonnet-4-20250514',
    display_name: 'Claude Sonnet 4',
    created_at: '2025-05-22T00:00:00Z',
  },
]

/** Anthropic: `POST /v1/messages`, `GET /v1/models`. `url` is the server's address; replies end with `end_turn`. */
export const startFakeAnthropic = (script: Partial<FakeScript> = {}): FakeModelServer =>
  startFakeModelServer(wire, { models, finishReason: 'end_turn', ...script })
