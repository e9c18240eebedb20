import { type FakeModelsScript, startFakeOllamaModels } from './fake-ollama-models.ts'
import { readSse } from './sse.ts'
import { type TestAppOptions, testApp } from './test-app.ts'

/** A server that runs jobs, and an Ollama server. */
export const startOllamaSetup = (script: Partial<FakeModelsScript> = {}, options: TestAppOptions = {}) => {
  const server = testApp({ runJobs: true, ...options })
  const ollama = startFakeOllamaModels(script)
  const api = '/api/v1/ollama'
  const install = async (name: string, body: Record<string, unknown> = {}) =>
    (
      await server.as(name)('POST', `${api}/install`, {
        name: 'llama3.2:1b',
        server_url: ollama.url,
        stream: true,
        ...body,
      })
    ).body
  const openEvents = async (name: string, taskId: string, headers: Record<string, string> = {}) =>
    server.send('GET', `${api}/install/${taskId}/events`, undefined, {
      authorization: `Bearer ${await server.tokenOf(name)}`,
      ...headers,
    })
  const readStatus = async (name: string, taskId: string) =>
    (await server.as(name)('GET', `${api}/install/${taskId}`)).body
  return {
    server,
    ollama,
    api,
    install,
    openEvents,
    readStatus,
    readJob: async (name: string, taskId: string) => (await server.as(name)('GET', `/api/v1/jobs/${taskId}`)).body,
    /** All frames up to the end of the task. */
    readEvents: async (name: string, taskId: string) => (await readSse(await openEvents(name, taskId))).events,
    /** Reads the status until it fits. */
    async untilStatus(name: string, taskId: string, fits: (status: { state: string; progress: number }) => boolean) {
      for (;;) {
        const status = await readStatus(name, taskId)
        if (fits(status)) return status
        await Bun.sleep(10)
      }
    },
    [Symbol.asyncDispose]: async () => {
      await server.stop()
      await ollama.stop()
    },
  }
}

export type OllamaSetup = ReturnType<typeof startOllamaSetup>
