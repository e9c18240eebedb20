import { temporaryFolder } from './folder.ts'
import { atMost, type Row } from './report.ts'
import { startServer } from './server.ts'
import { median } from './statistics.ts'

const starts = 7

const startOnce = async (folder: string): Promise<number> => {
  await using server = await startServer(folder)
  return server.startedInMs
}

/** From spawn to the first answer, with a database that is there already. */
export const measureStart = async (): Promise<Row> => {
  using folder = temporaryFolder()
  const first = await startOnce(folder.path)
  const times = []
  for (let index = 0; index < starts; index++) times.push(await startOnce(folder.path))
  return {
    measure: 'start to first answer',
    ours: `${median(times).toFixed(0)} ms`,
    figure: `${Math.min(...times).toFixed(0)}..${Math.max(...times).toFixed(0)} ms, empty folder ${first.toFixed(0)} ms`,
    target: atMost(median(times), 200, 'ms'),
  }
}
