import { describe, expect, test } from 'bun:test'
import type { PullStep } from '../../src/adapters/ollama/types.ts'
import { awaitInstalledModel } from '../../src/areas/ollama/find-installed-model.ts'
import { toFullName } from '../../src/areas/ollama/model-name.ts'
import { toPullFailure } from '../../src/areas/ollama/pull-failure.ts'
import { createPullProgress, toStage } from '../../src/areas/ollama/pull-progress.ts'
import { parseServerUrl, toServerBase } from '../../src/areas/ollama/server-address.ts'
import { UpstreamError } from '../../src/shared/upstream-error.ts'

const baseOf = (text: string) => {
  const url = parseServerUrl(text)
  return url && toServerBase(url)
}

describe('the base of an address', () => {
  test.each([
    ['http://localhost:11434', 'http://localhost:11434'],
    ['  http://localhost:11434/  ', 'http://localhost:11434'],
    ['http%3A%2F%2Flocalhost%3A11434', 'http://localhost:11434'],
    ['http%3a%2f%2flocalhost%3a11434%2f', 'http://localhost:11434'],
    ['HTTP://LocalHost:11434//', 'http://localhost:11434'],
    ['http://h:80/api', 'http://h'],
    ['https://h/api/pull', 'https://h'],
    ['https://h/ollama/api/tags/', 'https://h/ollama'],
    ['http://h/api/other', 'http://h/api/other'],
    ['http://h/myapi', 'http://h/myapi'],
    ['http://h/?a=1#b', 'http://h'],
    ['http://[::1]:11434', 'http://[::1]:11434'],
    // Broken escapes stay as they are.
    ['http://h/100%', 'http://h/100%'],
    ['http://h/%ff%zz', 'http://h/%ff%zz'],
    ['http%3A%2F%2Fh/%E2%82', 'http://h/%E2%82'],
  ])('%s', (text, base) => {
    expect(baseOf(text)).toBe(base)
  })

  test.each(['', 'localhost:11434', 'ftp://h', 'http:h', 'file:///etc/passwd', 'javascript:alert(1)', 'http://', '%'])(
    'refuses "%s"',
    (text) => {
      expect(baseOf(text)).toBeUndefined()
    },
  )
})

test('a name is compared with its tag, which is latest when it has none', () => {
  expect(toFullName('Llama3.2')).toBe('llama3.2:latest')
  expect(toFullName('llama3.2:1b')).toBe('llama3.2:1b')
  expect(toFullName('host:5000/owner/model')).toBe('host:5000/owner/model:latest')
  expect(toFullName('hf.co/Owner/Model-GGUF:Q4_K_M')).toBe('hf.co/owner/model-gguf:q4_k_m')
})

const step = (fields: Partial<PullStep> = {}): PullStep => ({
  status: 'pulling',
  digest: undefined,
  total: undefined,
  completed: undefined,
  isLast: false,
  ...fields,
})

describe('progress', () => {
  test('adds up the layers and never falls when another one shows up', () => {
    const progress = createPullProgress()
    const percents = [
      step(),
      step({ digest: 'a', total: 1000 }),
      step({ digest: 'a', total: 1000, completed: 430 }),
      step({ digest: 'a', total: 1000, completed: 400 }),
      step({ digest: 'b', total: 3000 }),
      step({ digest: 'a', total: 1000, completed: 5000 }),
      step({ digest: 'b', total: 3000, completed: 3000 }),
      step(),
    ].map((one) => progress.add(one))
    expect(percents.map(({ percent }) => percent)).toEqual([1, 1, 43, 43, 43, 43, 99, 99])
    expect(percents.at(-1)).toMatchObject({ totalBytes: 4000, completedBytes: 4000 })
    expect(progress.isComplete()).toBe(true)
  })

  test('is not complete without a layer, or with half of one', () => {
    const progress = createPullProgress()
    expect(progress.isComplete()).toBe(false)
    progress.add(step({ digest: 'a', total: 10, completed: 5 }))
    expect(progress.isComplete()).toBe(false)
  })

  test('bounds how many layers it remembers', () => {
    const progress = createPullProgress()
    for (let index = 0; index < 20_000; index++) progress.add(step({ digest: `d${index}`, total: 1 }))
    expect(progress.add(step()).totalBytes).toBe(10_000)
  })

  test.each([
    ['pulling manifest', 'downloading'],
    ['pulling dde5aa3fc5ff', 'downloading'],
    ['downloading dde5aa3fc5ff', 'downloading'],
    ['waiting in queue', 'queued'],
    ['preparing', 'queued'],
    ['verifying sha256 digest', 'verifying'],
    ['writing manifest', 'finalizing'],
    ['loading model', 'finalizing'],
    ['removing any unused layers', 'finalizing'],
    ['success', 'finalizing'],
    ['', 'downloading'],
  ])('the stage of "%s" is %s', (status, stage) => {
    expect(toStage(status)).toBe(stage)
  })
})

