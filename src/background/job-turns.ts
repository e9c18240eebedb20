import type { QueuedUser } from '../areas/jobs/job-queue.store.ts'
import { createBoundedMap } from '../shared/bounded-map.ts'

const rememberedUsers = 10_000

/** Whose turn it is among users: who has fewest running jobs, then who was served longest ago. */
export const createTurns = (runningOf: (userId: string) => number, maxPerUser: number) => {
  const servedAt = createBoundedMap<string, number>(rememberedUsers)
  let served = 0
  const comesBefore = (one: QueuedUser, other: QueuedUser) => {
    const difference = runningOf(one.userId) - runningOf(other.userId)
    return difference === 0 ? (servedAt.get(one.userId) ?? 0) < (servedAt.get(other.userId) ?? 0) : difference < 0
  }
  return {
    /** Undefined when all of them have as many running jobs as they may. */
    next: (users: QueuedUser[]): QueuedUser | undefined =>
      users
        .filter(({ userId }) => runningOf(userId) < maxPerUser)
        .reduce<QueuedUser | undefined>((best, one) => (best && !comesBefore(one, best) ? best : one), undefined),
    serve: (userId: string) => servedAt.set(userId, ++served),
  }
}
