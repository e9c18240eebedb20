import { describe, expect, test } from 'bun:test'
import { createBoundedMap } from '../../src/shared/bounded-map.ts'
import { createSemaphore } from '../../src/shared/semaphore.ts'

const full = () => new Error('full')

describe('semaphore', () => {
  test('runs so many at once, and the others in the order they came', async () => {
    const semaphore = createSemaphore(2, 10, full)
    const finish: (() => void)[] = []
    const started: number[] = []
    const runs = [0, 1, 2, 3].map((index) =>
      semaphore.run(() => {
        started.push(index)
        return new Promise<number>((resolve) => finish.push(() => resolve(index)))
      }),
    )
    await Bun.sleep(0)
    expect(started).toEqual([0, 1])
    finish[1]?.()
    await runs[1]
    await Bun.sleep(0)
    expect(started).toEqual([0, 1, 2])
    finish[0]?.()
    finish[2]?.()
    await Bun.sleep(0)
    finish[3]?.()
    expect(await Promise.all(runs)).toEqual([0, 1, 2, 3])
  })

  test('refuses at once when the queue is full, and works again later', async () => {
    const semaphore = createSemaphore(1, 1, full)
    const gate = Promise.withResolvers<void>()
    const running = semaphore.run(() => gate.promise)
    const waiting = semaphore.run(async () => 'done')
    expect(semaphore.run(async () => 'never')).rejects.toThrow('full')
    gate.resolve()
    await running
    expect(await waiting).toBe('done')
    expect(await semaphore.run(async () => 'again')).toBe('again')
  })

  test('who aborts leaves the line at once, and nobody else is hurt', async () => {
    const semaphore = createSemaphore(1, 2, full)
    const gate = Promise.withResolvers<void>()
    const running = semaphore.run(() => gate.promise)
    const control = new AbortController()
    let ran = 0
    const leaving = semaphore.run(async () => (ran += 1), control.signal).catch((error: unknown) => error)
    const staying = semaphore.run(async () => 'stayed', new AbortController().signal)
    control.abort(new Error('gone'))
    expect(await leaving).toMatchObject({ message: 'gone' })
    const next = semaphore.run(async () => 'next')
    gate.resolve()
    await running
    expect(await Promise.all([staying, next])).toEqual(['stayed', 'next'])
    expect(await semaphore.run(async () => (ran += 1), control.signal).catch((error: Error) => error.message)).toBe(
      'gone',
    )
    expect(ran).toBe(0)
    expect(await semaphore.run(async () => 'free')).toBe('free')
  })

  test('an abort at the moment of its turn does not lose the place', async () => {
    const semaphore = createSemaphore(1, 2, full)
    const gate = Promise.withResolvers<void>()
    const control = new AbortController()
    const running = semaphore.run(async () => {
      await gate.promise
    })
    const called = semaphore.run(async () => 'ran', control.signal).catch((error: Error) => error.message)
    gate.resolve()
    void running.then(() => control.abort(new Error('gone')))
    expect(['ran', 'gone']).toContain(await called)
    expect(await semaphore.run(async () => 'free')).toBe('free')
  })

  test('a failure gives its place back, thrown early or late', async () => {
    const semaphore = createSemaphore(1, 5, full)
    const early = semaphore.run(() => {
      throw new Error('early')
    })
    const late = semaphore.run(async () => {
      await Bun.sleep(1)
      throw new Error('late')
    })
    const fine = semaphore.run(async () => 'fine')
    expect((await Promise.allSettled([early, late, fine])).map(({ status }) => status)).toEqual([
      'rejected',
      'rejected',
      'fulfilled',
    ])
  })
})

describe('bounded map', () => {
  test('forgets its oldest entry when full', () => {
    const map = createBoundedMap<string, number>(2)
    map.set('a', 1)
    map.set('b', 2)
    map.set('a', 3)
    map.set('c', 4)
    expect([map.get('a'), map.get('b'), map.get('c'), map.size]).toEqual([undefined, 2, 4, 2])
    map.delete('b')
    map.set('d', 5)
    expect([map.get('c'), map.get('d'), map.size]).toEqual([4, 5, 2])
  })
})
