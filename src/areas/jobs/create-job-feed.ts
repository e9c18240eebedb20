import type { JobFeed, TellJobNews } from './job-news.ts'

/** Hands news on to who listens to that job, in the order in which it came. */
export const createJobFeed = (): JobFeed => {
  const listeners = new Map<string, Set<TellJobNews>>()
  return {
    tell(news) {
      // A copy: a listener may leave, or another come, while the news is told.
      for (const onNews of Array.from(listeners.get(news.job.id) ?? [])) onNews(news)
    },
    listen(jobId, onNews) {
      const ofJob = listeners.get(jobId) ?? new Set()
      listeners.set(jobId, ofJob.add(onNews))
      return () => {
        ofJob.delete(onNews)
        if (ofJob.size === 0 && listeners.get(jobId) === ofJob) listeners.delete(jobId)
      }
    },
  }
}
