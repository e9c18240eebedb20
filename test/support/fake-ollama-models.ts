import { createTally, DROPPED, record, type RecordedRequest, toStream } from './fake-model-server.ts'

export interface FakeLayer {
  digest: string
  size: number
}

/**
 * What may go wrong in a pull, once `afterBytes` of all layers have come: silence for ever, a cut connection, a clean end
 * without the last line, an error inside the stream. `forget` throws away what has come of the layer, as after a broken digest.
 */
export interface FakePullFault {
  kind: 'hang' | 'drop' | 'end' | 'error'
  afterBytes: number
  text?: string
  forget?: boolean
  /** How many pulls it spoils; all when left out. */
  times?: number
}

export interface FakeModelsScript {
  /** Of every model, in the order in which they come. */
  layers: FakeLayer[]
  /** What each line adds to a layer, and the time before it. */
  chunkBytes: number
  chunkMs: number
  fault: FakePullFault | undefined
  /** Requests without exactly this key get a 401. */
  requiredKey: string | undefined
  /** How long a model that was pulled is not in the list. */
  registrationMs: number
  /** Replaces any answer. */
  instead: ((request: RecordedRequest) => Response | Promise<Response> | undefined) | undefined
}

const defaults: FakeModelsScript = {
  layers: [
    { digest: 'sha256:aabbccddeeff', size: 1000 },
    { digest: 'sha256:112233445566', size: 50 },
  ],
  chunkBytes: 100,
  chunkMs: 0,
  fault: undefined,
  requiredKey: undefined,
  registrationMs: 0,
  instead: undefined,
}

const withTag = (name: string) => (name.includes(':') ? name : `${name}:latest`)

const nameIn = ({ body }: RecordedRequest): string => {
  const { model, name } = body as { model?: string; name?: string }
  return withTag(model ?? name ?? '')
}

/**
 * An Ollama that manages models: version, tags, show, delete, and the true pull stream. It keeps what it has of each
 * layer, so that a second pull goes on where the first one was cut off, and a pull ends when nobody listens.
 */
export const startFakeOllamaModels = (options: Partial<FakeModelsScript> = {}) => {
  const script: FakeModelsScript = { ...defaults, ...options }
  const { tally, until, enter } = createTally()
  const requests: RecordedRequest[] = []
  const blobs = new Map<string, number>()
  const models = new Map<string, Record<string, unknown>>()
  let pulls = 0

  const line = (fields: object) => `${JSON.stringify(fields)}\n`
  const register = (name: string) =>
    models.set(name, {
      name,
      model: name,
      modified_at: '2025-01-05T10:00:00.1+00:00',
      size: script.layers.reduce((sum, { size }) => sum + size, 0),
      digest: `baf6${name.length}`,
      details: { parent_model: '', format: 'gguf', family: 'llama', families: ['llama'], parameter_size: '1.2B' },
    })

  async function* playFault({ kind, text = 'unexpected EOF' }: FakePullFault) {
    if (kind === 'hang') await new Promise<never>(() => {})
    if (kind === 'drop') {
      // A reset may overtake bytes that the client has not read yet.
      await Bun.sleep(20)
      throw DROPPED
    }
    if (kind === 'error') yield line({ error: text })
  }

  const has = (digest: string) => blobs.get(digest) ?? 0
  const takeFault = () => {
    pulls++
    const { fault } = script
    return fault && pulls <= (fault.times ?? Infinity) ? fault : undefined
  }
  const receive = async ({ digest, size }: FakeLayer) => {
    if (script.chunkMs > 0) await Bun.sleep(script.chunkMs)
    blobs.set(digest, Math.min(size, has(digest) + script.chunkBytes))
  }
  const finish = (name: string) => {
    if (script.registrationMs > 0) setTimeout(register, script.registrationMs, name)
    else register(name)
  }
  const sum = () => script.layers.reduce((bytes, { digest }) => bytes + has(digest), 0)

  /** Returns whether the fault let it come to an end. */
  async function* pullLayer(layer: FakeLayer, fault: FakePullFault | undefined): AsyncGenerator<string, boolean> {
    const { digest, size } = layer
    const fields = () => ({ status: `pulling ${digest.slice(7, 19)}`, digest, total: size, completed: has(digest) })
    yield line(has(digest) > 0 ? fields() : { ...fields(), completed: undefined })
    while (has(digest) < size) {
      if (fault && sum() >= fault.afterBytes) {
        if (fault.forget) blobs.delete(digest)
        yield* playFault(fault)
        return false
      }
      await receive(layer)
      yield line(fields())
    }
    return true
  }

  async function* pull(name: string): AsyncGenerator<string> {
    const fault = takeFault()
    yield line({ status: 'pulling manifest' })
    for (const layer of script.layers) if (!(yield* pullLayer(layer, fault))) return
    for (const status of ['verifying sha256 digest', 'writing manifest', 'removing any unused layers'])
      yield line({ status })
    finish(name)
    yield line({ status: 'success' })
  }

  const answer = async (request: RecordedRequest, leave: (how: 'answered' | 'aborted') => void) => {
    const json = (body: unknown, status = 200) => {
      leave('answered')
      return Response.json(body, { status })
    }
    const other = await script.instead?.(request)
    if (other) {
      leave('answered')
      return other
    }
    if (script.requiredKey !== undefined && request.headers['authorization'] !== `Bearer ${script.requiredKey}`)
      return json({ error: 'unauthorized' }, 401)
    const unknown = () => json({ error: `model '${nameIn(request)}' not found` }, 404)
    switch (`${request.method} ${request.path}`) {
      case 'GET /api/version':
        return json({ version: '0.12.3' })
      case 'GET /api/tags':
        return json({ models: [...models.values()] })
      case 'POST /api/show':
        return models.has(nameIn(request)) ? json({ license: 'a licence', details: {} }) : unknown()
      case 'DELETE /api/delete':
        if (!models.delete(nameIn(request))) return unknown()
        leave('answered')
        return new Response(null)
      case 'POST /api/pull': {
        const steps = pull(nameIn(request))
        const bytes = async function* () {
          for await (const text of steps) yield Buffer.from(text)
        }
        return new Response(toStream(bytes(), leave), { headers: { 'content-type': 'application/x-ndjson' } })
      }
      default:
        return json({ error: 'not found' }, 404)
    }
  }
  const server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    idleTimeout: 0,
    async fetch(incoming) {
      const request = await record(incoming)
      requests.push(request)
      const leave = enter()
      incoming.signal.addEventListener('abort', () => leave('aborted'))
      return answer(request, leave)
    },
  })
  const stop = () => server.stop(true)
  return {
    url: `http://127.0.0.1:${server.port}`,
    script,
    requests,
    /** Bytes that it has, by digest. */
    blobs,
    /** By name with tag. */
    models,
    register,
    get pulls() {
      return pulls
    },
    get openRequests() {
      return tally.open
    },
    /** Requests whose client went away before the answer was complete. */
    get abortedRequests() {
      return tally.aborted
    },
    until,
    stop,
    [Symbol.asyncDispose]: stop,
  }
}
