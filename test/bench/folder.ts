import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** An empty folder that goes away at the end of a `using` block. */
export const temporaryFolder = () => {
  const path = mkdtempSync(join(tmpdir(), 'braindrive-bench-'))
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) }
}
