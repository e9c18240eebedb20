import type { Deps } from '../../../deps.ts'
import { createKeyedLock } from '../../../shared/keyed-lock.ts'
import { createSemaphore } from '../../../shared/semaphore.ts'
import { isPackageFile } from './package-files.ts'
import { archiveLimits } from './package-limits.ts'
import { tooManyInstalls } from '../install/plugins-lifecycle.errors.ts'

const unpacking = createSemaphore(1, 32, tooManyInstalls)
/** Apart, since a check-out waits for somebody's server most of the time, which takes no memory. */
const checkingOut = createSemaphore(8, 32, tooManyInstalls)
const turns = createKeyedLock()

/** Whose turn it is. */
export interface Turn {
  userId: string
  signal: AbortSignal | undefined
}

/**
 * Few at a time in this process. A user has one place in the line, so that nobody keeps the others waiting with many slow
 * repositories. Who is gone leaves it at once.
 */
const inTurn =
  (line: ReturnType<typeof createSemaphore>, name: string) =>
  <T>({ userId, signal }: Turn, work: () => Promise<T>): Promise<T> =>
    turns.run(`${name} ${userId}`, () => line.run(work, signal), signal)
const unpackInTurn = inTurn(unpacking, 'unpack')
export const checkOutInTurn = inTurn(checkingOut, 'check out')

/** Unpacks what a plugin needs of an archive into the empty folder `into`. Throws `ArchiveError`, or the signal's reason. */
export const unpackArchive = async (
  { archives }: Pick<Deps, 'archives'>,
  file: string,
  into: string,
  turn: Turn,
): Promise<void> => {
  const kind = await archives.detect(file)
  const request = {
    file,
    kind,
    into,
    limits: archiveLimits,
    keep: isPackageFile,
    ...(turn.signal ? { signal: turn.signal } : {}),
  }
  await unpackInTurn(turn, () => archives.extract(request))
}
