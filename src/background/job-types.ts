import type { JobType, JobTypes } from '../areas/jobs/job-type.ts'
import { modelDownload, ollamaInstall } from '../areas/ollama/ollama-pull.jobs.ts'
import { pluginInstall } from '../areas/plugins/install/plugin-install.jobs.ts'
import { systemSleep } from '../areas/jobs/system-sleep.jobs.ts'

/** Every kind of job. Nothing that a payload names is run as code or as a command (contract decision 11). */
const all = [systemSleep, pluginInstall, ollamaInstall, modelDownload] as unknown as JobType[]

export const jobTypes: JobTypes = new Map(all.map((type) => [type.name, type]))
