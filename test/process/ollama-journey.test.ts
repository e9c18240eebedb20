import { test } from 'bun:test'
import { join } from 'node:path'
import { runOllamaJourney } from '../support/ollama-journey.ts'
import { startServerProcess, temporaryFolder } from '../support/server-process.ts'

const main = join(import.meta.dir, '../../src/main.ts')

test('a pull goes on after the server was killed', async () => {
  using folder = temporaryFolder()
  await runOllamaJourney(() => startServerProcess([process.execPath, main, 'serve'], folder.path))
}, 30_000)
