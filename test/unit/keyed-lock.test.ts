import { expect, test } from 'bun:test'
import { createKeyedLock } from '../../src/shared/keyed-lock.ts'
import { failureOf } from '../support/failure-of.ts'

test('work of one key runs one after the other, in the order of the calls, also after a failure', async () => {
  const lock = createKeyedLock()
  const events: string[] = []
  const work = (name: string) => async () => {
    events.push(`${name} begins`)
    await Bun.sleep(2)
    events.push(`${name} ends`)
    if (name === 'a') throw new Error('a failed')
    return name
  }
  const [first, ...others] = ['a', 'b', 'c'].map((name) => lock.run('key', work(name)))
  expect((await failureOf(first ?? Promise.resolve())).message).toBe('a failed')
  expect(await Promise.all(others)).toEqual(['b', 'c'])
  expect(events).toEqual(['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends'])
})

test('work of different keys runs at once', async () => {
  const lock = createKeyedLock()
  const { promise, resolve } = Promise.withResolvers<void>()
  const waiting = lock.run('one', () => promise)
  expect(await lock.run('other', async () => 1)).toBe(1)
  resolve()
  await waiting
})

test('who aborts leaves at once, but lets nobody in before those in front are done', async () => {
  const lock = createKeyedLock()
  const { promise, resolve } = Promise.withResolvers<void>()
  const first = lock.run('key', () => promise)
  const control = new AbortController()
  let ran = 0
  const leaving = failureOf(lock.run('key', async () => (ran += 1), control.signal))
  let isThirdRunning = false
  const third = lock.run('key', async () => {
    isThirdRunning = true
  })
  control.abort(new Error('gone'))
  expect((await leaving).message).toBe('gone')
  await Bun.sleep(5)
  expect(isThirdRunning).toBe(false)
  resolve()
  await Promise.all([first, third])
  expect((await failureOf(lock.run('key', async () => (ran += 1), control.signal))).message).toBe('gone')
  expect(ran).toBe(0)
})
