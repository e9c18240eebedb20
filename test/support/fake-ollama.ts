import { startFakeModelServer, type FakeModelServer, type FakeScript, type FakeWire } from './fake-model-server.ts'

/** What `GET /api/version` answers. */
export const FAKE_OLLAMA_VERSION = '0.12.3'

const CREATED_AT = '2025-01-01T00:00:00Z'

const line = (fields: object) => `${JSON.stringify({ model: 'llama3.2:3b', created_at: CREATED_AT, ...fields })}\n`

const message = (content: string) => ({ message: { role: 'assistant', content } })

const ending = ({ finishReason, usage }: FakeScript) => ({
  done_reason: finishReason,
  done: true,
  total_duration: 4_883_583_458,
  load_duration: 1_334_875,
  prompt_eval_count: usage.promptTokens,
  prompt_eval_duration: 342_546_000,
  eval_count: usage.completionTokens,
  eval_duration: 4_535_599_000,
})

const lookUp = (path: string, { models }: FakeScript): unknown => {
  if (path === '/api/tags') return { models }
  return path === '/api/version' ? { version: FAKE_OLLAMA_VERSION } : undefined
}

const wire: FakeWire = {
  basePath: '',
  streamType: 'application/x-ndjson',
  linePrefix: '',
  findKey: (headers) => headers.authorization?.replace(/^Bearer /, ''),
  unauthorized: () => ({ error: 'unauthorized' }),
  isChat: (path) => path === '/api/chat',
  lookUp,
  start: () => [],
  piece: (text) => line({ ...message(text), done: false }),
  error: (text) => `${JSON.stringify({ error: text })}\n`,
  finish: (_, script) => [line({ ...message(''), ...ending(script) })],
  complete: (_, script) => ({
    model: 'llama3.2:3b',
    created_at: CREATED_AT,
    ...message(script.pieces.join('')),
    ...ending(script),
  }),
}

const details = { format: 'gguf', family: 'llama', parameter_size: '3.2B', quantization_level: 'Q4_K_M' }

const models = [
  {
    name: 'llama3.2:3b',
    model: 'llama3.2:3b',
    modified_at: CREATED_AT,
    size: 2_019_393_189,
    digest: 'a80c4f17acd55265feec403c7aef86be0c25983ab279d83f3bcd3abbcb5b8b72',
    details,
  },
]

/** Ollama: `POST /api/chat`, `GET /api/tags`, `GET /api/version`. `url` is the server's address. */
export const startFakeOllama = (script: Partial<FakeScript> = {}): FakeModelServer =>
  startFakeModelServer(wire, { models, ...script })
