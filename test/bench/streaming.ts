import { chatBody } from '../support/chat.ts'
import { useModelServer } from './model-settings.ts'
import { atMost, type Row } from './report.ts'
import type { BenchServer } from './server.ts'
import { startStampingModel, stampPattern } from './stamping-model.ts'
import { median, percentile } from './statistics.ts'

const streams = 100
const rounds = 3
const warmUpMs = 1500
const measureMs = 3000

interface Recording {
  isOn: boolean
  delaysMs: number[]
}

type Open = (index: number) => Promise<Response>

const follow = async (response: Response, recording: Recording): Promise<void> => {
  if (!response.ok || !response.body) throw new Error(`a chat was refused: ${await response.text()}`)
  const decoder = new TextDecoder()
  for await (const bytes of response.body) {
    const receivedAt = performance.now()
    if (!recording.isOn) continue
    for (const [, sentAt] of decoder.decode(bytes).matchAll(stampPattern))
      recording.delaysMs.push(receivedAt - Number(sentAt))
  }
}

/** Delays between model and client, of all streams together. */
const record = async (open: Open, finishAll: () => void): Promise<number[]> => {
  const recording: Recording = { isOn: false, delaysMs: [] }
  const followed = Array.from({ length: streams }, async (_, index) => follow(await open(index), recording))
  const ended = Promise.all(followed)
  await Promise.race([Bun.sleep(warmUpMs), ended])
  recording.isOn = true
  await Promise.race([Bun.sleep(measureMs), ended])
  recording.isOn = false
  finishAll()
  await ended
  return recording.delaysMs
}

interface Round {
  direct: number[]
  ours: number[]
}

const toRow = (all: Round[], share: number, limitMs: number): Row => {
  const of = (side: keyof Round) => all.map((round) => percentile(round[side], share))
  const [ours, direct] = [of('ours'), of('direct')]
  const added = ours.map((ms, index) => ms - (direct[index] ?? 0))
  return {
    measure: `chunk latency at ${streams} streams, p${share * 100}`,
    ours: `${median(ours).toFixed(2)} ms`,
    baseline: `${median(direct).toFixed(2)} ms`,
    figure: `+${median(added).toFixed(2)} ms (${Math.min(...added).toFixed(2)}..${Math.max(...added).toFixed(2)})`,
    target: atMost(median(added), limitMs, 'ms'),
  }
}

/** What the way through the server adds to each chunk: model and client share this process and so one clock. */
export const measureStreaming = async (server: BenchServer): Promise<Row[]> => {
  await using model = startStampingModel()
  await useModelServer(server, model.url)
  const post = (url: string, body: unknown) =>
    fetch(url, { method: 'POST', headers: server.headers, body: JSON.stringify(body) })
  const openDirect: Open = () => post(`${model.url}/api/chat`, {})
  const openOurs = (round: number) => (index: number) =>
    post(`${server.url}/api/v1/ai/providers/chat`, chatBody(`chat ${index} of round ${round}`))
  const all: Round[] = []
  for (let round = 0; round < rounds; round++) {
    const direct = await record(openDirect, model.finishAll)
    all.push({ direct, ours: await record(openOurs(round), model.finishAll) })
  }
  return [toRow(all, 0.5, 0.5), toRow(all, 0.99, 3)]
}
