import { giveWay } from '../../shared/give-way.ts'

/** To be awaited between small steps: lets other work run when it is time for it. Throws the signal's reason. */
export type Pause = () => Promise<void>

/** Makes the pauses of one check-out. */
export const createPause =
  (signal: AbortSignal): Pause =>
  async () => {
    signal.throwIfAborted()
    await giveWay()
    signal.throwIfAborted()
  }
