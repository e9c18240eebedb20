import { expect, test } from 'bun:test'
import { createJobProgress, type ProgressEvent } from '../../src/areas/jobs/job-progress.ts'
import type { ProgressState } from '../../src/areas/jobs/job-queue.store.ts'

const collect = () => {
  const writes: { state: ProgressState; events: ProgressEvent[]; at: number }[] = []
  const progress = createJobProgress({ percent: 0, stage: 'started', message: null }, (state, events) =>
    writes.push({ state, events, at: performance.now() }),
  )
  return { ...progress, writes, events: () => writes.flatMap(({ events }) => events) }
}

test('a new stage, a new 5 % bucket, a new line and a type of its own are written at once', async () => {
  const { report, events, close } = collect()
  report({ stage: 'one', message: 'First' })
  report({ percent: 5 })
  report({ type: 'log', message: 'line' })
  report({ type: 'status', data: { code: 200 } })
  await Bun.sleep(40)
  expect(events()).toEqual([
    { type: 'progress', data: { stage: 'one', message: 'First' } },
    { type: 'progress', data: { progress_percent: 5 } },
    { type: 'log', data: { message: 'line' } },
    { type: 'status', data: { code: 200 } },
  ])
  close()
})

test('of thousands of others two a second are written, the latest each time, and the last one in the end', async () => {
  const { report, events, writes, close } = collect()
  const endAt = performance.now() + 1200
  let count = 0
  while (performance.now() < endAt) {
    for (let index = 0; index < 20; index++) report({ percent: 1, message: `line ${count++}` })
    await Bun.sleep(1)
  }
  close()
  expect(count).toBeGreaterThan(1000)
  expect(events().length).toBeWithin(3, 6)
  expect(writes.at(-1)?.state).toEqual({ percent: 1, stage: 'started', message: `line ${count - 1}` })
})

test('stages and lines that change all the time are bounded, and the last state is not lost', async () => {
  const { report, events, writes, close } = collect()
  for (let index = 0; index < 5000; index++) {
    report({ stage: index % 2 === 0 ? 'a' : 'b' })
    report({ type: 'log', message: `line ${index}` })
  }
  report({ percent: 77, stage: 'z', message: 'last' })
  close()
  expect(events().length).toBeLessThanOrEqual(41)
  expect(writes.at(-1)?.state).toEqual({ percent: 77, stage: 'z', message: 'last' })
  expect(events().at(-1)).toEqual({ type: 'progress', data: { progress_percent: 77, stage: 'z', message: 'last' } })
})

test('percent never falls, stays between 0 and 100 and is whole; what is no number is left out', () => {
  const { report, events, close } = collect()
  for (const percent of [10.9, 5, -1, 250, 99, Number.NaN]) report({ percent, type: 'x' })
  close()
  expect(events().map(({ data }) => data['progress_percent'])).toEqual([10, 10, 10, 100, 100, undefined])
})

test('texts from afar are cut and well formed, data too large is left out, and reports after the end are nothing', () => {
  const { report, events, close } = collect()
  report({ stage: 's'.repeat(500), message: `${'m'.repeat(999)}😀`, type: 't'.repeat(500) })
  report({ type: 'big', data: { text: 'x'.repeat(10_000) } })
  report({ type: 'own', message: 'true', data: JSON.parse('{"__proto__":{"a":1},"message":"false"}') })
  close()
  report({ stage: 'late' })
  const [first, second, third, ...more] = events()
  expect(first?.type).toHaveLength(50)
  expect(first?.data['stage']).toHaveLength(100)
  expect(first?.data['message']).toBe(`${'m'.repeat(999)}\ufffd`)
  expect(second).toEqual({ type: 'big', data: {} })
  expect(third?.data['message']).toBe('true')
  expect(more).toEqual([])
})
