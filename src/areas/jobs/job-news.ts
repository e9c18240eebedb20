import type { JobEventRow, JobRow } from './jobs.table.ts'

/** What a stream shows of a job besides its events. */
export type JobState = Pick<
  JobRow,
  'id' | 'userId' | 'jobType' | 'status' | 'currentStage' | 'message' | 'progressPercent' | 'errorMessage' | 'updatedAt'
>

export const toJobState = (job: JobRow): JobState => ({
  id: job.id,
  userId: job.userId,
  jobType: job.jobType,
  status: job.status,
  currentStage: job.currentStage,
  message: job.message,
  progressPercent: job.progressPercent,
  errorMessage: job.errorMessage,
  updatedAt: job.updatedAt,
})

/** Sent after the commit that made it true. Plain data: it crosses from the worker's thread to the server's. */
export interface JobNews {
  job: JobState
  /** Left out when only the state changed. */
  event?: JobEventRow
}

export type TellJobNews = (news: JobNews) => void

/** Who listens to jobs in this thread. Nothing is kept: what was before is in the database. */
export interface JobFeed {
  tell: TellJobNews
  /** Returns how to stop listening. `onNews` must not throw. */
  listen(jobId: string, onNews: TellJobNews): () => void
}

/** The thread that runs jobs, as the others see it. Both calls are hints: the database holds the truth. */
export interface JobWorker {
  /** There may be something to run. Call it after the commit, or in the transaction: it is heard later. */
  wake(): void
  /** The running job was told to stop (its row says so already). */
  cancel(jobId: string): void
}
