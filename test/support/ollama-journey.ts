import { expect } from 'bun:test'
import { startFakeOllamaModels } from './fake-ollama-models.ts'
import { account, type ServerProcess } from './server-process.ts'
import { followSse, readSse } from './sse.ts'

const api = '/api/v1/ollama'

/** Frames up to the end of the task. */
const readEvents = async (server: ServerProcess, taskId: string) =>
  (await readSse(await server.send('GET', `${api}/install/${taskId}/events`))).events

/**
 * A model is pulled; the server is killed in the middle, and the next one goes on with the same job; then the model is
 * listed, deleted and pulled again. `start` starts a server on always the same folder.
 */
export const runOllamaJourney = async (start: () => Promise<ServerProcess>) => {
  const ollama = startFakeOllamaModels({ chunkBytes: 10, chunkMs: 20 })
  try {
    const first = await start()
    await first.call('POST', '/api/v1/auth/register', account)
    await first.signIn()
    const model = { name: 'llama3.2:1b', server_url: ollama.url }
    const { body: task } = await first.call('POST', `${api}/install`, model)
    const watched = followSse(await first.send('GET', `${api}/install/${task.task_id}/events`))
    const { events } = await watched.until(({ events: all }) => (all.at(-1)?.progress ?? 0) >= 30)
    expect(events.at(-1)).toMatchObject({ state: 'downloading', name: 'llama3.2:1b', server_base: ollama.url })
    await first.kill('SIGKILL')
    await ollama.until(() => ollama.openRequests === 0)
    const kept = ollama.blobs.get('sha256:aabbccddeeff') ?? 0
    expect(kept).toBeWithin(300, 1000)

    const second = await start()
    await second.signIn()
    expect(await second.call('POST', `${api}/install`, model)).toMatchObject({
      body: { task_id: task.task_id, deduped: true },
    })
    const rest = await readEvents(second, task.task_id)
    expect(rest.at(-1)).toMatchObject({ state: 'completed', progress: 100, error: null })
    expect(ollama.pulls).toBe(2)
    const listed = await second.call('GET', `${api}/models?server_url=${encodeURIComponent(ollama.url)}`)
    expect(listed.body).toMatchObject([{ name: 'llama3.2:1b' }])
    expect((await second.call('DELETE', `${api}/delete`, model)).status).toBe(200)

    ollama.script.chunkMs = 0
    const startedAt = performance.now()
    const { body: again } = await second.call('POST', `${api}/install`, model)
    expect(again.deduped).toBe(false)
    expect((await readEvents(second, again.task_id)).at(-1)).toMatchObject({ state: 'completed' })
    // The worker was told: it looks by itself only every five seconds.
    expect(performance.now() - startedAt).toBeLessThan(3000)
    expect(ollama.models.has('llama3.2:1b')).toBe(true)
    expect(await second.kill('SIGTERM')).toBe(0)
  } finally {
    await ollama.stop()
  }
}