describe('a failed pull', () => {
  const failureOf = (...args: ConstructorParameters<typeof UpstreamError>) => toPullFailure(new UpstreamError(...args))

  test.each<[string, ConstructorParameters<typeof UpstreamError>]>([
    ['no connection', ['unreachable', 'x']],
    ['silence', ['timeout', 'x']],
    ['our own limit', ['busy', 'x']],
    ['a server error', ['status', 'x', { status: 500 }]],
    ['too many requests', ['status', 'x', { status: 429 }]],
    ['a broken connection', ['protocol', 'x', { cause: 'ECONNRESET' }]],
    ['a broken layer', ['in_band', 'digest mismatch, file must be downloaded again: want sha256:a, got sha256:b']],
    ['no name server', ['in_band', 'Get "https://registry.ollama.ai/v2/": dial tcp: lookup x: no such host']],
    ['a cut layer', ['in_band', 'max retries exceeded: unexpected EOF']],
  ])('is tried again: %s', (_, args) => {
    expect(failureOf(...args)).toMatchObject({ isTransient: true })
  })

  test.each<[string, ConstructorParameters<typeof UpstreamError>]>([
    ['no such model', ['in_band', 'pull model manifest: file does not exist']],
    ['a full disk', ['in_band', 'write /root/.ollama/models/blobs: no space left on device']],
    ['an old Ollama', ['in_band', 'The model you are attempting to pull requires a newer version of Ollama.']],
    ['a bad name', ['status', 'x', { status: 400 }]],
    ['a wrong key', ['status', 'x', { status: 401 }]],
    ['a redirect', ['protocol', 'x', { status: 301 }]],
    ['no JSON', ['protocol', 'x']],
    ['an address that is not allowed', ['refused', 'x']],
    ['a flood', ['too_large', 'x']],
  ])('is not: %s', (_, args) => {
    expect(failureOf(...args)).toMatchObject({ isTransient: false })
  })

  test('other errors stay what they are', () => {
    const error = new Error('x')
    expect(toPullFailure(error)).toBe(error)
  })
})

describe('waiting for a model', () => {
  const server = { baseUrl: 'http://h', apiKey: undefined }
  const lists = (...answers: string[][]) => {
    const asked = { lists: 0, shows: 0 }
    const ollama = {
      listModels: async () => (answers[asked.lists++] ?? []).map((name) => ({ name, digest: 'd' })),
      hasModel: async () => {
        asked.shows++
        return false
      },
    }
    return { asked, deps: { ollama: ollama as never } }
  }

  test('another tag of the model is another model', async () => {
    const { asked, deps } = lists(['llama3.2:3b'], ['llama3.2:3b', 'llama3.2:1b'])
    const wanted = { name: 'llama3.2:1b', signal: new AbortController().signal }
    expect(await awaitInstalledModel(deps, server, wanted, [0, 0, 0])).toMatchObject({ name: 'llama3.2:1b' })
    expect(asked).toEqual({ lists: 2, shows: 1 })
  })

  test('ends, and ends at once when the job does', async () => {
    const { deps } = lists()
    const controller = new AbortController()
    const wanted = { name: 'x', signal: controller.signal }
    expect(await awaitInstalledModel(deps, server, wanted, [0, 0])).toBeUndefined()
    const waiting = awaitInstalledModel(deps, server, wanted, [3600])
    controller.abort(new Error('canceled'))
    expect(waiting).rejects.toThrow('canceled')
  })
})
