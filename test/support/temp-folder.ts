import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A new empty folder that is gone at the end of the block: `await using folder = await tempFolder()`. */
export const tempFolder = async () => {
  const path = await mkdtemp(join(tmpdir(), 'braindrive-test-'))
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) }
}
