import { expect, test } from 'bun:test'
import { createFairQueue } from '../../src/shared/fair-queue.ts'
import { failureOf } from '../support/failure-of.ts'

const make = (options: Partial<Parameters<typeof createFairQueue>[0]> = {}) =>
  createFairQueue({
    places: 1,
    maxWaiting: 100,
    maxWaitingPerKey: 50,
    full: () => new Error('full'),
    keyFull: () => new Error('key full'),
    ...options,
  })

/** Work that ends when it is told to. */
const gate = () => Promise.withResolvers<void>()

test('keys take turns, whatever the order of their work', async () => {
  const queue = make()
  const done: string[] = []
  const first = gate()
  const add = (key: string, name: string) => queue.run(key, async () => void done.push(name))
  const all = [queue.run('ada', () => first.promise)]
  for (const name of ['a1', 'a2', 'a3']) all.push(add('ada', name))
  for (const name of ['b1', 'b2']) all.push(add('bob', name))
  all.push(add('eve', 'e1'))
  first.resolve()
  await Promise.all(all)
  expect(done).toEqual(['a1', 'b1', 'e1', 'a2', 'b2', 'a3'])
})

test('never more at once than there are places; a failure gives its place back', async () => {
  const queue = make({ places: 3 })
  let running = 0
  let most = 0
  const work = async () => {
    running++
    most = Math.max(most, running)
    await Bun.sleep(1)
    running--
    if (most > 0) throw new Error('failed')
  }
  const failures = await Promise.all(Array.from({ length: 40 }, () => failureOf(queue.run('ada', work))))
  expect(failures.every((failure) => failure.message === 'failed')).toBe(true)
  expect(most).toBe(3)
  expect(await queue.run('ada', async () => 'still works')).toBe('still works')
})

test('spare places are for keys of which nothing runs', async () => {
  const queue = make({ places: 2, sparePlaces: 1 })
  const gates = new Map<string, () => void>()
  const started: string[] = []
  const add = (key: string, name: string) =>
    queue.run(key, () => {
      started.push(name)
      const { promise, resolve } = gate()
      gates.set(name, resolve)
      return promise
    })
  const end = async (name: string) => {
    gates.get(name)?.()
    await Bun.sleep(0)
  }
  const all = ['a1', 'a2', 'a3'].map((name) => add('ada', name))
  all.push(add('bob', 'b1'), add('bob', 'b2'), add('eve', 'e1'))
  await Bun.sleep(0)
  expect(started).toEqual(['a1', 'a2', 'b1'])
  await end('a1')
  expect(started).toEqual(['a1', 'a2', 'b1', 'e1'])
  await end('b1')
  expect(started).toEqual(['a1', 'a2', 'b1', 'e1', 'b2'])
  for (const name of ['a2', 'e1', 'b2', 'a3']) await end(name)
  await Promise.all(all)
  expect(started.length).toBe(6)
})

test('refuses one key before all, and all before there is no end', async () => {
  const queue = make({ maxWaiting: 3, maxWaitingPerKey: 2 })
  const first = gate()
  const running = [queue.run('ada', () => first.promise)]
  for (const key of ['ada', 'ada', 'bob']) running.push(queue.run(key, async () => {}))
  expect(await failureOf(queue.run('ada', async () => {}))).toMatchObject({ message: 'key full' })
  expect(await failureOf(queue.run('eve', async () => {}))).toMatchObject({ message: 'full' })
  first.resolve()
  await Promise.all(running)
})

test('an aborted one leaves the line without being run, and its room is free again', async () => {
  const queue = make({ maxWaiting: 1 })
  const first = gate()
  const running = queue.run('ada', () => first.promise)
  const controller = new AbortController()
  let wasRun = false
  const waiting = failureOf(queue.run('bob', async () => void (wasRun = true), controller.signal))
  controller.abort(new Error('gone'))
  expect(await waiting).toMatchObject({ message: 'gone' })
  const next = queue.run('eve', async () => 'next')
  first.resolve()
  expect(await next).toBe('next')
  await running
  expect(wasRun).toBe(false)
  expect(await failureOf(queue.run('ada', async () => {}, controller.signal))).toMatchObject({ message: 'gone' })
})
