import type { InstallStep, InstallWork } from './install-types.ts'

/** Tells the watcher what comes next, and stops here when the work was aborted. Throws the signal's reason. */
export const enterStep = ({ signal, onProgress }: InstallWork, step: InstallStep): void => {
  signal?.throwIfAborted()
  onProgress?.(step)
  signal?.throwIfAborted()
}
