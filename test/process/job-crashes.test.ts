import { expect, test } from 'bun:test'
import { join } from 'node:path'
import { expectNothingLost, hurry, keepCreatingJobs, startPullWitness } from '../support/job-crashes.ts'
import { until } from '../support/scripted-jobs.ts'
import { temporaryFolder } from '../support/server-process.ts'
import { startServerWithWorker, watchThreads } from '../support/worker-threads.ts'

const cycles = 100

test('a worker thread that is ended a hundred times at random moments loses no job and runs none twice at once', async () => {
  using root = temporaryFolder()
  using watched = watchThreads()
  await using witness = startPullWitness()
  await using server = startServerWithWorker(root.path, {
    env: { MAX_JOBS_PER_USER: '100000', JOB_CONCURRENCY: '8', JOBS_PER_USER: '8' },
  })
  const databasePath = join(root.path, 'test.db')
  const creating = keepCreatingJobs(() => server.as('ada'), witness.url)
  for (let cycle = 1; cycle <= cycles; cycle++) {
    await until(() => watched.readyCount() === cycle)
    await Bun.sleep(Math.random() * 400)
    watched.endLatest()
  }
  await creating.stop()
  await until(() => {
    server.deps.jobWorker.wake()
    return hurry(databasePath) === 0
  }, 60_000)
  const { completed = 0, 'failed interrupted': interrupted = 0 } = expectNothingLost(
    databasePath,
    creating.acknowledged,
  )
  // It did happen in the middle of runs, and not in all of them.
  expect(completed).toBeGreaterThan(cycles)
  expect(interrupted).toBeGreaterThan(0)
  expect(witness.mostAtOnce()).toBe(1)
}, 180_000)
