import { Command } from 'commander'
import { createApp } from '../app.ts'
import { createJobFeed } from '../areas/jobs/create-job-feed.ts'
import { buildDeps } from '../build-deps.ts'
import { openDatabase } from '../db/client.ts'
import { createLog } from '../shared/log.ts'
import { print } from './output.ts'
import { configOf, withServerOptions } from './settings.ts'

/** The routes alone: a server that nobody asks touches no folder. */
const createUnusedApp = (flags: object) =>
  createApp(
    buildDeps({
      config: configOf(flags),
      database: openDatabase(':memory:'),
      dataPath: '',
      keys: { signing: 'unused', encryption: { given: 'unused', old: undefined, file: '' } },
      log: createLog({ level: 'error', format: 'json', write: () => {} }),
      clock: Date.now,
      isWorkerAlive: () => false,
      jobFeed: createJobFeed(),
      jobWorker: { wake: () => {}, cancel: () => {} },
    }),
  )

const show = async (flags: object) => {
  const answer = await createUnusedApp(flags).handle(new Request('http://localhost/openapi.json'))
  print(JSON.stringify(await answer.json(), null, 2))
}

export const openapiCommand = () =>
  withServerOptions(new Command('openapi')).description('print this API as an OpenAPI 3.0.3 document').action(show)
