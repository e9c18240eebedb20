import { expect, test } from 'bun:test'
import { forEachConcurrent } from '../../src/shared/for-each-concurrent.ts'
import { failureOf } from '../support/failure-of.ts'

test('all items are worked on, no more than so many at once', async () => {
  let running = 0
  let most = 0
  const seen: number[] = []
  await forEachConcurrent([5, 4, 3, 2, 1], 2, async (item, index) => {
    most = Math.max(most, ++running)
    await Bun.sleep(item)
    seen[index] = item
    running--
  })
  expect([most, seen]).toEqual([2, [5, 4, 3, 2, 1]])
  await forEachConcurrent([], 2, () => Promise.reject(new Error('never')))
})

test('a failure ends it when what runs has ended', async () => {
  const ended: number[] = []
  const failure = await failureOf(
    forEachConcurrent([0, 1, 2, 3, 4], 2, async (item) => {
      if (item === 0) throw new Error('first')
      await Bun.sleep(5)
      ended.push(item)
    }),
  )
  expect([failure.message, ended]).toEqual(['first', [1]])
})
